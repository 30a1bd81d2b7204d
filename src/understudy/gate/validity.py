"""Why a run cannot support a verdict: what makes it INVALID, never NO-GO."""

from __future__ import annotations

import math
from collections.abc import Iterator

from understudy.gate.facts import RunFacts
from understudy.model.cost import CaseCost, CostSummary
from understudy.model.names import Names
from understudy.model.printable import printable

__all__ = ["LEAST_JUDGED", "has_sound_costs", "reasons_against"]

LEAST_JUDGED = 0.99
"""The share of the cases run that must have been judged."""


def reasons_against(cost: CostSummary, facts: RunFacts) -> tuple[str, ...]:
    """Everything that forbids a verdict, as sentences; empty where nothing does."""
    return tuple(_reasons(cost, facts))


def _reasons(cost: CostSummary, facts: RunFacts) -> Iterator[str]:
    if not cost.per_case or not facts.judged:
        yield "no case was judged"
        return
    yield from _about_counts(cost, facts)
    yield from _about_costs(cost)
    if facts.wall is not None and facts.wall.self_test == "failed":
        yield (
            "the self-test of the wall failed, so nothing shows that the candidate was kept "
            "from the outside"
        )
    yield from facts.broken
    for control in facts.controls:
        if control.told_apart is False:
            note = f" ({control.note})" if control.note else ""
            yield f"the control `{control.name}` was not told apart{note}"


def _about_counts(cost: CostSummary, facts: RunFacts) -> Iterator[str]:
    if facts.judged < LEAST_JUDGED * facts.run:
        yield (
            f"only {facts.judged:,} of {facts.run:,} cases could be judged; "
            f"at least {LEAST_JUDGED:.0%} must be"
        )
    if facts.unmocked > (1 - LEAST_JUDGED) * facts.run:
        yield (
            f"in {facts.unmocked:,} of {facts.run:,} cases the candidate made calls that nothing "
            f"serves, and of its conduct after them nothing is known; more than "
            f"{1 - LEAST_JUDGED:.0%} of the cases are too many"
        )
    if facts.judged != len(cost.per_case):
        yield (
            f"{facts.judged:,} cases are said to be judged, "
            f"but costs are there for {len(cost.per_case):,}"
        )
    if all(case.failed for case in cost.per_case):
        yield f"all {len(cost.per_case):,} cases failed, so the candidate was never seen to work"
    names, twice = Names(), dict[str, None]()
    for case in cost.per_case:
        known = len(names)
        if names.number(case.case_id) < known:
            twice[case.case_id] = None
    if twice:
        others = f" and {len(twice) - 1:,} more stand" if len(twice) > 1 else " stands"
        first = next(iter(twice))
        yield f"the case id `{printable(first, 60)}`{others} more than once"


def _about_costs(cost: CostSummary) -> Iterator[str]:
    unfit = next((case for case in cost.per_case if not _is_sound(case)), None)
    if unfit is not None:
        yield (
            f"the cost of case `{printable(unfit.case_id, 60)}` is {unfit.error_cost_minor}, "
            f"its net value {unfit.net_value_minor}; costs are finite and not negative"
        )


def has_sound_costs(cost: CostSummary) -> bool:
    """Whether every cost is a finite number that can be counted with."""
    return all(_is_sound(case) for case in cost.per_case)


def _is_sound(case: CaseCost) -> bool:
    error, net = case.error_cost_minor, case.net_value_minor
    return math.isfinite(error) and math.isfinite(net) and error >= 0 and case.critical >= 0
