"""How our judgement compares with the verdict that an imported log carries for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.model.printable import printable
from understudy.model.proposal import Proposal

__all__ = ["Strays", "agreement_text", "compare_with_log"]

Strays = Mapping[tuple[str, int], Sequence[str]]
"""For each case and repeat the accepted writes that only one side did, in words."""


def compare_with_log(proposals: Sequence[Proposal], strays: Strays) -> dict[str, Any] | None:
    """Agreement on the end state with the log's own `state_match`; None where it has none.

    Our side is judged from actions alone: the end state is taken as equal where the accepted
    writes equal a baseline's. Each miss is listed with the writes that only one side did.
    """
    judged = [one for one in proposals if (one.case_id, one.repeat) in strays]
    recorded = [
        one for one in judged if one.recorded is not None and one.recorded.state_match is not None
    ]
    if not recorded:
        return None
    misses = [miss for one in recorded if (miss := _miss(one, strays[one.case_id, one.repeat]))]
    agreeing = len(recorded) - len(misses)
    return {
        "measure": "state_match",
        "runs": len(recorded),
        "agreeing": agreeing,
        "share": round(agreeing / len(recorded), 4),
        "without_recorded_state": len(proposals) - len(recorded),
        "misses": misses,
    }


def _miss(proposal: Proposal, stray: Sequence[str]) -> dict[str, Any] | None:
    recorded = bool(proposal.recorded and proposal.recorded.state_match)
    if recorded is not bool(stray):
        return None
    return {
        "case_id": proposal.case_id,
        "recorded": "equal state" if recorded else "other state",
        "judged": "other writes" if stray else "equal writes",
        "explanation": "; ".join((*stray, _NO_EFFECT)) if stray else _SAME,
    }


_NO_EFFECT = (
    "the log calls the end states equal, so these writes had no effect there, as a reference "
    "action that the system refuses, or two ways led to one state"
)
_SAME = "the accepted writes equal the reference's, so the log's other state has another cause"


def agreement_text(external: Mapping[str, Any] | None) -> str:
    """The agreement with the log's own verdicts for the terminal, every miss with its reason."""
    if external is None:
        return ""
    lines = [
        f"AGREEMENT with the log's own verdict on the end state, from actions alone: "
        f"{external['agreeing']} of {external['runs']} runs ({external['share']:.1%})"
    ]
    if external["without_recorded_state"]:
        lines.append(f"  {external['without_recorded_state']} runs carry no such verdict")
    lines += [
        f"  - {miss['case_id']}: the log says {miss['recorded']}, the actions say "
        f"{miss['judged']}: {miss['explanation']}"
        for miss in external["misses"]
    ]
    return "\n\n" + "\n".join(printable(line) for line in lines)
