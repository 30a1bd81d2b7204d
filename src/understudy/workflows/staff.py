"""The people: who takes a case, how long they need, and how often they do otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from understudy.workflows.recipe import Recipe, Situation, Slips, Step

__all__ = [
    "Handling",
    "Rates",
    "decide",
    "facts_as_typed",
    "handlers",
    "known_rates",
    "other_ways",
    "seconds_for",
    "seconds_to_read",
]

_OTHER_TAGS = ("billing", "other", "customer_wish")
_SECONDS = {
    "refund": 55, "credit_balance": 70, "credit_note": 80, "cancel": 45, "seats": 60, "reply": 90,
    "address": 75, "email": 50, "phone": 45, "merge_contacts": 120, "dispute_evidence": 200,
    "escalate": 60, "crm_note": 40, "crm_task": 40,
}  # fmt: skip
_UNSEEN = ("crm_note", "crm_task", "tag", "priority")
"""What the customer does not see, and somebody therefore forgets: the first that there is."""
_QUICK = 12
Chosen = TypeVar("Chosen")
_READING = 75


@dataclass(frozen=True, slots=True)
class Handling:
    """What somebody is going to do about a case, and which slip is in it."""

    steps: tuple[Step, ...]
    slip: str | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of a workflow's handlings with a slip, and of its pairs of handlings that differ."""

    errors: float
    disagreements: float


def handlers(staff: Sequence[str], twice: float, rng: Random) -> list[str]:
    """Who handles a case: one person, and with probability `twice` another one as well."""
    first = rng.choice(staff)
    if rng.random() >= twice or len(staff) < 2:
        return [first]
    return [first, rng.choice([name for name in staff if name != first])]


def decide(situation: Situation, slips: Slips, rng: Random) -> Handling:
    """One of the right ways, but for a slip now and then: at most one in a handling."""
    others = ((way.does, way.share) for way in situation.alternatives)
    steps = _drawn(others, rng) or situation.does
    slip = _drawn(slips, rng)
    return _slipped(steps, slip, rng) if slip else Handling(steps)


def _drawn(chances: Iterable[tuple[Chosen, float]], rng: Random) -> Chosen | None:
    """What is chosen, each with its chance; None for what is left of them."""
    chance = rng.random()
    for each, share in chances:
        if chance < share:
            return each
        chance -= share
    return None


def other_ways(situation: Situation, taken: Sequence[Handling]) -> list[Handling]:
    """The handlings that the policy calls as good and that nobody chose."""
    ways = situation.ways if situation.alternatives else ()
    return [Handling(way) for way in ways if all(way != done.steps for done in taken)]


def known_rates(recipe: Recipe) -> Rates:
    """How often people slip in a workflow, and how often two of them do not do the same.

    Over all its situations: with ways of chance `p` each, two people differ with the chance
    `1 - sum(p ** 2)`. Two wrong tags count as one way.

    >>> from understudy.workflows.recipe import recipe_named
    >>> known_rates(recipe_named("vip-escalation"))
    Rates(errors=0.01, disagreements=0.2393)
    """
    whole = sum(situation.share for situation in recipe.situations)
    errors = disagreements = 0.0
    for situation in recipe.situations:
        chances = _chances(situation, recipe.slips)
        part = situation.share / whole
        errors += part * sum(chance for handling, chance in chances if handling.slip)
        disagreements += part * (1 - sum(chance**2 for _, chance in chances))
    return Rates(round(errors, 4), round(disagreements, 4))


def _chances(situation: Situation, slips: Slips) -> list[tuple[Handling, float]]:
    """Each thing that somebody may do, with its chance."""
    shares = [way.share for way in situation.alternatives]
    found: dict[Handling, float] = defaultdict(float)
    for steps, share in zip(situation.ways, (1 - sum(shares), *shares), strict=True):
        right = share
        for name, rate in slips:
            found[_slipped(steps, name, Random(0))] += share * rate
            right -= share * rate
        found[Handling(steps)] += right
    return list(found.items())


def _slipped(steps: tuple[Step, ...], name: str, rng: Random) -> Handling:
    verbs = [step.verb for step in steps]
    if name == "overcautious" and "escalate" not in verbs:
        return Handling((Step(verb="escalate", argument="unsure"),), name)
    left_out = next((verb for verb in _UNSEEN if verb in verbs and len(verbs) > 1), None)
    if name == "forgets" and left_out:
        return Handling(tuple(step for step in steps if step.verb != left_out), name)
    if name == "wrong_tag" and "tag" in verbs:
        tag = Step(verb="tag", argument=rng.choice(_OTHER_TAGS))
        return Handling(tuple(tag if step.verb == "tag" else step for step in steps), name)
    if name == "mistypes_amount" and {"refund", "credit_balance", "credit_note"} & set(verbs):
        return Handling(steps, name)
    return Handling(steps)


def facts_as_typed(facts: Mapping[str, Any], handling: Handling) -> dict[str, Any]:
    """The facts as they leave somebody's fingers: a mistyped amount has two digits swapped.

    >>> slip = Handling((), "mistypes_amount")
    >>> facts_as_typed({"charge_amount": 4900}, slip)["charge_amount"]
    4090
    """
    typed = dict(facts)
    if handling.slip == "mistypes_amount":
        for name in ("charge_amount", "part_minor", "invoice_total", "invoice_tax"):
            if name in typed:
                typed[name] = _swapped(int(typed[name]))
    return typed


def _swapped(number: int) -> int:
    """The first two neighbouring digits whose exchange makes the number smaller, exchanged."""
    digits = list(str(number))
    for place in range(len(digits) - 1):
        if digits[place] > digits[place + 1] and (place or digits[1] != "0"):
            digits[place], digits[place + 1] = digits[place + 1], digits[place]
            return int("".join(digits))
    return number


def seconds_for(verb: str, rng: Random) -> float:
    """How long one step takes a person."""
    return _SECONDS.get(verb, _QUICK) * (0.6 + 0.9 * rng.random())


def seconds_to_read(rng: Random) -> float:
    """How long it takes to read a ticket and look around."""
    return _READING * (0.5 + 2 * rng.random())
