"""The two views of one case brought together: effects say whether, actions say how and how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from understudy.cost.clauses import tier_of
from understudy.cost.price_list import PriceList
from understudy.cost.wording import shown
from understudy.diff.compare import equal
from understudy.diff.drafts import Detail, Draft, Pricing
from understudy.diff.effects import Effects, FieldDifference, Shape
from understudy.diff.explain import Explanation
from understudy.diff.fields import DEFAULT_RULES
from understudy.diff.lists import Row
from understudy.diff.process import speaks
from understudy.diff.settled import kind_of_place
from understudy.model.action import DESK
from understudy.model.case import Case
from understudy.model.finding import PROCESS_KINDS, STATE_KINDS, Finding, Kind, Severity
from understudy.model.state import Place

__all__ = ["Reconciled", "reconcile"]

_FACT = "reply"
"""The field of a finding about something that the customer was never told."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One case's findings, once its end states are known."""

    outcome: tuple[Finding, ...]
    """What the outcome costs."""
    process: tuple[Finding, ...]
    """What is only about the way."""
    forgiven: tuple[Finding, ...]
    """What the actions alone would have charged, though both sides leave the systems alike."""
    agreed: bool
    """Whether actions and effects alone told the same story."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is charged."""
        return (*self.outcome, *self.process)

    @property
    def outcome_cost_minor(self) -> int:
        """0 exactly where the effects are equal and every required fact was told."""
        return sum(finding.cost_minor for finding in self.outcome)


def reconcile(
    case: Case, explanation: Explanation, effects: Effects, prices: PriceList, repeat: int = 0
) -> Reconciled:
    """The findings of a case whose end states are known.

    Where the effects are equal, two lists of actions were two ways to one state: what they differ
    in has no price, but for what was said, written to be read, tried or not allowed. Where effects
    differ and no priced difference of an action moved the object, its state is priced as
    `unexplained_state_change`, unless the policy lets the actions that moved it differ.
    """
    spoken = {one.operation for side in explanation.compared for one in side if speaks(one)}
    priced = _moved(filter(_costs, explanation.rows), effects)
    granted = _moved(filter(_granted, explanation.rows), effects) - priced
    open_ = [
        each
        for each in effects.differences
        if kind_of_place(each.place) not in granted and not _left_to_people(each, explanation)
    ]
    forgiven = [
        one
        for one in explanation.findings
        if not open_ and one.kind in STATE_KINDS
        and one.system != DESK and one.operation not in spoken and _shows_in_state(one)
    ]  # fmt: skip
    rest = [one for one in explanation.findings if one not in forgiven]
    outcome = [one for one in rest if _of_outcome(one, effects.equal)]
    process = [one for one in rest if one not in outcome]
    process += [_benign(one) for one in forgiven if one.kind is Kind.DUPLICATE_HARMFUL]
    pricing = Pricing(prices, tier_of(case, prices))
    unexplained = [
        draft.finding(case.case_id, explanation.baseline_id, repeat)
        for draft in _unexplained(open_, priced, pricing)
    ]
    claimed = any(_of_state(one) for one in explanation.findings)
    return Reconciled(
        (*outcome, *unexplained),
        tuple(process),
        tuple(forgiven),
        not unexplained and claimed is not effects.equal,
    )


def _shows_in_state(finding: Finding) -> bool:
    """Whether end states can tell: texts for people are held to their facts by actions alone."""
    return finding.field is None or DEFAULT_RULES.of_state(finding.operation or "", finding.field)


def _costs(row: Row) -> bool:
    return any(draft.cost for draft in row.drafts)


def _granted(row: Row) -> bool:
    """Whether a pair differs in what only the policy calls no difference."""
    mine, theirs = row.proposed, row.baseline
    if mine is None or theirs is None or row.drafts:
        return False
    return not equal(mine, theirs, DEFAULT_RULES)


def _left_to_people(each: FieldDifference, explanation: Explanation) -> bool:
    """A person who gets the case does what is missing, which the handover's price covers."""
    return explanation.left_to_people and each.shape is Shape.MISSING


def _of_outcome(finding: Finding, equal: bool) -> bool:
    if finding.kind is Kind.RUN_FAILURE:
        return True
    if equal:
        return finding.kind is Kind.WRONG_MESSAGE and finding.field == _FACT
    return finding.kind not in PROCESS_KINDS


def _of_state(finding: Finding) -> bool:
    told = finding.kind is Kind.WRONG_MESSAGE and finding.field == _FACT
    return finding.kind not in PROCESS_KINDS and not told


def _benign(finding: Finding) -> Finding:
    """A second write that the system shows to have changed nothing."""
    return msgspec.structs.replace(
        finding,
        kind=Kind.DUPLICATE_BENIGN,
        severity=Severity.NONE,
        cost_minor=0,
        rule="duplicate_benign: severity none costs nothing",
    )


def _moved(rows: Iterable[Row], effects: Effects) -> frozenset[Place]:
    """Everything that the actions of rows moved, on either side."""
    told = [one for row in rows for one in (row.proposed, row.baseline) if one is not None]
    return frozenset(kind_of_place(place) for one in told for place in effects.moved_by(one))


def _unexplained(
    open_: list[FieldDifference], moved: frozenset[Place], pricing: Pricing
) -> Iterator[Draft]:
    """One finding per entity, so that two fields of one change are not charged twice."""
    first: dict[Place, FieldDifference] = {}
    for each in open_:
        if kind_of_place(each.place) not in moved:
            first.setdefault(each.place, each)
    return (_changed(each, pricing) for each in first.values())


def _changed(each: FieldDifference, pricing: Pricing) -> Draft:
    price, stake = pricing.bare(Kind.UNEXPLAINED_STATE_CHANGE)
    detail = Detail(
        f"{each.entity} {shown(each.id)} ends differently and no action explains it",
        each.field,
        shown(str(each.baseline)),
        shown(str(each.candidate)),
    )
    return Draft(Kind.UNEXPLAINED_STATE_CHANGE, price, stake, None, lambda: detail)
