"""What a hand-written case expects, held against what a candidate did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from understudy.campaign.side_by_side import beside, compared_rows, head, remark
from understudy.cost.price_list import PriceList
from understudy.cost.wording import deed
from understudy.diff.explain import Explanation, explain
from understudy.model.action import ESCALATION_OPERATION, Action, Effect, Target
from understudy.model.baseline import Baseline, BaselineSource, Outcome
from understudy.model.case import Case
from understudy.model.money import Money
from understudy.model.proposal import CaseRecord, Proposal
from understudy.model.suite import Expectation, Scenario, ScenarioAction
from understudy.systems.routes import operations

__all__ = ["Expected", "broken", "expected_of"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a scenario expects, as what people did."""

    scenario: Scenario
    case_id: str

    def baselines_of(self, case_id: str) -> Sequence[Baseline]:
        """The one baseline, where the scenario says what is to be done."""
        known = _baseline(self.scenario, self.case_id) if case_id == self.case_id else None
        return [] if known is None else [known]


def expected_of(scenario: Scenario, proposal: Proposal) -> Baseline | None:
    """What people do about a case, where it says so.

    What an expected action leaves open, as the text of an answer, is as the candidate did it.
    """
    written = _baseline(scenario, proposal.case_id)
    if written is None:
        return None
    actions = tuple(_completed(written.actions, proposal.actions))
    return msgspec.structs.replace(written, actions=actions)


def _completed(written: Iterable[Action], proposed: Iterable[Action]) -> Iterator[Action]:
    """Each expected action with what it leaves open, taken from the proposed one that it fits."""
    left = [action for action in proposed if not action.refused]
    for one in written:
        fitting = [each for each in left if _could_be(one, each)]
        best = max(fitting, key=lambda each: _alike(one, each), default=None)
        if best is None:
            yield one
            continue
        left.remove(best)
        open_amount = one.amount_minor is None
        yield msgspec.structs.replace(
            one,
            target=one.target or best.target,
            fields={**best.fields, **one.fields},
            amount_minor=best.amount_minor if open_amount else one.amount_minor,
            currency=best.currency if open_amount else one.currency,
        )


def _could_be(written: Action, proposed: Action) -> bool:
    same = written.operation == proposed.operation
    return same and (written.target is None or written.target == proposed.target)


def _alike(written: Action, proposed: Action) -> int:
    fields = sum(int(proposed.fields.get(name) == value) for name, value in written.fields.items())
    return fields + int(written.amount_minor == proposed.amount_minor)


def _baseline(scenario: Scenario, case_id: str) -> Baseline | None:
    expected = scenario.baseline or scenario.expect
    if expected is None or expected.actions is None:
        return None
    known = {operation.name: operation for operation in operations()}
    actions = tuple(_action(each, known) for each in expected.actions)
    escalates = any(action.operation == ESCALATION_OPERATION for action in actions)
    return Baseline(
        case_id=case_id,
        baseline_id=f"{scenario.id}/expected",
        source=BaselineSource.POLICY,
        outcome=Outcome.ESCALATED if escalates else Outcome.ACTED,
        actions=actions,
        reply_facts=scenario.baseline.reply_facts if scenario.baseline else (),
    )


def broken(
    scenario: Scenario, case: Case, record: CaseRecord, prices: PriceList
) -> tuple[str, ...]:
    """What does not hold, as a table of people | candidate | cost; empty where all of it holds.

    No line is longer than 80 columns, and none holds a control character.
    """
    lines = [*_against_actions(scenario, case, record.proposal, prices)]
    lines += (line for each in _unmet(scenario.expect, record) for line in each.lines())
    failure = record.proposal.failure
    if failure is not None:
        lines += [*beside("an answer", "failed"), *remark(f"{failure.reason}: {failure.detail}")]
    if not lines:
        return ()
    return (*head(), *lines)


def _against_actions(
    scenario: Scenario, case: Case, proposal: Proposal, prices: PriceList
) -> list[str]:
    """The differences from the expected actions, where they cost more than they may."""
    baseline = expected_of(scenario, proposal)
    if baseline is None:
        return []
    explanation = explain(case, proposal, [baseline], prices)
    limit = scenario.expect.cost_at_most if scenario.expect else None
    currency = prices.policy.currency
    most = Money(0, currency) if limit is None else limit
    if explanation.cost_minor <= prices.in_own_minor(most.minor, most.currency):
        return []
    total = f"in all {Money(explanation.cost_minor, currency)}, at most {most}"
    return [*_told(explanation, currency), total]


def _told(explanation: Explanation, currency: str) -> Iterator[str]:
    yield from compared_rows([row for row in explanation.rows if row.drafts], currency)
    seen = [(draft.kind, draft.cost) for row in explanation.rows for draft in row.drafts]
    for finding in explanation.findings:
        if (finding.kind, finding.cost_minor) in seen:
            seen.remove((finding.kind, finding.cost_minor))
            continue
        cost = str(Money(finding.cost_minor, currency))
        yield from beside("-", "-", cost)
        yield from remark(f"{finding.kind} ({finding.severity}): {finding.explanation}")


@dataclass(frozen=True, slots=True)
class _Unmet:
    """One expectation that does not hold; it has no price."""

    what: str
    people: str
    candidate: str

    def lines(self) -> Iterator[str]:
        """The two sides, and which expectation it is."""
        yield from beside(self.people, self.candidate)
        yield from remark(self.what)


def _unmet(expect: Expectation | None, record: CaseRecord) -> Iterator[_Unmet]:
    if expect is None:
        return
    proposal = record.proposal
    escalated = proposal.outcome is Outcome.ESCALATED
    if expect.escalated is not None and escalated is not expect.escalated:
        yield _Unmet("expect.escalated", _handed(expect.escalated), _handed(escalated))
    if expect.no_writes:
        for action in _writes(proposal.actions):
            yield _Unmet("expect.no_writes", "no writes", deed(action))
    if expect.fallback:
        yield from _no_fallback(record, escalated)
    elif expect.fallback is False and escalated:
        yield _Unmet("expect.fallback", "went on in spite of the fault", _handed(escalated))


def _no_fallback(record: CaseRecord, escalated: bool) -> Iterator[_Unmet]:
    """What is missing from a fallback: a fault, a person, or holding still in doubt."""
    if not any(count.acted for count in record.faults.values()):
        yield _Unmet("expect.fallback", "a fault strikes", "met no fault")
    if not escalated:
        yield _Unmet("expect.fallback", "handed to a person after the fault", _handed(escalated))
    actions = record.proposal.actions
    doubt = next((n for n, one in enumerate(actions) if not one.candidate_saw_response), None)
    for action in _writes(actions[doubt + 1 :]) if doubt is not None else ():
        yield _Unmet("expect.fallback", "nothing written in doubt", f"{deed(action)} nonetheless")


def _handed(escalated: bool) -> str:
    return "handed to a person" if escalated else "not handed to a person"


def _writes(actions: Iterable[Action]) -> list[Action]:
    return [
        action
        for action in actions
        if action.effect is not Effect.READ and not action.escalates and not action.refused
    ]


def _action(written: ScenarioAction, known: Mapping[str, Any]) -> Action:
    operation = known.get(written.operation)
    target = written.target
    return Action(
        system=written.operation.partition(".")[0],
        operation=written.operation,
        target=Target(type=target["type"], id=target.get("id")) if target else None,
        fields=written.fields,
        amount_minor=written.amount.minor if written.amount else None,
        currency=written.amount.currency if written.amount else None,
        effect=operation.effect if operation else Effect.WRITE,
        reversible_by=operation.reversible_by if operation else None,
    )
