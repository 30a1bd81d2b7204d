"""Worlds on disk: whole or not at all, fast to read, and honest about damage."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from understudy.model.errors import ConfigurationError, RecordingError
from understudy.world.addition import Addition
from understudy.world.damage import damage
from understudy.world.served import served
from understudy.world.store import (
    load_ledger,
    load_table,
    load_world,
    read_manifest,
    struck_by_table,
)
from understudy.world.stream import Shard, build_world, parse_shard
from understudy.world.truth import build_truth
from understudy.world.writer import Facts, WorldWriter


@pytest.fixture(scope="module")
def folder(tmp_path_factory, truth, damaged, write_world):
    path = tmp_path_factory.mktemp("worlds") / "world"
    write_world(path, truth, damaged)
    return path


@pytest.fixture
def copy(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "world")
    return tmp_path / "world"


def test_what_is_written_is_read(folder, truth, damaged):
    """The loaded world serves the dirty rows; truth and ledger are there beside it."""
    world, held = load_world(folder), served(damaged, truth.recipe.epoch)
    assert world.now == held.now == truth.recipe.epoch
    assert world.content_digest == read_manifest(folder).content_digest
    for name, table in damaged.tables.items():
        assert list(world.table(name).values()) == list(table.rows()), name
        assert list(world.table(name).items()) == list(held.table(name).items()), name
    assert load_table(folder, "stripe.charges", truth=True) == truth.rows("stripe.charges")
    assert load_ledger(folder) == damaged.ledger.to_pylist()


def test_counts_agree(folder, damaged):
    """Manifest, quality report and tables tell the same numbers."""
    manifest = read_manifest(folder)
    assert manifest.row_counts == {name: len(table) for name, table in damaged.tables.items()}
    assert load_world(folder).counts() == dict(sorted(manifest.row_counts.items()))
    assert sum(manifest.operators.values()) == damaged.ledger.num_rows


def test_the_ledger_tells_the_mess_of_a_row(folder, damaged):
    """`World.mess` names the operators of a damaged row, and nothing for a clean one."""
    world = load_world(folder)
    entry = damaged.ledger.to_pylist()[0]
    assert entry["operator"] in world.mess(entry["table"], entry["id"])
    assert world.mess("stripe.charges", "ch_none") == ()


def test_a_missing_world_is_told(tmp_path):
    """No folder, and a folder that is no world: one clear error with a command."""
    with pytest.raises(RecordingError, match="is not there") as caught:
        load_world(tmp_path / "none")
    assert "understudy world build" in caught.value.hint
    with pytest.raises(RecordingError, match=r"no manifest\.json"):
        load_world(tmp_path)


def test_a_missing_table_is_told(copy):
    """A world without one of its tables does not load."""
    (copy / "dirty" / "stripe.charges.parquet").unlink()
    with pytest.raises(RecordingError, match=r"stripe\.charges.*missing"):
        load_world(copy)


def test_a_cut_table_is_told(copy):
    """A table that was cut off does not load."""
    file = copy / "dirty" / "stripe.charges.parquet"
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(RecordingError, match="cannot be read"):
        load_world(copy)


def test_a_shortened_table_is_told(copy):
    """A table with fewer rows than the manifest says does not load."""
    file = copy / "dirty" / "zendesk.macros.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    with pytest.raises(RecordingError, match="7 rows, and the manifest says 8"):
        load_world(copy)


def test_a_damaged_manifest_is_told(copy):
    """A manifest that is no manifest is an error with its place."""
    (copy / "manifest.json").write_text('{"seed": "x"}')
    with pytest.raises(RecordingError, match="cannot be read"):
        load_world(copy)


def test_a_half_written_world_leaves_nothing(tmp_path, small, profile, monkeypatch, write_world):
    """Where writing fails in the middle, neither a world nor a part of one is left."""
    truth = build_truth(small, 2)
    damaged = damage(truth, profile, 2)
    calls = iter(range(3))
    original = WorldWriter.write

    def write(self, block, draft):
        if next(calls, None) is None:
            raise OSError("disk full")
        original(self, block, draft)

    monkeypatch.setattr(WorldWriter, "write", write)
    with pytest.raises(OSError, match="disk full"):
        write_world(tmp_path / "world", truth, damaged)
    assert list(tmp_path.iterdir()) == []


def test_a_world_replaces_a_world_and_nothing_else(tmp_path, small, profile):
    """Building again replaces the world; a folder of something else is never written over."""
    facts = Facts(1, small, profile)
    first = build_world(tmp_path / "world", facts)
    assert build_world(tmp_path / "world", facts) == first
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "one.txt").write_text("dear")
    with pytest.raises(ConfigurationError, match="is not a world"):
        build_world(tmp_path / "letters", facts)
    assert (tmp_path / "letters" / "one.txt").read_text() == "dear"
    os.mkfifo(tmp_path / "pipe")
    for other in (tmp_path / "pipe", tmp_path / "letters" / "one.txt"):
        with pytest.raises(ConfigurationError, match="is there already"):
            build_world(other, facts)


def test_shards_alone_are_no_world(tmp_path, small, profile):
    """Until the last shard is there, nothing looks like a world."""
    facts = Facts(1, small, profile)
    assert build_world(tmp_path / "world", facts, Shard(2, 2)) is None
    with pytest.raises(RecordingError, match=r"no manifest\.json"):
        load_world(tmp_path / "world")


def test_shards_of_two_worlds_are_never_joined(tmp_path, small, profile):
    """A shard of another seed is refused by name."""
    build_world(tmp_path / "world", Facts(1, small, profile), Shard(1, 2))
    with pytest.raises(RecordingError, match=r"1-of-2.*another world"):
        build_world(tmp_path / "world", Facts(2, small, profile), Shard(2, 2))
    with_cases = Addition(3, {}, {}, lambda _: None)
    with pytest.raises(RecordingError, match=r"1-of-2.*number of cases differs"):
        build_world(tmp_path / "world", Facts(1, small, profile), Shard(2, 2), addition=with_cases)


def test_a_changed_shard_is_refused(tmp_path, small, profile):
    """A shard whose rows were changed after it was written is not joined."""
    facts = Facts(1, small, profile)
    build_world(tmp_path / "world", facts, Shard(1, 2))
    file = tmp_path / "world" / "shards" / "1-of-2" / "dirty" / "stripe.customers.parquet"
    table = pq.read_table(file)
    groups = pq.ParquetFile(file).metadata.num_row_groups
    names = table.column("name").to_pylist()
    changed = table.set_column(
        table.schema.get_field_index("name"), "name", [["Somebody else", *names[1:]]]
    )
    with pq.ParquetWriter(file, table.schema) as writer:
        for start in range(groups):
            writer.write_table(changed.slice(start * 16, 16))
    with pytest.raises(RecordingError, match="was changed after it was written"):
        build_world(tmp_path / "world", facts, Shard(2, 2))


def test_progress_is_told(tmp_path, small, profile):
    """Each block that is done is told, with how many there are."""
    seen = []
    build_world(
        tmp_path / "w", Facts(1, small, profile), progress=lambda done, of: seen.append((done, of))
    )
    assert seen == [(number, 4) for number in range(1, 5)]


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", ""])
def test_a_shard_that_is_none_is_told(text):
    """A shard is `K/N` with 1 <= K <= N; all else is told."""
    with pytest.raises(ConfigurationError, match="is not a shard"):
        parse_shard(text)


KILLED = """
import sys
from pathlib import Path
from understudy.world.profile import load_profile
from understudy.world.recipe import Recipe
from understudy.world.stream import build_world
from understudy.world.writer import Facts
build_world(Path(sys.argv[1]), Facts(1, Recipe(customers=200_000, block=256), load_profile()))
"""


def test_a_build_that_is_killed_leaves_nothing_that_looks_whole(tmp_path, small, profile):
    """After SIGKILL in the middle there is no world, and the next build of it is as ever."""
    out = tmp_path / "world"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(out)])
    began = time.monotonic()
    while not list(tmp_path.glob(".world.*.part/dirty/zendesk.tickets.parquet")):
        assert process.poll() is None
        assert time.monotonic() - began < 60
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    with pytest.raises(RecordingError, match="is not there"):
        load_world(out)
    made = build_world(out, Facts(1, small, profile))
    assert made.content_digest == load_world(out).content_digest
    assert [each.name for each in tmp_path.iterdir()] == ["world"]


def test_a_join_that_was_killed_is_done_again(tmp_path, small, profile):
    """The lock that a killed join leaves holds nobody up."""
    facts = Facts(1, small, profile)
    build_world(tmp_path / "world", facts, Shard(1, 2))
    (tmp_path / "world" / "shards" / "joining").write_bytes(b"")
    assert build_world(tmp_path / "world", facts, Shard(2, 2)) is not None
    assert [each.name for each in tmp_path.iterdir()] == ["world"]


def test_a_world_that_was_moved_away_is_told(tmp_path, small, profile):
    """Where a replacement was interrupted between two renames, the way back is shown."""
    build_world(tmp_path / "world", Facts(1, small, profile))
    (tmp_path / "world").rename(tmp_path / ".world.77.earlier")
    with pytest.raises(RecordingError, match="is not there") as raised:
        load_world(tmp_path / "world")
    assert raised.value.hint == f"mv {tmp_path / '.world.77.earlier'} {tmp_path / 'world'}"


def test_what_struck_is_counted_by_table(damaged, truth, tmp_path, write_world):
    """The counts by table and operator add up to the ledger."""
    made = write_world(tmp_path / "world", truth, damaged)
    found = struck_by_table(tmp_path / "world")
    assert sum((count for count in found.values()), Counter()) == made.operators
    assert found["hubspot.contacts"]["duplicate_merge"] > 0


def test_a_build_leaves_arrows_memory_as_it_was(tmp_path, small, profile):
    """Arrow uses the system's heap while a world is built; its own again even after a failure."""
    before, seen = pa.default_memory_pool().backend_name, []

    def progress(done, _):
        seen.append(pa.default_memory_pool().backend_name)
        if done > 2:
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        build_world(tmp_path / "world", Facts(1, small, profile), progress=progress)
    assert set(seen) == {"system"}
    assert pa.default_memory_pool().backend_name == before
