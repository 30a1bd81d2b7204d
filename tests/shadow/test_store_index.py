"""The index of a run store: fast to resume by, and never believed against the store itself."""

from __future__ import annotations

import sqlite3
import time

import pytest

from understudy.model.errors import RecordingError
from understudy.model.proposal import CaseRecord, Proposal, Trace
from understudy.shadow import store as module
from understudy.shadow.seal import SEAL, check_seal, seal_run
from understudy.shadow.store import CaseStore, Sync, index_differs, read_records, stored_cases
from understudy.shadow.store_index import INDEX, read_index

NAMES = [f"case-{number}" for number in range(5)]


def record(name, words=""):
    return CaseRecord(
        case_id=name, proposal=Proposal(case_id=name), trace=Trace(printed=words or name)
    )


def filled(folder, names=NAMES):
    store = CaseStore(folder, sync=Sync.NEVER)
    for name in names:
        assert store.append(record(name))
    store.close()
    return store.path


def read_again(folder, monkeypatch):
    """What the store holds, and how many of its lines had to be read to know it."""
    seen = []
    real = module._key
    with monkeypatch.context() as patch:
        patch.setattr(module, "_key", lambda line, stored: seen.append(line) or real(line, stored))
        found = stored_cases(folder)
    assert [found[key].read().case_id for key in found] == [key[0] for key in found]
    return [key[0] for key in found], len(seen)


def tampered(folder, *statements):
    with sqlite3.connect(folder / INDEX) as opened:
        for statement in statements:
            opened.execute(statement)
    opened.close()


def test_nothing_is_read_that_the_index_knows(tmp_path, monkeypatch):
    """A closed run's records are found without reading one of them."""
    filled(tmp_path)
    assert read_again(tmp_path, monkeypatch) == (NAMES, 0)


def test_what_came_after_the_index_is_read_from_the_store(tmp_path, monkeypatch):
    """The index is never trusted beyond its last offset: a killed run's last lines are found."""
    path = filled(tmp_path)
    known = (tmp_path / INDEX).read_bytes()
    filled(tmp_path, ["late-1", "late-2"])
    (tmp_path / INDEX).write_bytes(known)
    assert read_again(tmp_path, monkeypatch) == ([*NAMES, "late-1", "late-2"], 2)
    assert path.read_bytes().count(b"\n") == 7


LIES = {
    "a case that never ran": "INSERT INTO entries VALUES ('cases-0.jsonl', 9, 'ghost', 0, 900, 9)",
    "a case left out": "DELETE FROM entries WHERE number = 2",
    "a case renamed": "UPDATE entries SET case_id = 'ghost' WHERE number = 1",
    "a line elsewhere": "UPDATE entries SET offset = 0 WHERE number = 1",
    "an end too far": "UPDATE files SET end = 1000000",
    "no number": "UPDATE entries SET length = 'x' WHERE number = 4",
    "another table": "DROP TABLE files",
}


@pytest.mark.parametrize("lie", LIES)
def test_an_index_that_lies_is_not_believed(tmp_path, monkeypatch, lie):
    """Whatever does not add up is read from the store, and the next writer makes the index anew."""
    filled(tmp_path)
    tampered(tmp_path, LIES[lie])
    assert read_again(tmp_path, monkeypatch) == (NAMES, 5)
    filled(tmp_path, ["more"])
    assert read_again(tmp_path, monkeypatch) == ([*NAMES, "more"], 0)


@pytest.mark.parametrize("lie", LIES)
def test_an_index_that_lies_is_found_by_making_it_again(tmp_path, lie):
    """An audit compares it with the records; one that is missing or behind them is no lie."""
    filled(tmp_path)
    assert not index_differs(tmp_path)
    known = (tmp_path / INDEX).read_bytes()
    filled(tmp_path, ["late"])
    (tmp_path / INDEX).write_bytes(known)
    assert not index_differs(tmp_path)
    tampered(tmp_path, LIES[lie])
    assert index_differs(tmp_path)
    (tmp_path / INDEX).unlink()
    assert not index_differs(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 400])
def test_an_index_that_is_none_is_made_anew(tmp_path, monkeypatch, content):
    """A missing or unreadable index costs a look at the store and nothing else."""
    filled(tmp_path)
    (tmp_path / INDEX).write_bytes(content)
    assert read_again(tmp_path, monkeypatch)[0] == NAMES
    filled(tmp_path, ["more"])
    assert read_again(tmp_path, monkeypatch) == ([*NAMES, "more"], 0)


def test_an_index_of_another_store_is_not_believed(tmp_path, monkeypatch):
    """An index that is right about another run says nothing of this one."""
    filled(tmp_path / "one")
    filled(tmp_path / "other", ["x", "y"])
    (tmp_path / "one" / INDEX).write_bytes((tmp_path / "other" / INDEX).read_bytes())
    assert read_again(tmp_path / "one", monkeypatch) == (NAMES, 5)


def test_a_line_taken_out_makes_its_case_run_again(tmp_path, monkeypatch):
    """A store that was mended by hand is believed, and the index that knew it before is not."""
    path = filled(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))
    assert read_again(tmp_path, monkeypatch)[0] == [NAMES[0], *NAMES[2:]]


def test_an_index_that_cannot_be_written_stops_nothing(tmp_path):
    """It is derived: where its place is taken, the run goes on without one."""
    (tmp_path / INDEX).mkdir()
    filled(tmp_path)
    assert read_index(tmp_path) == {}
    assert [each.case_id for each in read_records(tmp_path)] == NAMES


@pytest.mark.slow
def test_a_large_run_is_resumed_at_once(tmp_path):
    """20,000 finished cases are known again in less than a second."""
    filled(tmp_path, [f"case-{number}" for number in range(20_000)])
    began = time.process_time()
    store = CaseStore(tmp_path)
    took = time.process_time() - began
    store.close()
    assert len(store.done) == 20_000
    assert took < 1.0


def test_a_seal_closes_a_run(tmp_path):
    """It counts the records of every store file, and holds as long as they are what they were."""
    filled(tmp_path)
    other = CaseStore(tmp_path, "1")
    other.append(record("other"))
    other.close()
    seal = seal_run(tmp_path)
    assert (seal.records, seal.files) == (6, {"cases-0.jsonl": 5, "cases-1.jsonl": 1})
    assert check_seal(tmp_path) == seal


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data[: data.rindex(b"\n", 0, -1) + 1], "had 5 records and has 4"),
        (lambda data: data.replace(b"case-3", b"case-7"), "a record was changed"),
        (lambda data: b"".join(reversed(data.splitlines(keepends=True))), "a record was changed"),
    ],
    ids=["cut off", "changed", "in another order"],
)
def test_records_that_are_not_those_that_were_sealed_are_named(tmp_path, change, told):
    """A store cut off at a line, changed or put in another order is told from the sealed one."""
    path = filled(tmp_path)
    seal_run(tmp_path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(RecordingError, match=told) as caught:
        check_seal(tmp_path)
    assert caught.value.code == "U436"
    assert str(tmp_path / SEAL) in caught.value.hint


def test_a_run_that_goes_on_is_open_again(tmp_path):
    """Whoever appends breaks the seal first; a run without one has none to be broken."""
    filled(tmp_path)
    seal_run(tmp_path)
    filled(tmp_path, ["more"])
    assert check_seal(tmp_path) is None
