"""Cases in worlds of any size, built at once or in parts."""

from __future__ import annotations

import pytest

from understudy.campaign.recordings.worlds import BuildRequest, build_world
from understudy.model.errors import RecordingError
from understudy.traffic.recording import read_recording
from understudy.world.addition import addresses_elsewhere, case_blocks
from understudy.world.population import draw_people
from understudy.world.recipe import Recipe


@pytest.fixture
def build(tmp_path):
    """Builds a world of blocks of the given size, with cases; gives its folder and its files."""

    def make(name, customers, cases, block, shard=None):
        recipe = tmp_path / "recipe.yaml"
        recipe.write_text(f"version: 1\ncustomers: {customers}\nblock: {block}\n")
        out = tmp_path / name
        asked = BuildRequest(
            out, "recipe.yaml", "mid_market", customers, cases, 3, tmp_path, shard=shard
        )
        return build_world(asked, lambda *_: None), out

    return make


def _files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("order", [(3, 1, 2), pytest.param((1, 2, 3), marks=pytest.mark.slow)])
def test_parts_with_cases_are_the_world_at_once(build, order):
    """Whichever part is built last: tables, ledger and what staff did are the same bytes."""
    whole, out = build("whole", 80, 4, 32)
    made = [build("parts", 80, 4, 32, f"{number}/3")[0] for number in order]
    assert made == [None, None, whole]
    assert _files(out) == _files(out.with_name("parts"))
    assert len(read_recording(out / "recording").cases) == 4


def test_parts_of_more_or_fewer_cases_are_never_joined(build):
    """A part that was built with another number of cases is refused by name."""
    build("parts", 80, 2, 32, "1/2")
    with pytest.raises(RecordingError, match=r"1-of-2.*number of cases differs"):
        build("parts", 80, 3, 32, "2/2")


@pytest.mark.slow
def test_what_fails_while_staff_work_leaves_no_world(build, monkeypatch):
    """A world is in place only with its recording; the parts wait for another try."""

    def broken(*_args, **_more):
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr("understudy.campaign.recordings.worlds.write_recording", broken)
        with pytest.raises(OSError, match="disk full"):
            build("world", 80, 2, 32)
        build("parts", 80, 2, 32, "1/2")
        with pytest.raises(OSError, match="disk full"):
            build("parts", 80, 2, 32, "2/2")
    made, out = build("parts", 80, 2, 32, "2/2")
    assert made is not None and not (out / "shards").exists()
    assert [path.name for path in sorted(out.parent.iterdir())] == ["parts", "recipe.yaml"]


def test_an_address_that_somebody_elsewhere_has_too_is_known():
    """Staff look people up by their address, so nobody with a common one has a case."""
    recipe, blocks = Recipe(customers=6000, block=1000), [1, 4]
    shared = addresses_elsewhere(recipe, 3, blocks)
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for number in range(6):
        people = draw_people(recipe, 3, number)
        found[number in blocks].update(people.columns["email"].to_pylist())
    assert shared == found[True] & found[False] != set()


@pytest.mark.slow
def test_cases_of_a_large_world_are_about_the_blocks_that_they_need(build):
    """Cases are handled by name and id as in a small world, and the other blocks have none."""
    whole, out = build("whole", 9000, 30, 500)
    recording = read_recording(out / "recording")
    chosen = case_blocks(Recipe(customers=9000, block=500), 30, 3)
    assert len(recording.cases) == 30 and len(chosen) == 9
    recipe = Recipe(customers=9000, block=500)
    people = [draw_people(recipe, 3, number) for number in chosen]
    known = {each for one in people for name in ("customer_id", "contact_id")
             for each in one.columns[name].to_pylist()}  # fmt: skip
    assert {case.cluster_id for case in recording.cases} <= known
    assert all(recording.baselines_of(case.case_id) for case in recording.cases)
    made = [build("parts", 9000, 30, 500, f"{number}/4")[0] for number in (2, 4, 1, 3)]
    assert made[-1] == whole and _files(out) == _files(out.with_name("parts"))
