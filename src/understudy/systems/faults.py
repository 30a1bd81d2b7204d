"""The fault plan: which calls go wrong and how, as data, the same in every run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Any

from understudy.model.campaign import Fault, FaultKind, FaultMatch
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.proposal import FaultCount
from understudy.systems.blow import Blow
from understudy.systems.damage import last_shown
from understudy.systems.fault_options import options_of
from understudy.systems.message import Response
from understudy.systems.operation import Call, Operation
from understudy.systems.routes import KNOWN
from understudy.systems.session import CaseSession
from understudy.systems.striking import CarryOut, struck
from understudy.systems.system import System

__all__ = ["DELIVERIES", "FaultPlan", "check_fault", "draw"]

_CURSORS = ("starting_after", "ending_before", "after", "page[after]", "page[before]")


class FaultPlan:
    """Faults with their options checked.

    Whether a fault with a share strikes is drawn from seed, case, operation and attempt, so that
    neither the order of threads nor other cases change it. `nth` and `after` count the case's calls
    that the fault could befall. `operation` and `case` may hold `*`.
    """

    def __init__(self, faults: Sequence[Fault], seed: int, systems: Mapping[str, System]) -> None:
        for fault in faults:
            check_fault(fault, systems)
        self._faults = tuple((fault, options_of(fault)) for fault in faults)
        self._drifts = any(fault.do is FaultKind.PAGE_DRIFT for fault in faults)
        self._seed = seed

    def befall(
        self, system: System, operation: Operation, call: Call, carry_out: CarryOut
    ) -> Response:
        """Answer a call, with whatever befalls it; `carry_out` is how it is answered else."""
        response = struck(self.blows(operation, call), system, operation, call, carry_out)
        if self._drifts and not operation.writes:
            call.session.fate.pages[operation.name] = last_shown(response)
        return response

    def blows(self, operation: Operation, call: Call) -> list[Blow]:
        """What befalls this call, in the plan's order."""
        session = call.session
        attempt = session.count(f"calls of {operation.name}")
        found = []
        for index, (fault, options) in enumerate(self._faults):
            if not _could_befall(fault, operation, call):
                continue
            if fault.spares(session.count(f"calls for fault {index}")):
                continue
            drawn = draw(self._seed, session.case_id, operation.name, attempt, index)
            if drawn < fault.match.share:
                found.append(
                    Blow(
                        kind=fault.do,
                        operation=operation.name,
                        attempt=attempt,
                        options=options,
                        index=index,
                    )
                )
        return found

    def told(self, session: CaseSession) -> dict[str, FaultCount]:
        """What became of the faults of calls that are planned for a case."""
        found: dict[str, FaultCount] = {}
        fate = session.fate
        struck, idle = (Counter(blow.index for blow in b) for b in (fate.struck, fate.idle))
        for index, (fault, _) in enumerate(self._faults):
            if fault.do in DELIVERIES or not fnmatchcase(session.case_id, fault.match.case or "*"):
                continue
            found[str(fault)] = found.get(str(fault), FaultCount()) + FaultCount(
                met=session.counted(f"calls for fault {index}"),
                struck=struck[index],
                acted=struck[index] - idle[index],
            )
        return found


def draw(seed: int, case_id: str, operation: str, attempt: int, index: int) -> float:
    """A number from 0 to below 1 that only these decide; `index` is the fault's in its plan.

    >>> draw(7, "case-1", "stripe.refunds.create", 1, 0)
    0.3860167329369567
    """
    text = "\x1f".join((str(seed), case_id, operation, str(attempt), str(index)))
    # 53 bits are what a float holds, so that the quotient stays below 1.
    return (int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 11) / 2**53


def _could_befall(fault: Fault, operation: Operation, call: Call) -> bool:
    match = fault.match
    return (
        match.system in (None, operation.system)
        and (match.operation is None or fnmatchcase(operation.name, match.operation))
        and (match.case is None or fnmatchcase(call.session.case_id, match.case))
        and _KINDS.get(fault.do, _any)(operation, call)
    )


def _any(operation: Operation, call: Call) -> bool:
    del operation, call
    return True


def _writes(operation: Operation, call: Call) -> bool:
    del call
    return operation.writes


def _reads(operation: Operation, call: Call) -> bool:
    del call
    return not operation.writes


def _searches(operation: Operation, call: Call) -> bool:
    del call
    return not operation.writes and "search" in operation.name.split(".")


def _turns_a_page(operation: Operation, call: Call) -> bool:
    if operation.writes:
        return False
    given: dict[str, Any] = {**call.query, **call.fields}
    return any(given.get(name) for name in _CURSORS) or str(given.get("page", "1")) != "1"


def _never(operation: Operation, call: Call) -> bool:
    """Webhooks befall the case's event, before its first call."""
    del operation, call
    return False


DELIVERIES = (
    FaultKind.WEBHOOK_DUPLICATE, FaultKind.WEBHOOK_LATE, FaultKind.WEBHOOK_REORDER,
)  # fmt: skip
_KINDS: dict[FaultKind, Callable[[Operation, Call], bool]] = {
    FaultKind.APPLY_THEN_RESET: _writes,
    FaultKind.STALE_READ: _reads,
    FaultKind.INDEX_LAG: _searches,
    FaultKind.PAGE_DRIFT: _turns_a_page,
    **dict.fromkeys(DELIVERIES, _never),
}


def _check_delivery(fault: Fault) -> None:
    match = fault.match
    chosen = [name for name in ("operation", "nth", "after") if getattr(match, name) is not None]
    named = chosen[0] if chosen else None
    if fault.do in DELIVERIES and named is not None:
        raise ConfigurationError(
            f"`{named}: {getattr(match, named)}` says which call a fault befalls, and "
            f"`{fault.do}` befalls the event of a case",
            hint="match it by `system`, `case` and `share`",
        )


def check_fault(fault: Fault, systems: Mapping[str, System], others: bool = False) -> None:
    """Raise `ConfigurationError` for a fault that none of the mounted systems could meet.

    With `others` there are more systems than these, and names that may be theirs are let pass.
    """
    match = fault.match
    if match.system is not None:
        _check_system(match.system, systems, others)
    if match.operation is not None:
        _check_operation(match, systems, others)
    _check_delivery(fault)
    if fault.do is FaultKind.NONSENSE:
        raise ConfigurationError(
            f"the fault `{fault.do}` befalls models, and no system",
            hint="match it by `system: models`",
        )
    options_of(fault)


def _check_system(wanted: str, systems: Mapping[str, System], others: bool) -> None:
    if wanted not in systems and (wanted in KNOWN or not others):
        raise ConfigurationError(
            f"a fault is to befall the system `{wanted}`, which is not mounted"
            f"{nearest(wanted, systems)}",
            code="U174",
            hint=f"mounted are {', '.join(systems)}",
        )


def _check_operation(match: FaultMatch, systems: Mapping[str, System], others: bool) -> None:
    wanted = str(match.operation)
    names = [
        name
        for system in systems.values()
        if match.system in (None, system.name)
        for name in system.by_name
    ]
    if any(fnmatchcase(name, wanted) for name in names):
        return
    first = wanted.partition(".")[0]
    if first in KNOWN and first not in systems:
        _check_system(first, systems, others)
    if others and first not in systems:
        return
    of = f" of `{match.system}`" if match.system is not None else ""
    raise ConfigurationError(
        f"a fault is to befall `{wanted}`, which is no operation{of} that is served"
        f"{nearest(wanted, names)}",
        code="U174",
        hint=f"mounted are {', '.join(systems)}; understudy systems operations",
    )
