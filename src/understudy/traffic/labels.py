"""What a source says of a case itself: recordings that understudy exported carry it along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from understudy.model.baseline import Baseline
from understudy.model.case import Case

__all__ = ["Labels", "State", "labels_in", "labels_of_case"]

_KEPT = ("source", "weight", "outcome", "reply_facts")


class State(msgspec.Struct, frozen=True):
    """One object as it was at the event."""

    table: str
    id: str
    row: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Labels:
    """A case, and by handling what its exchanges do not show of each answer."""

    case: Case
    handlings: Mapping[str, Mapping[str, Any]]
    state: tuple[State, ...] = ()
    """Objects as they were when the case came in."""

    def whole(self, name: str, baseline: Baseline) -> Baseline:
        """The baseline with what is told of it."""
        told = {key: value for key, value in self.handlings.get(name, {}).items() if key in _KEPT}
        plain = {**msgspec.to_builtins(baseline), **told}
        return msgspec.convert({**plain, "baseline_id": name or baseline.baseline_id}, Baseline)


def labels_in(value: Any) -> Labels | None:
    """The labels that an inbound event carries; None where they are not what they must be."""
    if not isinstance(value, dict):
        return None
    told, state = value.get("handlings"), value.get("state")
    try:
        objects = msgspec.convert([] if state is None else state, tuple[State, ...])
        case = msgspec.convert(value.get("case"), Case)
        handlings = msgspec.convert({} if told is None else told, dict[str, dict[str, Any]])
        for each in handlings.values():
            shown = {key: given for key, given in each.items() if key in _KEPT}
            msgspec.convert({"case_id": "", "baseline_id": "", **shown}, Baseline)
    except msgspec.ValidationError:
        return None
    return Labels(case, handlings, objects)


def labels_of_case(
    case: Case, baselines: Sequence[Baseline], state: Sequence[State] = ()
) -> dict[str, Any]:
    """The labels of one case, as they are carried."""
    plain = {each.baseline_id: msgspec.to_builtins(each) for each in baselines}
    return {
        "case": msgspec.to_builtins(case),
        "handlings": {n: {key: each[key] for key in _KEPT} for n, each in plain.items()},
        "state": [msgspec.to_builtins(each) for each in state],
    }
