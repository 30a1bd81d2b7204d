"""Actions played again on the mocked systems and on users' own: what they leave behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from understudy.model.action import Action
from understudy.model.state import ABSENT, Change, State
from understudy.systems.calling import build_request
from understudy.systems.engine import Engine
from understudy.systems.message import Request
from understudy.systems.operation import Operation

__all__ = ["Replayed", "parameters"]

_UNSERVED = 501


class _Snapshot(dict[str, Mapping[str, Mapping[str, Any]]]):
    """Rows by table and id, and how much was written by then: what is later is compared alone."""

    def __init__(self, rows: Mapping[str, Mapping[str, Mapping[str, Any]]], mark: int) -> None:
        super().__init__(rows)
        self.mark = mark


class Replayed:
    """One case opened once more: every action is the request that it was, and is answered anew.

    A snapshot holds the rows that the case has written by then; all others are the world's. Close
    it before the same case is opened again.

    >>> from understudy.model.action import Target
    >>> from understudy.model.world import World
    >>> engine = Engine(World({"zendesk.tickets": {"7": {"id": "7", "tags": []}}}))
    >>> system = Replayed(engine, "c-1")
    >>> since = system.snapshot()
    >>> tag = Action(system="zendesk", operation="zendesk.tags.add", fields={"tags": ["vip"]},
    ...              target=Target(type="ticket", id="7"))
    >>> system.apply(tag).response_status, [(c.field, c.after) for c in system.diff(since)][0]
    (200, ('tags', ['vip']))
    """

    def __init__(self, engine: Engine, case_id: str, now: datetime | None = None) -> None:
        self._engine = engine
        self._session = engine.open_case(case_id, now=now)
        self._overlay = self._session.overlay
        self._last = _Snapshot({}, 0)

    def close(self) -> None:
        """Let the case go."""
        self._engine.close_case(self._session.case_id)

    def apply(self, action: Action) -> Action:
        """Ask for the action; 501 where no mounted system serves such a one."""
        request = self._request(action)
        status = _UNSERVED if request is None else self._engine.handle(request).status
        return msgspec.structs.replace(action, response_status=status)

    def snapshot(self) -> State:
        """The rows that were written so far."""
        mark = self._overlay.mark()
        rows = dict(self._last)
        for table, written in groupby(self._written(self._last.mark), key=itemgetter(0)):
            held = {row_id: self._overlay.get(table, row_id) or {} for _, row_id in written}
            rows[table] = {**rows.get(table, {}), **held}
        self._last = _Snapshot(rows, mark)
        return self._last

    def diff(self, since: State) -> tuple[Change, ...]:
        """Every field of the rows written since that differs from the snapshot."""
        mark = since.mark if isinstance(since, _Snapshot) else 0
        return tuple(
            change
            for table, row_id in self._written(mark)
            for change in _changes(
                table,
                row_id,
                self._before(since, table, row_id),
                self._overlay.get(table, row_id) or {},
            )
        )

    def _before(self, since: State, table: str, row_id: str) -> Mapping[str, Any]:
        known = since.get(table, {})
        if row_id in known:
            return known[row_id]
        return self._overlay.world.get(table, row_id) or {}

    def _written(self, mark: int) -> list[tuple[str, str]]:
        return sorted(self._overlay.written_since(mark))

    def _request(self, action: Action) -> Request | None:
        system = self._engine.systems.get(action.system)
        operation = system.by_name.get(action.operation) if system else None
        if operation is None:
            return None
        given = parameters(operation, action)
        try:
            return build_request(
                operation,
                given,
                self._session.credentials,
                self._engine.systems,
                strict=False,
            )
        except ValueError:
            return None


def parameters(operation: Operation, action: Action) -> dict[str, Any]:
    """What the action was made with; the path's own parts are its target where nothing names them.

    >>> from understudy.model.action import Target
    >>> from understudy.systems.calling import find_operation
    >>> void = Action(system="stripe", operation="stripe.invoices.void",
    ...               target=Target(type="invoice", id="in_1"))
    >>> parameters(find_operation(void.operation), void)
    {'id': 'in_1'}
    """
    given = dict(action.fields) if operation.replay is None else operation.replay(action)
    for part in operation.template.split("/"):
        name = part[1:-1]
        if not part.startswith("{") or given.get(name) or action.target is None:
            continue
        given[name] = action.target.type if name == "object_type" else action.target.id
    return given


def _changes(
    table: str, row_id: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ABSENT), after.get(name, ABSENT)
        if old is not new and old != new:
            yield Change(table, row_id, name, old, new)
