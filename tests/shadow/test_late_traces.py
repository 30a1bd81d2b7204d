"""What comes of a case after its record: kept beside it, and read with it."""

from __future__ import annotations

import pytest

from understudy.model.errors import RecordingError
from understudy.model.proposal import CaseRecord, Proposal, Trace
from understudy.shadow.late_traces import LateTrace
from understudy.shadow.seal import check_seal, seal_run
from understudy.shadow.store import CaseStore, read_records


def record(name):
    proposal = Proposal(case_id=name, usage={"model_calls": 1, "model_tokens_in": 5})
    return CaseRecord(case_id=name, proposal=proposal, trace=Trace(prompts=("first",)))


def late(name, *prompts):
    return LateTrace(case_id=name, repeat=0, prompts=prompts, usage={"model_calls": len(prompts)})


@pytest.fixture
def folder(tmp_path):
    """A closed run of two cases, of which one has said more in two pieces."""
    store = CaseStore(tmp_path)
    for name in ("a", "b"):
        store.append(record(name))
    for piece in (late("a", "second"), late("a", "third", "fourth")):
        assert store.append_late(piece)
    store.close()
    return tmp_path


def prompts(folder):
    return {each.case_id: each.trace.prompts for each in read_records(folder)}


WHOLE = {"a": ("first", "second", "third", "fourth"), "b": ("first",)}


def test_a_record_is_read_with_what_came_later(folder):
    """In the order in which it came, with its calls counted; whoever goes on adds to it."""
    assert prompts(folder) == WHOLE
    (first, _) = read_records(folder)
    assert first.proposal.usage == {"model_calls": 4, "model_tokens_in": 5}
    again = CaseStore(folder)
    again.append_late(late("b", "next"))
    assert again.done["b", 0].read().trace.prompts == ("first", "next")
    again.close()
    assert prompts(folder) == {**WHOLE, "b": ("first", "next")}


def test_what_no_record_is_there_for_is_not_kept(folder):
    """A case that was given up, or that another shard has recorded, has nothing to be added to."""
    with_other = CaseStore(folder, "1")
    assert not with_other.append_late(late("unknown", "x"))
    assert not with_other.append_late(late("a", "x"))
    with_other.close()
    assert prompts(folder) == WHOLE


def test_a_torn_end_is_nobodys(folder):
    """A kill in the middle of a line loses that line alone, and the next writer cuts it off."""
    path = folder / "spans-0.jsonl"
    path.write_bytes(path.read_bytes()[:-3])
    assert prompts(folder) == {**WHOLE, "a": ("first", "second")}
    again = CaseStore(folder)
    again.append_late(late("a", "third", "fourth"))
    again.close()
    assert prompts(folder) == WHOLE


def test_a_damaged_line_is_named(folder):
    """File and line stand in the error."""
    path = folder / "spans-0.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"third"', b'"third', 1))
    with pytest.raises(RecordingError, match="cannot be read") as caught:
        list(read_records(folder))
    assert caught.value.where == f"{path}:2"


def test_the_seal_closes_it_as_well(folder):
    """Changed or cut off afterwards it is told; the count of records is that of the cases."""
    assert seal_run(folder).records == 2
    assert check_seal(folder) is not None
    path = folder / "spans-0.jsonl"
    path.write_bytes(path.read_bytes().replace(b"third", b"bird!"))
    with pytest.raises(RecordingError, match="a record was changed"):
        check_seal(folder)
    path.unlink()
    with pytest.raises(RecordingError, match=r"spans-0.jsonl. had 2 records and has 0"):
        check_seal(folder)
