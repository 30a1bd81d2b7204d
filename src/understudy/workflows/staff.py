"""The people: who takes a case, how long they need, and how often they do otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from understudy.workflows.recipe import Situation, Slips, Step

__all__ = [
    "Handling",
    "decide",
    "facts_as_typed",
    "handlers",
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
_QUICK = 12
_READING = 75


@dataclass(frozen=True, slots=True)
class Handling:
    """What somebody is going to do about a case, and which slip is in it."""

    steps: tuple[Step, ...]
    slip: str | None = None


def handlers(staff: Sequence[str], twice: float, rng: Random) -> list[str]:
    """Who handles a case: one person, and with probability `twice` another one as well."""
    first = rng.choice(staff)
    if rng.random() >= twice or len(staff) < 2:
        return [first]
    return [first, rng.choice([name for name in staff if name != first])]


def decide(situation: Situation, slips: Slips, rng: Random) -> Handling:
    """What the policy asks for, but for a slip now and then: at most one in a handling."""
    steps = situation.does
    if situation.or_does and rng.random() < slips.other_way:
        steps = situation.or_does
    chance = rng.random()
    for name, rate in (
        ("overcautious", slips.overcautious),
        ("mistypes_amount", slips.mistypes_amount),
        ("forgets_note", slips.forgets_note),
        ("wrong_tag", slips.wrong_tag),
    ):
        if chance < rate:
            return _slipped(steps, name, rng)
        chance -= rate
    return Handling(steps)


def other_ways(situation: Situation, taken: Sequence[Handling]) -> list[Handling]:
    """The handlings that the policy calls as good and that nobody chose."""
    ways = [situation.does, situation.or_does] if situation.or_does else []
    return [Handling(way) for way in ways if all(way != done.steps for done in taken)]


def _slipped(steps: tuple[Step, ...], name: str, rng: Random) -> Handling:
    verbs = [step.verb for step in steps]
    if name == "overcautious" and "escalate" not in verbs:
        return Handling((Step(verb="escalate", argument="unsure"),), name)
    if name == "forgets_note" and "crm_note" in verbs:
        return Handling(tuple(step for step in steps if step.verb != "crm_note"), name)
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
