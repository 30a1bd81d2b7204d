"""Which defects of the world touched a case: by the rows that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from understudy.model.action import Action
from understudy.model.case import Case
from understudy.model.world import Row, World

__all__ = ["mess_of"]

Place = tuple[str, str]

_PLURALS = {"company": "companies"}
_REFERENCES = {
    "customer": "stripe.customers",
    "charge": "stripe.charges",
    "invoice": "stripe.invoices",
    "requester_id": "zendesk.users",
}
_STEPS = 3


def mess_of(world: World, case: Case, actions: Iterable[Action]) -> tuple[str, ...]:
    """The mess operators that damaged an object of the case or the person behind it.

    The objects are the trigger's and those that either side acted on; from a charge or a ticket the
    way leads on to the customer, and from there to the contact in the CRM.
    """
    places = set(_acted_on(actions)) | set(_triggering(case))
    reached = set(places)
    for _ in range(_STEPS):
        places = {next_ for place in places for next_ in _onward(world, place)} - reached
        reached |= places
    return tuple(sorted({name for table, row in reached for name in world.mess(table, row)}))


def _acted_on(actions: Iterable[Action]) -> Iterator[Place]:
    for action in actions:
        if action.target is not None and action.target.id is not None:
            yield _table(action.system, action.target.type), action.target.id


def _triggering(case: Case) -> Iterator[Place]:
    for key, value in case.trigger.payload.items():
        kind = key.removesuffix("_id")
        if key.endswith("_id") and isinstance(value, str | int):
            yield _table(case.trigger.system, "user" if kind == "requester" else kind), str(value)


def _onward(world: World, place: Place) -> Iterator[Place]:
    row: Row | None = world.get(*place)
    if row is None:
        return
    for column, table in _REFERENCES.items():
        if isinstance(row.get(column), str):
            yield table, row[column]
    contact = (row.get("metadata") or {}).get("crm_contact_id")
    if isinstance(contact, str):
        yield "hubspot.contacts", contact


def _table(system: str, kind: str) -> str:
    plural = _PLURALS.get(kind, kind if kind.endswith("s") else f"{kind}s")
    return f"{system}.{plural}"
