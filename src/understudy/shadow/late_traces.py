"""What candidates tell of a case after its answer, beside the run store: `spans-<shard>.jsonl`.

A record is written once and stays as it is. Exporters that flush in batches tell the rest of its
trace later; whoever reads the record gets both.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import msgspec

from understudy.candidates.spans import SpanTale
from understudy.model.proposal import CaseRecord
from understudy.shadow.appending import damaged_line

__all__ = ["LateTrace", "Place", "late_of", "late_path", "late_places", "with_late"]

Key = tuple[str, int]
Place = tuple[int, int]
"""Where a line begins and how long it is, in bytes."""


class LateTrace(msgspec.Struct, frozen=True, kw_only=True, tag="late"):
    """What has come of one case since its record, in the order in which it came."""

    case_id: str
    repeat: int
    prompts: tuple[Any, ...] = ()
    outputs: tuple[Any, ...] = ()
    context: tuple[Any, ...] = ()
    usage: dict[str, Any] = {}

    @property
    def key(self) -> Key:
        """Whose it is."""
        return self.case_id, self.repeat


def late_of(key: Key, told: SpanTale) -> LateTrace:
    """What the spans of a case tell that have come late."""
    return LateTrace(
        case_id=key[0],
        repeat=key[1],
        prompts=told.prompts,
        outputs=told.outputs,
        context=told.context,
        usage=told.usage,
    )


def late_path(store: Path) -> Path:
    """Where the late traces of a store file's cases stand: beside `cases-0`, in `spans-0`."""
    return store.with_name("spans-" + store.name.removeprefix("cases-"))


def late_places(store: Path) -> dict[Key, list[Place]]:
    """Where the late traces of each case of a store file lie; a torn tail is nobody's."""
    path = late_path(store)
    found: defaultdict[Key, list[Place]] = defaultdict(list)
    if not path.is_file():
        return found
    offset = 0
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                found[_read(path, offset, line).key].append((offset, len(line)))
            offset += len(line)
    return found


def with_late(record: CaseRecord, store: Path, places: tuple[Place, ...]) -> CaseRecord:
    """The record with what came later: after what it holds, its tokens added."""
    path, trace, proposal = late_path(store), record.trace, record.proposal
    with path.open("rb") as file:
        lates = [
            _read(path, offset, os.pread(file.fileno(), length, offset))
            for offset, length in places
        ]
    usage = Counter(proposal.usage)
    for late in lates:
        usage.update(late.usage)
        trace = msgspec.structs.replace(
            trace,
            prompts=trace.prompts + late.prompts,
            outputs=trace.outputs + late.outputs,
            context=trace.context + late.context,
        )
    proposal = msgspec.structs.replace(proposal, usage=dict(usage))
    return msgspec.structs.replace(record, trace=trace, proposal=proposal)


def _read(path: Path, offset: int, line: bytes) -> LateTrace:
    try:
        return msgspec.json.decode(line, type=LateTrace)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged_line(path, offset, error) from None
