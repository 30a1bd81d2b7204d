"""The faults that acted in one case of a run, as a scenario plans them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.model.action import Action
from understudy.model.campaign import Fault
from understudy.model.proposal import CaseRecord

__all__ = ["faults_of"]


def faults_of(planned: Sequence[Mapping[str, Any]], record: CaseRecord) -> list[dict[str, Any]]:
    """Those of the plan that acted in the case, so that they do so again.

    In the run they were drawn by the case's id and a share; here each befalls the call that it
    befell, where a write tells which one that was, and else every such call.
    """
    found = []
    for each in planned:
        fault = Fault.model_validate(each)
        count = record.faults.get(str(fault))
        if count is not None and count.acted:
            match = fault.match.model_dump(exclude={"share", "case", "nth"}, exclude_none=True)
            nth = fault.match.nth or _which(fault, record.proposal.actions)
            told = {"match": {**match, **({"nth": nth} if nth else {})}, "do": fault.do.value}
            found.append({**told, **({"options": fault.options} if fault.options else {})})
    return found


def _which(fault: Fault, actions: Sequence[Action]) -> int | None:
    """Which call of its operation the fault befell, counted from 1."""
    operation = fault.match.operation
    same = [action for action in actions if action.operation == operation]
    for number, action in enumerate(same, 1):
        if fault.do.value in (action.fault or "").split("+"):
            return number
    return None
