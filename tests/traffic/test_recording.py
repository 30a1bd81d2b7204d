"""The recording on disk."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import msgspec
import pytest

from understudy.model.baseline import Baseline
from understudy.model.errors import RecordingError
from understudy.model.interaction import Interaction, RecordedRequest
from understudy.model.proposal import Proposal
from understudy.traffic.proposals import read_proposals, write_proposals
from understudy.traffic.recording import read_recording, write_recording


@pytest.fixture
def recording(tmp_path, cases, baselines, provenance):
    path = tmp_path / "recording"
    write_recording(path, cases=cases, baselines=baselines, provenance=provenance)
    return path


def test_a_recording_is_read_back_as_it_was_written(recording, cases, baselines):
    """Cases keep their order, and each case has its own baselines, however they were handed in."""
    read = read_recording(recording)
    assert list(read.cases) == cases
    assert read.baselines_of("c1") == (baselines[1], baselines[2])
    assert read.baselines_of("c2") == (baselines[0],)
    assert read.baselines_of("c3") == ()
    assert list(read.interactions()) == []
    assert (read.manifest.cases, read.manifest.baselines) == (2, 3)


def test_equal_contents_have_equal_digests(tmp_path, recording, cases, baselines, provenance):
    """A verdict is bound to what was recorded, not to how the baselines were handed in."""
    again = tmp_path / "again"
    shuffled = [baselines[1], baselines[2], baselines[0]]
    write_recording(again, cases=cases, baselines=shuffled, provenance=provenance)
    assert read_recording(again).digest == read_recording(recording).digest
    write_recording(again, cases=cases, baselines=baselines[:2], provenance=provenance)
    assert read_recording(again).digest != read_recording(recording).digest


def test_interactions_and_the_period_are_kept(tmp_path, cases, provenance):
    """Recorded requests come back one by one, and the manifest says when it all happened."""
    at = datetime(2026, 10, 1, 12, tzinfo=UTC)
    timed = [msgspec.structs.replace(cases[0], received_at=at), cases[1]]
    interaction = Interaction(
        interaction_id="i1",
        seq=0,
        system="stripe",
        request=RecordedRequest(method="GET", url="https://api.stripe.com/v1/charges"),
    )
    manifest = write_recording(
        tmp_path / "r",
        cases=timed,
        baselines=[],
        provenance=provenance,
        interactions=[interaction],
    )
    assert list(read_recording(tmp_path / "r").interactions()) == [interaction]
    assert manifest.period == ("2026-10-01T12:00:00+00:00", "2026-10-01T12:00:00+00:00")


def test_an_earlier_recording_is_replaced_whole(tmp_path, recording, cases, provenance):
    """Importing again leaves the new recording and nothing beside it."""
    write_recording(recording, cases=cases[:1], baselines=[], provenance=provenance)
    assert len(read_recording(recording).cases) == 1
    assert [item.name for item in tmp_path.iterdir()] == ["recording"]


def test_a_failure_half_way_leaves_the_earlier_recording(tmp_path, recording, cases, provenance):
    """What breaks off while it is written never looks whole and destroys nothing."""

    def breaking():
        yield cases[0]
        raise RecordingError("the source broke off")

    with pytest.raises(RecordingError, match="broke off"):
        write_recording(recording, cases=breaking(), baselines=[], provenance=provenance)
    assert len(read_recording(recording).cases) == 2
    assert [item.name for item in tmp_path.iterdir()] == ["recording"]


def test_a_folder_of_somebody_elses_is_not_overwritten(tmp_path, cases, provenance):
    """Only an empty folder or a recording is replaced."""
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RecordingError, match="would be lost") as caught:
        write_recording(tmp_path, cases=cases, baselines=[], provenance=provenance)
    assert "--out" in (caught.value.hint or "")
    with pytest.raises(RecordingError, match="is a file"):
        write_recording(tmp_path / "thesis.tex", cases=cases, baselines=[], provenance=provenance)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_what_does_not_add_up_is_not_written(tmp_path, cases, provenance):
    """Counts add up to the input exactly, or there is no recording."""
    wrong = dataclasses.replace(provenance, quarantined=1)
    with pytest.raises(RecordingError, match=r"2 \+ 0 \+ 0 \+ 1, which is not 2 records"):
        write_recording(tmp_path / "r", cases=cases, baselines=[], provenance=wrong)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda cases, own: (cases + cases[:1], own), r"case `c1` stands here and on line 1"),
        (lambda cases, own: (cases, [*own, own[0]]), "has two baselines `b1`"),
        (
            lambda cases, own: (cases, [Baseline(case_id="c9", baseline_id="b1")]),
            "of case `c9`, which the recording does not have",
        ),
        (
            lambda cases, own: (
                [msgspec.structs.replace(cases[0], received_at=datetime(2026, 1, 1))],  # noqa: DTZ001 -- the point
                [],
            ),
            "has no time zone",
        ),
        (
            lambda cases, own: (
                cases,
                [Baseline(case_id="c1", baseline_id="b1", weight=float("nan"))],
            ),
            "cannot be kept as JSON",
        ),
    ],
)
def test_contents_that_contradict_themselves_are_not_written(
    tmp_path, cases, baselines, provenance, change, problem
):
    """Two cases of one id, a baseline of nobody, a time without a zone: one clear error each."""
    own, theirs = change(cases, baselines)
    with pytest.raises(RecordingError, match=problem):
        write_recording(tmp_path / "r", cases=own, baselines=theirs, provenance=provenance)
    assert not (tmp_path / "r").exists()


def test_a_missing_recording_says_how_to_make_one(tmp_path):
    """The error names the folder, what is missing, and a command."""
    with pytest.raises(RecordingError, match="there is no such folder") as caught:
        read_recording(tmp_path / "nothing")
    assert "understudy traffic import" in caught.value.describe()
    with pytest.raises(RecordingError, match=r"it has no manifest\.json"):
        read_recording(tmp_path)


def edit(path, name, change):
    file = path / name
    file.write_text(change(file.read_text("utf-8")), "utf-8")


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("cases.jsonl", lambda text: text[:-20], r"cannot be read"),
        ("cases.jsonl", lambda text: text.splitlines()[0] + "\n", "of case `c2`"),
        ("baselines.jsonl", lambda text: text.splitlines()[0] + "\n", "manifest says 3"),
        ("baselines.jsonl", lambda text: text.replace("500", "5000"), "was changed after"),
        ("manifest.json", lambda text: text.replace("recording/1", "recording/9"), "not one that"),
        ("manifest.json", lambda text: text.replace('"kept": 2', '"kept": 1'), "which is not 2"),
        ("manifest.json", lambda text: "{", "cannot be read"),
    ],
)
def test_damage_is_told_and_never_read_over(recording, name, change, problem):
    """A recording that was cut, edited or is of another version is refused with the reason."""
    edit(recording, name, change)
    with pytest.raises(RecordingError, match=problem):
        read_recording(recording)


def test_a_damaged_line_is_named_with_its_number(recording):
    """The place is `file:line`, so that an editor opens it."""
    edit(recording, "cases.jsonl", lambda text: text.replace('"case_id":"c2"', '"case_id":2'))
    with pytest.raises(RecordingError) as caught:
        read_recording(recording)
    assert caught.value.where == f"{recording / 'cases.jsonl'}:2"


def test_a_missing_part_is_named(recording):
    """A recording without its cases is no recording."""
    (recording / "cases.jsonl").unlink()
    with pytest.raises(RecordingError, match=r"cases\.jsonl` cannot be read"):
        read_recording(recording)


def test_proposals_are_read_back_and_stand_once(tmp_path):
    """A case may be proposed for once per repeat; more is an error with its line."""
    path = tmp_path / "proposed.jsonl"
    proposals = [Proposal(case_id="c1"), Proposal(case_id="c1", repeat=1), Proposal(case_id="c2")]
    assert write_proposals(path, proposals) == 3
    assert list(read_proposals(path)) == proposals
    with pytest.raises(RecordingError, match="repeat 0, stands here and on line 1"):
        write_proposals(path, [proposals[0], proposals[0]])
    path.write_text(path.read_text() + json.dumps({"case_id": "c2"}) + "\n")
    with pytest.raises(RecordingError) as caught:
        read_proposals(path)
    assert caught.value.where == f"{path}:4"
    with pytest.raises(RecordingError, match="cannot be kept as JSON"):
        write_proposals(path, [Proposal(case_id="c1", confidence=float("inf"))])
