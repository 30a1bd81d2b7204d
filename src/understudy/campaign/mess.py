"""Which defects of the world touched a case: by the rows that its actions are about."""

from __future__ import annotations

from collections.abc import Iterable

from understudy.model.action import Action
from understudy.model.case import Case
from understudy.model.world import World

__all__ = ["mess_of"]

_TABLES = {
    "stripe": {"payment_intent": "payment_intents", "credit_note": "credit_notes"},
    "hubspot": {"company": "companies"},
    "zendesk": {},
}


def mess_of(world: World, case: Case, actions: Iterable[Action]) -> tuple[str, ...]:
    """The mess operators that damaged the trigger's object or any object that is acted on."""
    touched = {
        (_table(action.system, action.target.type), action.target.id)
        for action in actions
        if action.target is not None and action.target.id is not None
    }
    touched |= {
        (_table(case.trigger.system, key.removesuffix("_id")), str(value))
        for key, value in case.trigger.payload.items()
        if key.endswith("_id") and isinstance(value, str | int)
    }
    return tuple(sorted({name for table, row in touched for name in world.mess(table, row)}))


def _table(system: str, kind: str) -> str:
    plural = _TABLES.get(system, {}).get(kind, kind if kind.endswith("s") else f"{kind}s")
    return f"{system}.{plural}"
