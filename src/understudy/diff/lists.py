"""Two lists of actions against one baseline: the cheapest explanation, priced line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from understudy.diff.align import cheapest_alignment
from understudy.diff.compare import compare, equal
from understudy.diff.drafts import Draft, Pricing, total
from understudy.diff.families import pairable
from understudy.diff.wording import told
from understudy.model.action import Action, Effect
from understudy.model.finding import Kind

__all__ = ["Stance", "Story", "explain_lists", "unmatched", "writes"]


@dataclass(frozen=True, slots=True)
class Stance:
    """What the two sides did with the case as a whole."""

    handed_over: bool
    """The candidate gave the case to a person, who does what is still missing."""
    people_escalated: bool


@dataclass(frozen=True, slots=True)
class Story:
    """An explanation against one baseline, and how many actions agree."""

    drafts: tuple[Draft, ...]
    agreeing: int

    @property
    def cost(self) -> int:
        """What the explanation costs in all."""
        return total(self.drafts)


def explain_lists(
    proposed: Sequence[Action], baseline: Sequence[Action], pricing: Pricing, stance: Stance
) -> Story:
    """The cheapest explanation of the difference between two lists of accepted writes."""
    rest, open_, agreeing = unmatched(proposed, baseline)
    if not rest and not open_:
        return Story((), len(agreeing))
    extras = [_extra(action, [*agreeing, *rest[:i]], pricing) for i, action in enumerate(rest)]
    missing = [_missing(action, pricing, stance) for action in open_]
    pairs = [
        [_pair(actual, wanted, pricing, extras[i], missing[j]) for j, wanted in enumerate(open_)]
        for i, actual in enumerate(rest)
    ]
    prices = [[None if cell is None else total(cell) for cell in row] for row in pairs]
    drafts: list[Draft] = []
    alignment = cheapest_alignment(
        prices, [total(each) for each in extras], [total(each) for each in missing]
    )
    for i, j in alignment:
        if i is not None and j is not None:
            drafts += pairs[i][j] or ()
        elif i is not None:
            drafts += extras[i]
        elif j is not None:
            drafts += missing[j]
    return Story(tuple(drafts), len(agreeing))


def unmatched(
    proposed: Sequence[Action], baseline: Sequence[Action]
) -> tuple[list[Action], list[Action], list[Action]]:
    """What is left on either side without its equal on the other, and what agrees.

    Pairs that cost nothing are part of every cheapest story, so they need no assignment.
    """
    open_ = list(baseline)
    rest: list[Action] = []
    agreeing: list[Action] = []
    for action in proposed:
        partner = next((j for j, wanted in enumerate(open_) if equal(action, wanted)), None)
        if partner is None:
            rest.append(action)
        else:
            del open_[partner]
            agreeing.append(action)
    return rest, open_, agreeing


def _pair(
    actual: Action,
    wanted: Action,
    pricing: Pricing,
    extra: tuple[Draft, ...],
    missing: tuple[Draft, ...],
) -> tuple[Draft, ...] | None:
    if not pairable(actual, wanted):
        return None
    return compare(actual, wanted, pricing, total(extra) + total(missing))


def _extra(action: Action, earlier: Sequence[Action], pricing: Pricing) -> tuple[Draft, ...]:
    """What the candidate did and nobody else: over-escalation, a duplicate, or one too many."""
    if action.escalates:
        price, stake = pricing.handover(Kind.OVER_ESCALATION)
        text = "handed the case to a person, where people solved it themselves"
        return (Draft(Kind.OVER_ESCALATION, price, stake, action, None, told(action), text),)
    if any(equal(action, one) for one in earlier):
        kind = Kind.DUPLICATE_HARMFUL if _changed_state(action) else Kind.DUPLICATE_BENIGN
        price, stake = pricing.of(kind, action)
        return (Draft(kind, price, stake, action, None, told(action), f"did {told(action)} twice"),)
    price, stake = pricing.of(Kind.EXTRA_ACTION, action)
    text = f"did {told(action)}, which nobody did"
    return (Draft(Kind.EXTRA_ACTION, price, stake, action, None, told(action), text),)


def _changed_state(action: Action) -> bool:
    """Whether doing it once more changed anything; where that is unknown, by its effect."""
    if action.before is not None and action.after is not None:
        return action.before != action.after
    return action.effect.grave or action.operation.rpartition(".")[2].startswith("create")


def _missing(action: Action, pricing: Pricing, stance: Stance) -> tuple[Draft, ...]:
    """What people did and the candidate left out."""
    if action.escalates:
        return _kept(action, pricing)
    if stance.handed_over and not stance.people_escalated:
        return ()
    price, stake = pricing.of(Kind.MISSING_ACTION, action)
    text = f"left out {told(action)}, which people did"
    return (Draft(Kind.MISSING_ACTION, price, stake, action, told(action), None, text),)


def _kept(action: Action, pricing: Pricing) -> tuple[Draft, ...]:
    price, stake = pricing.of(Kind.UNDER_ESCALATION, action)
    text = "kept a case that people escalated"
    return (Draft(Kind.UNDER_ESCALATION, price, stake, action, told(action), None, text),)


def writes(actions: Sequence[Action]) -> list[Action]:
    """The actions that had an effect: no reads, and nothing that the system refused."""
    return [action for action in actions if action.effect is not Effect.READ and not action.refused]
