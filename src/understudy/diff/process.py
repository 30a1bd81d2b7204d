"""What is wrong with the way, whatever people did: controls, order, failure, things left unsaid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from understudy.cost.clauses import Breach, breaches
from understudy.cost.wording import deed, shown
from understudy.diff.drafts import Detail, Draft, Pricing
from understudy.diff.facts import missing_facts
from understudy.diff.fields import Edge
from understudy.model.action import Action, Effect
from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.finding import Kind, Severity
from understudy.model.proposal import Proposal

__all__ = ["clauses", "controls", "failure", "order", "speaks", "unsaid", "writes"]


def writes(actions: Sequence[Action]) -> list[Action]:
    """The actions that had an effect: no reads, and nothing that the system refused."""
    return [action for action in actions if action.effect is not Effect.READ and not action.refused]


def speaks(action: Action) -> bool:
    """Whether somebody outside gets to see what an action says."""
    return action.effect in (Effect.SEND, Effect.PUBLISH) or action.fields.get("public") is True


def controls(proposal: Proposal, pricing: Pricing) -> Iterator[Draft]:
    """What the policy lets nobody do, or nobody without an approval.

    The policy is the judge here and not the people: a recording seldom shows who signed what, so
    only an operation that the policy itself lists needs an approval, and then for the candidate
    even where people did the same. A forbidden write counts although the system refused it, since
    the attempt is the offence; an unapproved one counts only if it took effect.
    """
    prices = pricing.prices
    for action in proposal.actions:
        forbidden = prices.forbidding_rule(action)
        if forbidden is not None:
            yield _against_rule(Kind.UNAUTHORIZED, action, forbidden.clause, pricing)
            continue
        if action.refused or action.effect is Effect.READ or action.approval_ref is not None:
            continue
        asked = prices.approval_rule(action)
        if asked is not None:
            yield _against_rule(Kind.UNAPPROVED, action, asked.clause, pricing)


def clauses(case: Case, proposal: Proposal, pricing: Pricing) -> Iterator[Draft]:
    """Sentences of the policy that the candidate broke, each by its id.

    An approval that `controls` misses already is not asked for twice.
    """
    for breach in breaches(case, proposal.actions, pricing.prices):
        if not breach.lacks_approval:
            yield _broken(Kind.POLICY_VIOLATION, breach, pricing)
        elif pricing.prices.approval_rule(breach.action) is None:
            yield _broken(Kind.UNAPPROVED, breach, pricing)


def _broken(kind: Kind, breach: Breach, pricing: Pricing) -> Draft:
    clause, action = breach.clause, breach.action
    price, stake = pricing.of(kind, action)
    tried = "tried: " if action.refused else ""
    needs = f", which requires {clause.requires}" if clause.requires else ""
    return Draft(
        kind, price, stake, action,
        lambda: Detail(
            f"{tried}{deed(action)} against {clause.id} ({shown(clause.text)}){needs}",
            expected=clause.requires, actual=deed(action), clause=clause.id,
        ),
    )  # fmt: skip


def order(
    proposed: Sequence[Action], wanted: Sequence[Action], edges: Sequence[Edge], pricing: Pricing
) -> Iterator[Draft]:
    """Operations that belong before others and came after them, where people kept to it."""
    if not edges:
        return
    mine, theirs = _first_times(proposed), _first_times(wanted)
    for edge in edges:
        if not all(each in times for each in (edge.first, edge.then) for times in (mine, theirs)):
            continue
        kept = theirs[edge.first] < theirs[edge.then]
        if kept and mine[edge.first] > mine[edge.then]:
            yield _out_of_order(proposed[mine[edge.then]], edge, pricing)


def failure(proposal: Proposal, pricing: Pricing) -> Iterator[Draft]:
    """A candidate that crashed, hung or answered nonsense leaves the case to a person."""
    failed = proposal.failure
    if failed is None:
        return
    price, stake = pricing.handover(Kind.RUN_FAILURE)
    said = f": {shown(failed.detail)}" if failed.detail else ""
    words = f"ended without a usable answer ({shown(failed.reason)}){said}"
    detail = Detail(words, actual=shown(failed.reason))
    yield Draft(Kind.RUN_FAILURE, price, stake, None, lambda: detail)


def unsaid(proposal: Proposal, baseline: Baseline, pricing: Pricing) -> Iterator[Draft]:
    """Facts that the customer had to be told, looked for in everything that went out to them."""
    if not baseline.reply_facts:
        return
    texts = [*proposal.replies, *_written(proposal.actions)]
    for fact in missing_facts(baseline.reply_facts, texts):
        yield _untold(shown(fact), pricing)


def _untold(fact: str, pricing: Pricing) -> Draft:
    price, stake = pricing.bare(Kind.WRONG_MESSAGE)
    return Draft(
        Kind.WRONG_MESSAGE, price, stake, None,
        lambda: Detail(f"never told the customer `{fact}`", "reply", fact),
    )  # fmt: skip


def _against_rule(kind: Kind, action: Action, clause: str, pricing: Pricing) -> Draft:
    price, stake = pricing.of(kind, action)
    lacks = "although the policy lets nobody write here"
    if kind is Kind.UNAPPROVED:
        lacks = "without the approval that the policy asks for"
    tried = "tried: " if action.refused else ""
    return Draft(
        kind, price, stake, action,
        lambda: Detail(f"{tried}{deed(action)} {lacks}", actual=deed(action), clause=clause),
    )  # fmt: skip


def _out_of_order(action: Action, edge: Edge, pricing: Pricing) -> Draft:
    severity = Severity.HIGH if edge.gate else None
    price, stake = pricing.of(Kind.OUT_OF_ORDER, action, 0, severity=severity)
    return Draft(
        Kind.OUT_OF_ORDER, price, stake, action,
        lambda: Detail(
            f"{deed(action)} before {edge.first}",
            "order", f"{edge.first} before {edge.then}", f"{edge.then} first",
        ),
    )  # fmt: skip


def _first_times(actions: Sequence[Action]) -> dict[str, int]:
    times: dict[str, int] = {}
    for place, action in enumerate(actions):
        times.setdefault(action.operation, place)
    return times


def _written(actions: Sequence[Action]) -> list[str]:
    """The texts that a customer gets to see."""
    return [
        value
        for action in actions
        if not action.refused and speaks(action)
        for value in action.fields.values()
        if isinstance(value, str)
    ]
