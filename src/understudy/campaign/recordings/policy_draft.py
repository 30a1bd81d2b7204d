"""A first policy for a recording: limits and tiers as people's own handling shows them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import ceil
from pathlib import Path

from understudy.model.action import DESK, Action, Effect
from understudy.model.errors import RecordingError
from understudy.model.money import Money
from understudy.model.policy import Policy
from understudy.traffic.recording import Recording, read_recording

__all__ = ["draft_policy", "policy_text"]

_FACTORS = {"standard": "1.0", "premium": "1.5", "regulated": "2.0"}


def draft_policy(recording: Path, out: Path) -> str:
    """Write the draft beside nothing that exists; returns what to do with it."""
    text = policy_text(read_recording(recording))
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RecordingError(
            f"`{out}` exists already", code="U449", hint="name another file with --out"
        ) from None
    return f"wrote {out}: a draft; put your own numbers in and name an owner"


def policy_text(recording: Recording) -> str:
    """The draft as YAML, each number with what it was taken from.

    A limit is the largest amount that people moved by the operation, rounded up to whole units.
    """
    actions = [
        action
        for case in recording.cases
        for baseline in recording.baselines_of(case.case_id)
        for action in baseline.actions
        if action.effect is not Effect.READ and not action.refused and action.system != DESK
    ]
    return "\n".join(_lines(recording, actions)) + "\n"


def _lines(recording: Recording, actions: list[Action]) -> Iterator[str]:
    money = Counter(action.currency.upper() for action in actions if action.currency)
    own = money.most_common(1)[0][0] if money else "EUR"
    yield f"# Drafted from {len(recording.cases):,} cases: limits observed, prices by default."
    yield "# Without an owner these prices are illustrative:"
    yield "#   owner: {name: …, role: …, date: …}"
    yield from ("version: 1", f"currency: {own}")
    yield from _prices(own)
    yield "tiers:"
    seen = Counter(case.tier for case in recording.cases)
    for tier in sorted({*_FACTORS, *seen}):
        yield f"  {tier}: {_FACTORS.get(tier, '1.0')}  # {seen[tier]:,} cases"
    foreign = sorted(money.keys() - {own})
    if foreign:
        yield f"# How much of {own} one unit buys; {', '.join(foreign)} cannot be priced without."
        yield "# rates:"
        yield "#   date: …"
        yield from (f"#   {currency}: …  # {money[currency]:,} actions" for currency in foreign)
    yield from _operations(actions, own)


def _prices(own: str) -> Iterator[str]:
    """The default price list in this currency, as many of its minor units as of the euro's."""

    def money(amount: Money) -> str:
        return f"{Money(amount.minor, own).major} {own}"

    usual = Policy(version=1, currency="EUR")
    floors = {
        name: Money(int(floor * 100), own).major
        for name, floor in usual.floors.model_dump().items()
    }
    yield f"floors: {_flow(floors)}  # in {own}, by severity"
    yield f"weights: {_flow(usual.weights.model_dump())}  # of the amount at stake"
    yield f"cap: {money(usual.cap)}"
    review, handling = usual.review, usual.handling
    yield (
        f"review: {{cost: {money(review.cost)}, catch_rate: {review.catch_rate}, "
        f"rework: {money(review.rework)}}}"
    )
    yield (
        f"handling: {{human_cost: {money(handling.human_cost)}, "
        f"escalation_overhead: {money(handling.escalation_overhead)}, "
        f"model_cost: {money(handling.model_cost)}}}"
    )


def _flow(values: Mapping[str, Decimal]) -> str:
    return "{" + ", ".join(f"{name}: {value:f}" for name, value in values.items()) + "}"


def _operations(actions: list[Action], own: str) -> Iterator[str]:
    by_name: dict[str, list[Action]] = defaultdict(list)
    for action in actions:
        by_name[action.operation].append(action)
    if not by_name:
        return
    yield "operations:"
    for name in sorted(by_name):
        done = by_name[name]
        amounts = [
            abs(action.amount_minor)
            for action in done
            if action.amount_minor is not None and (action.currency or own).upper() == own
        ]
        if any(action.effect is Effect.PAY for action in done) and amounts:
            most = ceil(Money(max(amounts), own).major)
            yield (
                f"  {name}: {{class: approval_required, above: {most} {own}}}"
                f"  # {len(done):,}x, {Money(max(amounts), own)} at most"
            )
        else:
            yield f"  {name}: {{}}  # {len(done):,}x"
