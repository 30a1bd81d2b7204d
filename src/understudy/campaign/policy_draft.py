"""A first policy for a recording: limits and tiers as people's own handling shows them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from math import ceil
from pathlib import Path

from understudy.model.action import DESK, Action, Effect
from understudy.model.errors import RecordingError
from understudy.model.money import Money
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
    yield from ("version: 1", f"currency: {own}", f"cap: 5000 {own}")
    yield f"review: {{cost: 0.75 {own}, catch_rate: 0.7, rework: 5 {own}}}"
    yield (
        f"handling: {{human_cost: 3 {own}, escalation_overhead: 0.50 {own}, "
        f"model_cost: 0.04 {own}}}"
    )
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
