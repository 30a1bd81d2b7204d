"""What staff did in a world, case by case, as changes of objects: what vendors' exports are of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from understudy.model.action import Action
from understudy.model.interaction import Interaction
from understudy.model.world import Row, World
from understudy.systems.engine import Engine
from understudy.systems.message import Request
from understudy.systems.session import CaseSession
from understudy.traffic.recording import Recording
from understudy.traffic.replaying import CALL

__all__ = ["Edit", "History", "Write", "history_of"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One object before and after a write; None where it was not there, or is no more."""

    table: str
    id: str
    before: Row | None
    after: Row | None


@dataclass(frozen=True, slots=True)
class Write:
    """One accepted write: by whom, when, in which case, what it asked and what it changed."""

    case_id: str
    ticket: str
    actor: str
    at: datetime
    action: Action
    edits: tuple[Edit, ...]


@dataclass(slots=True)
class History:
    """A world's rows at the end, and the writes that led there, in time."""

    world: World
    writes: list[Write] = field(default_factory=list)
    rows: dict[tuple[str, str], Row | None] = field(default_factory=dict)
    """The objects that were written, as they are at the end."""

    def table(self, name: str) -> Iterator[Row]:
        """The rows of a table at the end, new ones last."""
        for row_id, row in self.world.table(name).items():
            written = (name, row_id) in self.rows
            now = self.rows[name, row_id] if written else row
            if now is not None:
                yield now
        for (table, row_id), made in self.rows.items():
            if table == name and made is not None and self.world.get(name, row_id) is None:
                yield made


def history_of(world: World, recording: Recording) -> History:
    """One handling of each case, its recorded requests sent again, each case on its own.

    Of a case that several people handled, the first one's handling is the one that happened.
    """
    history, engine = History(world), Engine(world)
    by_case: dict[str, list[Interaction]] = {}
    for each in recording.interactions():
        by_case.setdefault(str(each.correlation_id), []).append(each)
    for case in recording.cases:
        baselines = recording.baselines_of(case.case_id)
        if not baselines or case.received_at is None:
            continue
        session = engine.open_case(case.case_id, now=case.received_at)
        ticket = str(case.trigger.payload.get("ticket_id") or "")
        found = by_case.get(case.case_id, [])
        history.writes += _writes(engine, session, ticket, found, baselines[0].actions)
        engine.close_case(case.case_id)
    history.writes.sort(key=lambda write: write.at)
    for write in history.writes:
        for edit in write.edits:
            history.rows[edit.table, edit.id] = edit.after
    return history


def _writes(
    engine: Engine,
    session: CaseSession,
    ticket: str,
    interactions: Sequence[Interaction],
    actions: Sequence[Action],
) -> Iterator[Write]:
    """The case's first writes, as many as the baseline has."""
    names: dict[str, str] = {}
    wanted = list(actions)
    for each in interactions:
        if each.request.method in ("GET", "HEAD") or not wanted:
            continue
        if each.started_at is not None:
            session.clock.turn_to(each.started_at - CALL)
        mark, known = session.overlay.mark(), len(session.actions)
        response = engine.handle(_request(engine, session, each))
        if len(session.actions) == known:
            continue  # searches are posted as well, and write nothing
        action = wanted.pop(0)
        if response.status >= 400 or each.response is None:
            continue
        theirs = _ids(each.response.body)
        names |= dict(zip(theirs, _ids(orjson.loads(response.body or b"null")), strict=False))
        back = {ours: told for told, ours in names.items()}
        edits = tuple(_edits(session, mark, back))
        yield Write(
            session.case_id, ticket, each.actor or "", action.at or session.now, action, edits
        )


def _edits(session: CaseSession, mark: int, names: dict[str, str]) -> Iterator[Edit]:
    past = session.overlay.as_of(mark)
    for table, row_id in session.overlay.written_since(mark):
        before, after = past.get(table, row_id), session.overlay.get(table, row_id)
        yield Edit(table, names.get(row_id, row_id), _named(before, names), _named(after, names))


def _named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: _named(item, names) for key, item in value.items()}
    return [_named(item, names) for item in value] if isinstance(value, list) else value


def _ids(body: Any) -> list[str]:
    """The ids that an answer gives to what was made."""
    if not isinstance(body, dict):
        return []
    audit = body.get("audit")
    events = audit.get("events") if isinstance(audit, dict) else None
    said = [e["id"] for e in events or () if e.get("type") == "Comment"]
    moved = body.get("customer_balance_transaction")
    return [str(i) for i in (body.get("id"), moved, *said) if i is not None]


def _request(engine: Engine, session: CaseSession, each: Interaction) -> Request:
    parts = urlsplit(each.request.url)
    body = each.request.body
    headers = {k: v for k, v in each.request.headers.items() if k.lower() == "content-type"}
    form = "form" in headers.get("content-type", "")
    data = b"" if body is None else urlencode(body).encode() if form else orjson.dumps(body)
    system = engine.systems[each.system]
    headers |= system.authorization(session.credentials[each.system])
    return Request(each.request.method, parts.netloc, parts.path, parts.query, headers, data)
