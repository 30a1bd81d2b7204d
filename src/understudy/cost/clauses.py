"""Policy clauses and tiers tried on one case: which sentence of the policy an action breaks."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from understudy.cost.price_list import PriceList
from understudy.cost.world_rows import WorldRows
from understudy.model.action import Action, Effect
from understudy.model.case import Case
from understudy.model.errors import ConfigurationError
from understudy.model.expression import place_in_world
from understudy.model.policy import Clause

__all__ = ["Breach", "breaches", "evaluator", "is_about", "tier_of"]


@dataclass(frozen=True, slots=True)
class Breach:
    """One action against one clause."""

    clause: Clause
    action: Action

    @property
    def lacks_approval(self) -> bool:
        """Whether an approval would have made it right."""
        return (self.clause.requires or "").startswith("approval:")


def breaches(case: Case, actions: Sequence[Action], prices: PriceList) -> Iterator[Breach]:
    """Every write that a clause speaks of and whose requirement is not met, in order.

    Where a clause requires nothing, its condition is itself what must not happen, and the attempt
    counts as well; otherwise what a system refused needs no approval.
    """
    if not prices.policy.clauses:
        return
    tier = tier_of(case, prices)
    for action in actions:
        if action.effect is Effect.READ:
            continue
        known = {**_about(case, tier, prices), "action": _view(action, prices)}
        for clause in prices.policy.clauses:
            if action.refused and clause.requires is not None:
                continue
            if _value(clause.when, known, clause.id) and not _met(clause, action, actions):
                yield Breach(clause, action)


def is_about(source: str, case: Case, action: Action, prices: PriceList) -> bool:
    """Whether an expression holds for one action of a case."""
    known = {**_about(case, tier_of(case, prices), prices), "action": _view(action, prices)}
    return bool(_value(source, known, source))


def tier_of(case: Case, prices: PriceList) -> str:
    """The tier that the policy's expression gives the case; without one, the case's own."""
    source = prices.policy.tier
    if source is None:
        return case.tier
    value = _value(source, _about(case, case.tier, prices), "tier")
    if not isinstance(value, str):
        raise ConfigurationError(
            f"the policy's `tier` gives {value!r} for case `{case.case_id}`, "
            "not the name of a tier",
            code="U196",
            hint=f"known: {', '.join(prices.policy.tiers)}",
        )
    return value


def _met(clause: Clause, action: Action, actions: Sequence[Action]) -> bool:
    what, _, name = (clause.requires or "").partition(":")
    if what == "approval":
        return action.approval_ref is not None
    return what == "operation" and any(one.operation == name and not one.refused for one in actions)


def _about(case: Case, tier: str, prices: PriceList) -> dict[str, Any]:
    return {
        "world": WorldRows(prices.world, case.received_at),
        "case": {
            "id": case.case_id,
            "scenario": case.scenario,
            "system": case.trigger.system,
            "type": case.trigger.type,
            "payload": case.trigger.payload,
            "tags": list(case.tags),
            "tier": case.tier,
        },
        "segment": dict(case.segment),
        "account": {**case.segment, "tier": case.tier},
        "tier": tier,
    }


def _view(action: Action, prices: PriceList) -> dict[str, Any]:
    target = action.target
    return {
        "system": action.system,
        "operation": action.operation,
        "effect": action.effect.value,
        "amount": _amount(action, prices),
        "currency": action.currency,
        "target": {"type": target.type, "id": target.id} if target else {},
        "fields": action.fields,
        "before": action.before or {},
        "after": action.after or {},
        "approved": action.approval_ref is not None,
    }


def _amount(action: Action, prices: PriceList) -> float:
    """In major units of the policy's currency; of a payment that nobody knows, above any limit."""
    if action.amount_minor is None:
        return float("inf") if action.effect is Effect.PAY else 0
    return float(prices.in_own_major(abs(action.amount_minor), action.currency))


def _value(source: str, names: Mapping[str, Any], clause: str) -> Any:
    from simpleeval import InvalidExpression

    try:
        return evaluator(source)(names)
    except (InvalidExpression, TypeError, ValueError, ArithmeticError) as error:
        raise ConfigurationError(
            f"clause `{clause}` cannot be evaluated: `{source}`: {error}",
            code="U197",
            hint="compare like with like: amounts with numbers, names with texts",
        ) from None


@cache
def evaluator(source: str) -> Callable[[Mapping[str, Any]], Any]:
    """A parsed expression; a part that is not there is `None`, in no order to anything."""
    import ast

    from simpleeval import DEFAULT_OPERATORS, EvalWithCompoundTypes

    class Evaluator(EvalWithCompoundTypes):  # type: ignore[misc]  # the package ships no types
        def _eval_attribute(self, node: ast.Attribute) -> Any:
            return _part(self._eval(node.value), node.attr)

        def _eval_subscript(self, node: ast.Subscript) -> Any:
            key, place = self._eval(node.slice), place_in_world(node.value)
            if place:
                return self.names["world"].row(place, key)
            return _part(self._eval(node.value), key)

    ordered = {
        kind: _where_known(compare)
        for kind, compare in (
            (ast.Lt, operator.lt),
            (ast.LtE, operator.le),
            (ast.Gt, operator.gt),
            (ast.GtE, operator.ge),
        )
    }
    functions = {"abs": abs, "len": len, "lower": str.lower, "max": max, "min": min}
    evaluator = Evaluator(operators=DEFAULT_OPERATORS | ordered, functions=functions)
    parsed = evaluator.parse(source.strip())

    def evaluate(names: Mapping[str, Any]) -> Any:
        evaluator.names = dict(names)
        return evaluator.eval(source, previously_parsed=parsed)

    return evaluate


def _part(whole: Any, key: Any) -> Any:
    if isinstance(whole, Mapping):
        return whole.get(key)
    if isinstance(whole, list | tuple) and isinstance(key, int):
        return whole[key] if -len(whole) <= key < len(whole) else None
    return None


def _where_known(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: left is not None and right is not None and compare(left, right)
