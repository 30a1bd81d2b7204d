"""Faults that befall the event itself: delivered twice, late, or after what came later."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from understudy.model.campaign import Fault, FaultKind
from understudy.systems.blow import Blow
from understudy.systems.fault_options import options_of
from understudy.systems.faults import draw

__all__ = ["Webhooks"]

_KINDS = (FaultKind.WEBHOOK_DUPLICATE, FaultKind.WEBHOOK_LATE, FaultKind.WEBHOOK_REORDER)
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
            if fault.do in _KINDS
        ]
        self._seed = seed

    def befalling(self, case_id: str, system: str, turns: int) -> list[Blow]:
        """What befalls the event of a case; only events of several messages can be reordered."""
        return [
            Blow(kind=fault.do, operation=_DELIVERY, attempt=1, options=options)
            for index, fault, options in self._faults
            if fault.match.system in (None, system)
            and (fault.match.case is None or fnmatchcase(case_id, fault.match.case))
            and (fault.do is not FaultKind.WEBHOOK_REORDER or turns > 1)
            and draw(self._seed, case_id, _DELIVERY, 1, index) < fault.match.share
        ]
