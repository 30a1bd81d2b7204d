"""What a recorded exchange tells of objects: how they looked when it was answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from understudy.model.interaction import Interaction
from understudy.systems.hubspot.kinds import TYPE_IDS, table_of
from understudy.systems.sightings import told_rows
from understudy.traffic.exports.history import Change, Deed, Happening, Sighting
from understudy.traffic.exports.hubspot_export import read_hubspot
from understudy.traffic.exports.stripe_export import read_stripe
from understudy.traffic.exports.zendesk_export import read_zendesk
from understudy.traffic.http.address import segments_of
from understudy.traffic.http.inbound import is_inbound
from understudy.traffic.raw_record import LeftOut, Malformed
from understudy.traffic.replaying import UNLIKE

__all__ = ["answered_at", "shown_by", "shown_in"]

_RECORDS = ("ticket", "user", "audit", "organization", "macro", "comment")
_DEEPEST = 4


def answered_at(interaction: Interaction) -> datetime | None:
    """When the answer was there, as far as that is known."""
    if interaction.started_at is None:
        return None
    return interaction.started_at + timedelta(milliseconds=interaction.latency_ms or 0)


def shown_in(interactions: Sequence[Interaction]) -> list[list[Happening]]:
    """What each of several exchanges tells, seen when it was answered.

    A call that is answered as the one before it was tells the same again, only later.
    """
    found: list[list[Happening]] = []
    last: Interaction | None = None
    for one in interactions:
        at = answered_at(one)
        if last is not None and _same(one, last):
            found.append([_seen(each, at) for each in found[-1]])
        else:
            found.append(list(shown_by(one, at)))
        last = one
    return found


def _same(one: Interaction, other: Interaction) -> bool:
    """Whether two calls for an object were answered alike; events tell what they carry."""
    return (
        one.response is not None
        and other.response is not None
        and one.request.url == other.request.url
        and one.system == other.system
        and one.response.status == other.response.status
        and one.response.body == other.response.body
        and not one.request.headers.keys() ^ other.request.headers.keys()
        and not is_inbound(one.request.headers)
    )


def _seen(one: Happening, at: datetime | None) -> Happening:
    return msgspec.structs.replace(one, at=at) if isinstance(one, Sighting) else one


def shown_by(interaction: Interaction, at: datetime | None) -> Iterator[Happening]:
    """Everything that an exchange tells of objects and messages, seen `at` that time.

    Who did what is told by the requests themselves, so no deeds are given.
    """
    if is_inbound(interaction.request.headers):
        if interaction.system == "stripe":
            told = _read(read_stripe, "", interaction.request.body)
            yield from (one for one in told if not isinstance(one, Deed))
        return
    response = interaction.response
    read = _READERS.get(interaction.system)
    if read is None or response is None or response.status >= 400:
        return
    for one in read(interaction):
        if isinstance(one, Sighting):
            yield msgspec.structs.replace(one, at=at)
        elif not isinstance(one, Deed) and not (isinstance(one, Change) and at is None):
            yield one


def _zendesk(interaction: Interaction) -> Iterator[Happening]:
    body = interaction.response.body if interaction.response else None
    parts = segments_of(interaction.request.url)
    ticket = parts[parts.index("tickets") + 1] if "tickets" in parts[:-1] else None
    for name, value in body.items() if isinstance(body, dict) else ():
        for record in value if isinstance(value, list) else [value]:
            if isinstance(record, dict):
                kind = str(record.get("result_type") or name).removesuffix("s")
                if kind in _RECORDS:
                    yield from _read(read_zendesk, f"{kind}s", {"ticket_id": ticket, **record}
                                     if kind == "comment" and ticket else record)  # fmt: skip


def _stripe(interaction: Interaction) -> Iterator[Happening]:
    yield from _stripe_objects(interaction.response and interaction.response.body, 0)


def _stripe_objects(value: Any, depth: int) -> Iterator[Happening]:
    """An object, or those of a list; what is expanded within an object its reader finds."""
    if not isinstance(value, dict) or depth > _DEEPEST:
        return
    if isinstance(value.get("data"), list):
        for each in value["data"]:
            yield from _stripe_objects(each, depth + 1)
    elif value.get("object") != "event":
        yield from _read(read_stripe, "", value)


def _hubspot(interaction: Interaction) -> Iterator[Happening]:
    """Objects with what they are tied to; what a company defined itself as it is listed."""
    parts = segments_of(interaction.request.url)
    kind = table_of(parts[3]) if parts[2:3] == ("objects",) and len(parts) > 3 else ""
    if kind in TYPE_IDS:
        body = interaction.response.body if interaction.response else None
        found = body.get("results", [body]) if isinstance(body, dict) else []
        for record in found if isinstance(found, list) else []:
            if isinstance(record, dict) and isinstance(record.get("properties"), dict):
                yield from _read(read_hubspot, kind, {**record, "objectType": kind})
        return
    for table, row in told_rows(interaction):
        yield Sighting(table=table, id=str(row["id"]), row=dict(row), by="hubspot")


def _read(
    read: Callable[[str, Any, str], Iterator[Happening]], kind: str, record: Any
) -> Iterator[Happening]:
    """What a record tells; one that a vendor would not write so tells nothing."""
    try:
        yield from read(kind, record, "")
    except (LeftOut, Malformed, *UNLIKE):
        return


_READERS: dict[str, Callable[[Interaction], Iterator[Happening]]] = {
    "hubspot": _hubspot,
    "stripe": _stripe,
    "zendesk": _zendesk,
}
