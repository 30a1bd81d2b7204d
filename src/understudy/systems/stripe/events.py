"""Events: those of the world, and those of what the case has written itself.

The latter are made when somebody reads them, from the overlay's two states around each write, so
that writing costs nothing more; those that were made once are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from understudy.model.world import Row
from understudy.systems import mint
from understudy.systems.deed import Deed
from understudy.systems.operation import Call, Operation, Reply
from understudy.systems.overlay import Overlay
from understudy.systems.schema import BOOLEAN, STRING, says
from understudy.systems.session import CaseSession
from understudy.systems.stripe import fields
from understudy.systems.stripe.errors import invalid
from understudy.systems.stripe.happenings import KINDS, happened
from understudy.systems.stripe.listing import Keep, both
from understudy.systems.stripe.objects import payload_of
from understudy.systems.stripe.reads import list_of, retrieve

__all__ = ["OPERATIONS"]

_TABLE = "stripe.events"
_MOST_TYPES = 20
# The later, the earlier in the alphabet: of one second the newest event is listed first.
_FALLING = "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210"


@dataclass(frozen=True, slots=True)
class _Seen:
    """One of Stripe's rows as a moment shows it: its row and its payload, None where it is not."""

    row: Row | None
    payload: dict[str, Any] | None


_UNSEEN = _Seen(None, None)
_Place = tuple[str, str]


def own_events(session: CaseSession) -> Iterator[Row]:
    """The events of the case's writes as far as its overlay shows them, oldest first."""
    deeds, told = session.deeds, session.told
    mark = session.overlay.mark()
    shown = next((n for n, deed in enumerate(deeds) if deed.end > mark), len(deeds))
    if shown > len(told):
        told.extend(_told(session, deeds[len(told) : shown], sum(map(len, told))))
    return chain.from_iterable(told[:shown])


def _told(session: CaseSession, deeds: list[Deed], known: int) -> list[list[Row]]:
    """The events of each of these deeds, which are the last ones; `known` is how many were told."""
    past = session.overlay.as_of(session.overlay.mark())
    found = []
    for deed in reversed(deeds):
        past.rollback(deed.end)
        found.append(sorted(_of_deed(session, deed, past), key=_made_last))
    made: list[list[Row]] = []
    for deed, told in zip(deeds, reversed(found), strict=True):
        made.append([_event(session, deed, known + n, *each) for n, each in enumerate(told)])
        known += len(told)
    return made


def _made_last(told: tuple[str, Any]) -> bool:
    return not told[0].endswith(".created")


def _of_deed(
    session: CaseSession, deed: Deed, past: Overlay
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Type and data of what one deed is told by; `past` is as it was after it, then before it."""
    places = [place for place in past.written_since(deed.begin) if _told_of(place[0])]
    after = {place: _seen(past, place) for place in places}
    past.rollback(deed.begin)
    before = {place: _seen(past, place) for place in places}
    target = session.actions[deed.action].target
    for table, row in deed.left:
        place = table, row["id"]
        after[place] = _Seen(row, payload_of(past, table.removeprefix("stripe."), row))
        known = target is not None and target.id == row["id"]
        before[place] = _Seen({"id": row["id"], "status": row["status"]}, {}) if known else _UNSEEN
    for place, new in after.items():
        yield from _of_row(past, place[0].removeprefix("stripe."), before[place], new, after)


def _told_of(table: str) -> bool:
    return table.startswith("stripe.") and table.removeprefix("stripe.") in KINDS


def _seen(overlay: Overlay, place: _Place) -> _Seen:
    row = overlay.get(*place)
    if row is None:
        return _UNSEEN
    return _Seen(row, payload_of(overlay, place[0].removeprefix("stripe."), row))


def _of_row(
    past: Overlay, table: str, old: _Seen, new: _Seen, after: Mapping[_Place, _Seen]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in happened(table, old.row, new.row):
        shown = old.payload if new.payload is None else new.payload
        data: dict[str, Any] = {"object": shown}
        if kind.endswith(".updated") and old.payload and new.payload:
            data["previous_attributes"] = _previous(old.payload, new.payload)
        yield kind, data
        invoice_id = (new.row or {}).get("invoice")
        if kind == "payment_intent.payment_failed" and invoice_id:
            place = "stripe.invoices", invoice_id
            yield "invoice.payment_failed", {"object": after.get(place, _seen(past, place)).payload}


def _previous(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What has changed, as it was before; of nested objects only what has changed in them."""
    found: dict[str, Any] = {}
    for name in dict.fromkeys((*old, *new)):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        if isinstance(was, dict) and isinstance(now, dict):
            found[name] = _previous(was, now)
        else:
            found[name] = was
    return found


def _event(
    session: CaseSession, deed: Deed, number: int, kind: str, data: dict[str, Any]
) -> dict[str, Any]:
    action = session.actions[deed.action]
    moment = session.now if action.at is None else action.at
    tag = mint.letters(18, session.seed, session.case_id, "event")
    return {
        "id": f"evt_1{tag}{_falling(number)}", "type": kind, "created": int(moment.timestamp()),
        "data": data,
        "request": {
            "id": session.request_id("req_", deed.call), "idempotency_key": action.idempotency_key,
        },
    }  # fmt: skip


def _falling(number: int) -> str:
    """Five letters that come before those of every smaller number.

    >>> _falling(0), _falling(1), _falling(1) < _falling(0)
    ('zzzzz', 'zzzzy', True)
    """
    letters = []
    for _ in range(5):
        number, digit = divmod(number, len(_FALLING))
        letters.append(_FALLING[digit])
    return "".join(reversed(letters))


def _of_types(given: dict[str, Any]) -> Keep | None:
    """The filters by type and by delivery; a type may be a pattern, as `charge.*`."""
    pattern, types = fields.text(given, "type"), given.get("types")
    if pattern is not None and types:
        raise invalid("You may pass either `type` or `types`, but not both.", param="type")
    if isinstance(types, list) and len(types) > _MOST_TYPES:
        raise invalid(f"You may pass at most {_MOST_TYPES} `types`.", param="types")
    named = None if pattern is None else _like(pattern)
    delivered = fields.boolean(given, "delivery_success")
    if delivered is None:
        return named
    return both(named, lambda row: (not row.get("pending_webhooks")) is delivered)


def _like(pattern: str) -> Keep:
    """Whether a type is this, or of this group, where `*` stands for any letters."""
    wanted = re.compile(".*".join(map(re.escape, pattern.split("*"))))
    return lambda row: wanted.fullmatch(str(row.get("type"))) is not None


def _with_own(operation: Operation) -> Operation:
    """The same read, which sees the events of the case's own writes as well."""

    def handler(call: Call) -> Reply:
        session = call.session
        present = session.overlay
        session.overlay = present.beside(_TABLE, own_events(session))
        try:
            return read(call)
        finally:
            session.overlay = present

    read: Callable[[Call], Reply] = operation.handler
    return replace(operation, handler=handler)


OPERATIONS = (
    _with_own(
        list_of(
            "events", "event", several={"types": "type"}, also=_of_types,
            type=says(STRING, "A type, or several by a pattern, e.g. `charge.*`."),
            delivery_success=BOOLEAN,
        )
    ),
    _with_own(retrieve("events", "event")),
)  # fmt: skip
