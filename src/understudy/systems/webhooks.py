"""Faults that befall the event itself: delivered twice, late, or after what came later."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from understudy.model.campaign import Fault, FaultKind
from understudy.model.proposal import FaultCount
from understudy.systems.blow import Blow
from understudy.systems.fault_options import options_of
from understudy.systems.faults import DELIVERIES, draw

__all__ = ["Webhooks"]

_DELIVERY = "webhook"


class Webhooks:
    """The part of a fault plan that decides how a case's event reaches the candidate.

    Which cases are struck is drawn from seed and case, so that it does not depend on threads,
    workers or repeats. `match.system` is the system that sends the event.
    """

    def __init__(self, faults: Sequence[Fault], seed: int) -> None:
        self._faults = [
            (index, fault, options_of(fault))
            for index, fault in enumerate(faults)
            if fault.do in DELIVERIES
        ]
        self._seed = seed

    def befalling(self, case_id: str, system: str, turns: int) -> list[Blow]:
        """What befalls the event of a case; only events of several messages can be reordered."""
        return [
            Blow(kind=fault.do, operation=_DELIVERY, attempt=1, options=options, index=index)
            for index, fault, options in self._faults
            if _fits(fault, case_id)
            and _could_befall(fault, system, turns)
            and draw(self._seed, case_id, _DELIVERY, 1, index) < fault.match.share
        ]

    def told(
        self, case_id: str, system: str, turns: int, blows: Sequence[Blow]
    ) -> dict[str, FaultCount]:
        """What became of the faults of events that are planned for a case; `blows` took effect."""
        found: dict[str, FaultCount] = {}
        for index, fault, _ in self._faults:
            if _fits(fault, case_id):
                acted = sum(blow.index == index for blow in blows)
                met = int(_could_befall(fault, system, turns))
                count = FaultCount(met=met, struck=acted, acted=acted)
                found[str(fault)] = found.get(str(fault), FaultCount()) + count
        return found


def _fits(fault: Fault, case_id: str) -> bool:
    return fnmatchcase(case_id, fault.match.case or "*")


def _could_befall(fault: Fault, system: str, turns: int) -> bool:
    several = fault.do is not FaultKind.WEBHOOK_REORDER or turns > 1
    return several and fault.match.system in (None, system)
