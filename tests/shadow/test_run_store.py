"""The run store: nothing finished is lost, nothing is there twice."""

from __future__ import annotations

import os

import msgspec
import pytest

from understudy.model.errors import RecordingError
from understudy.model.proposal import CaseRecord, Proposal
from understudy.shadow import store as module
from understudy.shadow.store import CaseStore, Sync, read_records, stored_cases


def record(name, repeat=0, confidence=None):
    proposal = Proposal(case_id=name, repeat=repeat, confidence=confidence)
    return CaseRecord(case_id=name, proposal=proposal)


@pytest.fixture
def store(tmp_path):
    made = CaseStore(tmp_path)
    yield made
    made.close()


def names(folder, order=None):
    return [(each.case_id, each.proposal.repeat) for each in read_records(folder, order)]


def test_records_come_back_in_the_asked_order(store, tmp_path):
    """Whoever finished first, reading follows the plan, and cases without a record are left out."""
    for name in ("c", "a", "b"):
        store.append(record(name))
    assert names(tmp_path) == [("c", 0), ("a", 0), ("b", 0)]
    order = [("a", 0), ("b", 0), ("missing", 0), ("c", 0)]
    assert names(tmp_path, order) == [("a", 0), ("b", 0), ("c", 0)]


def test_a_case_is_recorded_once(store, tmp_path):
    """A second record of a case is refused; another repeat of it is not."""
    assert store.append(record("a", confidence=0.1))
    assert not store.append(record("a", confidence=0.9))
    assert store.append(record("a", repeat=1))
    assert names(tmp_path) == [("a", 0), ("a", 1)]
    assert next(read_records(tmp_path)).proposal.confidence == 0.1


def test_a_torn_tail_is_dropped_and_cut_off(store, tmp_path):
    """A record that a kill cut in half is no record; the next writer starts on a clean line."""
    store.append(record("a"))
    store.append(record("b"))
    store.close()
    whole = store.path.read_bytes()
    for cut in range(1, len(whole) // 2):
        store.path.write_bytes(whole[:-cut])
        assert names(tmp_path) == [("a", 0)]
    again = CaseStore(tmp_path)
    again.append(record("c"))
    again.close()
    assert names(tmp_path) == [("a", 0), ("c", 0)]


def test_a_long_torn_tail_is_found(tmp_path):
    """The last whole line is found behind a torn one of any length."""
    path = tmp_path / "cases-0.jsonl"
    path.write_bytes(b"\n" + b"x" * 300_000)
    store = CaseStore(tmp_path)
    assert path.read_bytes() == b"\n"
    store.close()


def test_a_damaged_line_in_the_middle_is_named(store, tmp_path):
    """Damage that no kill leaves behind is an error with file and line, never skipped."""
    store.append(record("a"))
    store.close()
    store.path.write_bytes(store.path.read_bytes() + b'{"case_id": 7}\n')
    with pytest.raises(RecordingError) as caught:
        stored_cases(tmp_path)
    assert caught.value.where == f"{store.path}:2"


def test_two_runs_cannot_write_to_one_folder(store, tmp_path):
    """A second writer of the same shard is told who is in its way."""
    with pytest.raises(RecordingError, match="another run is writing") as caught:
        CaseStore(tmp_path)
    assert "understudy stop" in caught.value.hint


def test_shards_are_read_as_one(store, tmp_path):
    """The records of all shards together are the run; a case counts once."""
    store.append(record("a"))
    other = CaseStore(tmp_path, "1")
    assert not other.append(record("a"))
    other.append(record("b"))
    other.close()
    assert names(tmp_path) == [("a", 0), ("b", 0)]


def test_a_full_disk_loses_nothing(store, tmp_path, monkeypatch):
    """A write that does not fit is taken back whole, and the error says what to do."""
    store.append(record("a"))
    real = os.write
    monkeypatch.setattr(module.os, "write", lambda number, line: real(number, line[:10]))
    with pytest.raises(RecordingError, match="the disk is full") as caught:
        store.append(record("b"))
    assert "resume" in caught.value.hint
    monkeypatch.undo()
    assert store.path.read_bytes().count(b"\n") == 1
    assert store.append(record("b"))
    assert names(tmp_path) == [("a", 0), ("b", 0)]


def test_a_device_that_fails_is_an_error(store, monkeypatch):
    """An error of the system while writing is told with its reason."""

    def fail(number, line):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "write", fail)
    with pytest.raises(RecordingError, match="No space left on device"):
        store.append(record("a"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """Where the store cannot be opened, the file and the reason are named."""
    (tmp_path / "cases-0.jsonl").mkdir()
    with pytest.raises(RecordingError, match="Is a directory"):
        CaseStore(tmp_path)


def synced(monkeypatch, folder, sync, took):
    """How often the disk is waited for, over three cases that took so many milliseconds."""
    calls = []
    monkeypatch.setattr(module.os, "fsync", calls.append)
    store = CaseStore(folder, sync=sync)
    for name in "abc":
        one = record(name)
        proposal = msgspec.structs.replace(one.proposal, wall_time_ms=took)
        assert store.append(msgspec.structs.replace(one, proposal=proposal))
    before = len(calls)
    store.close()
    return before, len(calls) - before


@pytest.mark.parametrize(
    ("sync", "took", "expected"),
    [
        (Sync.NEVER, 500, (0, 0)),
        (Sync.SECOND, 500, (0, 1)),
        (Sync.CASE, 1, (3, 1)),
        (None, 500, (3, 1)),
        (None, 1, (0, 1)),
    ],
)
def test_records_are_forced_to_the_disk(tmp_path, monkeypatch, sync, took, expected):
    """Never, once a second or for every case; by default for every case of a slow candidate."""
    assert synced(monkeypatch, tmp_path, sync, took) == expected


def test_a_second_is_not_waited_for_longer(tmp_path, monkeypatch):
    """With `1s`, the first record after a second takes all those before it to the disk."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    calls = []
    monkeypatch.setattr(module.os, "fsync", calls.append)
    store = CaseStore(tmp_path, sync=Sync.SECOND)
    for name, at in zip("abcd", (100.1, 100.9, 101.1, 101.2), strict=True):
        now[0] = at
        store.append(record(name))
    assert len(calls) == 1
    store.close()


def test_a_disk_that_refuses_at_the_end_is_an_error(tmp_path, monkeypatch):
    """Where the last records cannot be forced to the disk, that is said and the shard is free."""
    store = CaseStore(tmp_path)
    store.append(record("a"))

    def fail(number):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(module.os, "fsync", fail)
    with pytest.raises(RecordingError, match="Input/output error"):
        store.close()
    monkeypatch.undo()
    CaseStore(tmp_path).close()
