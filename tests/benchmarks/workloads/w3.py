"""W3: records appended to the run store beside bare appends, and a large run known again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
from tests.benchmarks.workload import Limit, Outcome, Ratio, Side, Workload

from understudy.model.action import Action, Effect, Target
from understudy.model.proposal import CaseRecord, Proposal, Trace
from understudy.shadow.store import CaseStore, Sync

__all__ = ["WORKLOAD"]


def _records(size: int) -> list[CaseRecord]:
    """Records of about six kilobytes: two actions, and what the candidate was told."""
    action = Action(
        system="stripe", operation="stripe.refunds.create", effect=Effect.PAY, amount_minor=4_200,
        target=Target(type="charge", id="ch_00001"), currency="eur",
        fields={"charge": "ch_00001", "amount": 4_200},
    )  # fmt: skip
    told = tuple({"role": "tool", "content": "word " * 180} for _ in range(6))
    return [
        CaseRecord(
            case_id=f"case-{number}",
            proposal=Proposal(case_id=f"case-{number}", actions=(action, action), wall_time_ms=3),
            trace=Trace(outputs=told),
        )
        for number in range(size)
    ]


def _bare(size: int) -> Callable[[], Outcome]:
    records, place = _records(size), tempfile.TemporaryDirectory()
    encoder = msgspec.json.Encoder()
    number = os.open(Path(place.name) / "log.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def work() -> Outcome:
        for record in records:
            os.write(number, encoder.encode(record) + b"\n")
        length = os.fstat(number).st_size
        os.close(number)
        place.cleanup()
        return Outcome(size, {"bytes": length})

    return work


def _appended(size: int) -> Callable[[], Outcome]:
    records, place = _records(size), tempfile.TemporaryDirectory()
    store = CaseStore(Path(place.name), sync=Sync.NEVER)

    def work() -> Outcome:
        for record in records:
            store.append(record)
        store.close()
        length = store.path.stat().st_size
        place.cleanup()
        return Outcome(size, {"bytes": length})

    return work


def _known_again(size: int) -> Callable[[], Outcome]:
    place = tempfile.TemporaryDirectory()
    store = CaseStore(Path(place.name), sync=Sync.NEVER)
    for record in _records(size):
        store.append(record)
    store.close()

    def work() -> Outcome:
        again = CaseStore(Path(place.name), sync=Sync.NEVER)
        found = len(again.done)
        again.close()
        length = again.path.stat().st_size
        place.cleanup()
        assert found == size
        return Outcome(size, {"bytes": length})

    return work


WORKLOAD = Workload(
    id="W3",
    title="records appended to the run store, and known again by a resumed run",
    unit="case",
    size=20_000,
    small=20,
    sides=(
        Side("bare append", _bare),
        Side("run store", _appended),
        Side("resumed", _known_again),
    ),
    goals=(
        Ratio("run store", "bare append", 0.5, gated=True),
        Limit("resumed", "wall", 1.0),
    ),
)
