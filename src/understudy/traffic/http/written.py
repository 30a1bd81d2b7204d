"""What a recorded write's own request says of the change that it made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy.model.interaction import Interaction
from understudy.traffic.exports.history import Change, Sighting
from understudy.traffic.http.address import segments_of
from understudy.traffic.http.shown import shown_by

__all__ = ["made_by", "written_by"]

_INNER = ("ticket", "user", "organization", "properties")
_ENDING = "[]"


def written_by(one: Interaction) -> Iterator[Change]:
    """The fields that a write set on the object that it names, as the answer shows them.

    The value before is not told: where nothing else tells it, the field is left out before.
    """
    fields = {name.partition("[")[0].removesuffix(_ENDING) for name in _given(one.request.body)}
    parts = segments_of(one.request.url)
    at = one.started_at
    if at is None or not fields:
        return
    for told in shown_by(one, at):
        if isinstance(told, Sighting) and told.id in parts:
            for name in sorted(fields & told.row.keys()):
                yield Change(table=told.table, id=told.id, field=name, at=at,
                             after=told.row[name], derived=True)  # fmt: skip


def made_by(one: Interaction) -> set[tuple[str, str]]:
    """The objects that the answer to a write shows and its path does not name."""
    parts = segments_of(one.request.url)
    told = (each for each in shown_by(one, None) if isinstance(each, Sighting))
    return {(each.table, each.id) for each in told if each.id not in parts}


def _given(body: Any) -> list[str]:
    if not isinstance(body, dict):
        return []
    inner = next((body[name] for name in _INNER if isinstance(body.get(name), dict)), body)
    return [str(name) for name in inner]
