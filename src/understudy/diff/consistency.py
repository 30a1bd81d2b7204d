"""The two views of one case brought together: effects say whether, actions say how and how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from understudy.cost.clauses import tier_of
from understudy.cost.price_list import PriceList
from understudy.cost.wording import shown
from understudy.diff.drafts import Detail, Draft, Pricing
from understudy.diff.effects import Effects, FieldDifference
from understudy.diff.explain import Explanation
from understudy.model.case import Case
from understudy.model.finding import PROCESS_KINDS, Finding, Kind

__all__ = ["Reconciled", "reconcile"]

_FACT = "reply"
"""The field of a finding about something that the customer was never told."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One case's findings: what the outcome costs, and what is only about the way."""

    outcome: tuple[Finding, ...]
    process: tuple[Finding, ...]
    agreed: bool
    """Whether actions and effects alone told the same story."""

    @property
    def outcome_cost_minor(self) -> int:
        """0 exactly where the effects are equal and every required fact was told."""
        return sum(finding.cost_minor for finding in self.outcome)


def reconcile(
    case: Case, explanation: Explanation, effects: Effects, prices: PriceList, repeat: int = 0
) -> Reconciled:
    """The findings of a case whose end states are known.

    Where the effects are equal, two lists of actions were two ways to one state, so nothing of it
    is an outcome but a failed run and a fact that was not told. Where they differ and no action's
    difference has a price, the state is priced as `unexplained_state_change`.
    """
    outcome = [one for one in explanation.findings if _of_outcome(one, effects.equal)]
    process = [one for one in explanation.findings if one not in outcome]
    priced = any(one.cost_minor > 0 and _of_state(one) for one in outcome)
    explained = effects.equal or priced
    if not explained:
        drafts = _unexplained(effects, Pricing(prices, tier_of(case, prices)))
        outcome += [
            draft.finding(case.case_id, explanation.baseline_id, repeat) for draft in drafts
        ]
    claimed = any(_of_state(one) for one in explanation.findings)
    return Reconciled(tuple(outcome), tuple(process), explained and claimed is not effects.equal)


def _of_outcome(finding: Finding, equal: bool) -> bool:
    if finding.kind is Kind.RUN_FAILURE:
        return True
    if equal:
        return finding.kind is Kind.WRONG_MESSAGE and finding.field == _FACT
    return finding.kind not in PROCESS_KINDS


def _of_state(finding: Finding) -> bool:
    told = finding.kind is Kind.WRONG_MESSAGE and finding.field == _FACT
    return finding.kind not in PROCESS_KINDS and not told


def _unexplained(effects: Effects, pricing: Pricing) -> Sequence[Draft]:
    """One finding per entity, so that two fields of one change are not charged twice."""
    first: dict[tuple[str, str], FieldDifference] = {}
    for each in effects.differences:
        first.setdefault((each.entity, each.id), each)
    return [_changed(each, pricing) for each in first.values()]


def _changed(each: FieldDifference, pricing: Pricing) -> Draft:
    price, stake = pricing.bare(Kind.UNEXPLAINED_STATE_CHANGE)
    detail = Detail(
        f"{each.entity} {shown(each.id)} ends differently and no action explains it",
        each.field,
        shown(str(each.baseline)),
        shown(str(each.candidate)),
    )
    return Draft(Kind.UNEXPLAINED_STATE_CHANGE, price, stake, None, lambda: detail)
