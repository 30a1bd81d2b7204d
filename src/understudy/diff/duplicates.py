"""The same write once more: harmful where it changed something, benign where it did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.cost.wording import deed
from understudy.diff.compare import equal
from understudy.diff.drafts import Detail, Draft, Pricing
from understudy.diff.fields import Rules, Sort
from understudy.model.action import Action, Effect, Origin
from understudy.model.finding import Kind

__all__ = ["changed_state", "repeated", "repetitions"]

_STAMPS = frozenset(("updated_at", "updatedAt", "lastmodifieddate", "hs_lastmodifieddate"))
_MANY = 200


def repetitions(actions: Sequence[Action], rules: Rules) -> dict[int, int]:
    """Which actions are the same one over again: position by position, that of the first.

    Of equal actions the one that changed something counts as the first, so that the answer does
    not depend on the order in which they are listed. Actions that stand alone are left out.
    """
    if len(actions) < 2:
        return {}
    firsts: dict[str, list[int]] = {}
    found: dict[int, int] = {}
    order = sorted(range(len(actions)), key=lambda i: not changed_state(actions[i]))
    for i in order:
        known = firsts.setdefault(actions[i].operation, [])
        first = next((j for j in known[-_MANY:] if equal(actions[i], actions[j], rules)), None)
        if first is None:
            known.append(i)
        else:
            found[i] = found[first] = first
    return found


def repeated(action: Action, pricing: Pricing, cause: str | None = None) -> Draft:
    """The finding for an action that was done once more than needed.

    `cause` is the fault of one of its like: who lost the answer to the first does it again.
    """
    kind = Kind.DUPLICATE_HARMFUL if changed_state(action) else Kind.DUPLICATE_BENIGN
    price, stake = pricing.of(kind, action)
    effect = "" if kind is Kind.DUPLICATE_HARMFUL else ", without effect the second time"
    return Draft(
        kind, price, stake, action,
        lambda: Detail(f"{deed(action)} once more{effect}", actual=deed(action)),
        cause=cause,
    )  # fmt: skip


def changed_state(action: Action) -> bool:
    """Whether a write changed anything: what the system shows, else what its effect suggests.

    Stamps of the last change do not count. What was sent was sent, and a comment is written, even
    though the object that carries it looks the same. A case can be handed over only once.
    """
    if action.escalates:
        return False
    if action.effect is Effect.SEND or _comments(action):
        return True
    before, after = _content(action.before), _content(action.after)
    if before or after:
        return before != after
    if action.origin is Origin.CAPTURED and action.response_status is not None:
        return False
    return action.effect.grave or "create" in action.operation.rpartition(".")[2]


def _comments(action: Action) -> bool:
    return any(Rules().of(action.operation, name).sort is Sort.TEXT for name in action.fields)


def _content(state: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (state or {}).items() if key not in _STAMPS}
