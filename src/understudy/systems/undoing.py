"""What a case wrote, taken back by the operations that the route table names as inverses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from understudy.model.action import Action
from understudy.model.world import Row
from understudy.systems.calling import build_request
from understudy.systems.capture import table_of
from understudy.systems.engine import Engine
from understudy.systems.operation import Operation
from understudy.systems.replayed import parameters
from understudy.systems.session import CaseSession

__all__ = ["Undoing", "Undone"]

Place = tuple[str, str]

_STAMPS = frozenset((
    "updated_at", "updatedAt", "updated", "lastmodifieddate", "hs_lastmodifieddate", "version",
))  # fmt: skip
"""When a row was written last: undoing is writing as well."""
_GONE = frozenset(("deleted", "void", "voided", "canceled", "cancelled", "archived"))


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of one write: undone, or why it is not."""

    action: Action
    inverse: str | None
    reason: str = ""

    @property
    def stuck(self) -> bool:
        """Whether something of it is left."""
        return bool(self.reason)


@dataclass(slots=True)
class _Done:
    """One write that was carried out: what it found, and what it left."""

    action: Action
    operation: Operation
    captured: Action
    before: dict[Place, Row | None]
    after: dict[Place, Row | None]


@dataclass(slots=True)
class Undoing:
    """One case whose writes are carried out and then taken back, the last one first."""

    engine: Engine
    case_id: str
    now: datetime | None = None
    refused: int = 0
    """Writes that the systems do not accept again, so that there is nothing to undo."""
    outcomes: list[Undone] = field(default_factory=list)
    traces: int = 0
    """Rows that the systems keep of what was undone: deleted objects, entries that cancel out."""
    empty: bool = False
    """Whether nothing else is left in the case's overlay."""
    _session: CaseSession = field(init=False)

    def go(self, actions: Sequence[Action]) -> None:
        """Carry out and take back; the case is closed afterwards."""
        self._session = self.engine.open_case(self.case_id, now=self.now)
        try:
            done = [each for action in actions if (each := self._carried_out(action)) is not None]
            self.outcomes = [self._taken_back(each) for each in reversed(done)]
            left, self.traces = _left(self._session)
            self.empty = not left
        finally:
            self.engine.close_case(self.case_id)

    def _carried_out(self, action: Action) -> _Done | None:
        system = self.engine.systems.get(action.system)
        operation = system.by_name.get(action.operation) if system else None
        mark = self._session.overlay.mark()
        if operation is None or not self._asked(operation, parameters(operation, action)):
            self.refused += 1
            return None
        overlay = self._session.overlay
        then, places = overlay.as_of(mark), overlay.written_since(mark)
        return _Done(
            action,
            operation,
            self._session.actions[-1],
            {place: then.get(*place) for place in places},
            {place: overlay.get(*place) for place in places},
        )

    def _asked(self, operation: Operation, given: Mapping[str, Any]) -> bool:
        """Whether a call is accepted."""
        credentials, systems = self._session.credentials, self.engine.systems
        try:
            request = build_request(operation, given, credentials, systems, strict=False)
        except ValueError:
            return False
        return self.engine.handle(request).status < 400

    def _taken_back(self, done: _Done) -> Undone:
        """Try the ways in which the inverse could be meant; the first that leaves nothing is it."""
        name = done.captured.reversible_by
        inverse = self.engine.systems[done.operation.system].by_name.get(name) if name else None
        if inverse is None:
            return Undone(done.captured, name, "nothing undoes it")
        overlay = self._session.overlay
        least: tuple[int, Mapping[str, Any], str] | None = None
        for given in _ways(done, inverse):
            mark = overlay.mark()
            if self._asked(inverse, given):
                found = self._missing(done)
                if not found:
                    return Undone(done.captured, name)
                if least is None or len(found) < least[0]:
                    least = len(found), given, found[0]
            overlay.rollback(mark)
        if least is None:
            return Undone(done.captured, name, f"{name} is refused")
        self._asked(inverse, least[1])
        return Undone(done.captured, name, f"{name} leaves {least[2]}")

    def _missing(self, done: _Done) -> list[str]:
        """What of a write is still there: the fields that it set, the rows that it made."""
        found = []
        for place, before in done.before.items():
            now, wrote = self._session.overlay.get(*place), done.after[place]
            if before is None:
                gone = now is None or _is_trace(self._session, place[0], now)
                found += [] if gone else [f"an object in {place[0]}"]
            else:
                found += [f"{place[0]}.{name}" for name in _changed(before, wrote, now)]
        return found


def _changed(before: Row, wrote: Row | None, now: Row | None) -> Iterator[str]:
    """The fields that a write changed and that do not hold again what they held."""
    for name in sorted({*before, *(wrote or {})} - _STAMPS):
        set_to = (wrote or {}).get(name)
        if before.get(name) != set_to and (now or {}).get(name) != before.get(name):
            yield name


def _is_trace(session: CaseSession, table: str, row: Row) -> bool:
    """Whether a row that the case made only tells of what is there no more."""
    return _is_gone(row) or _cancels_out(session, table) or _links_what_is_gone(session, row)


def _is_gone(row: Row) -> bool:
    return bool(row.get("archived") or row.get("deleted") or row.get("status") in _GONE)


def _cancels_out(session: CaseSession, table: str) -> bool:
    """Whether the entries that the case made in a ledger add up to nothing."""
    if not table.endswith("_transactions"):
        return False
    sums: Counter[str] = Counter()
    for row in session.overlay.written(table):
        if session.overlay.world.get(table, row["id"]) is None:
            sums[str(row.get("currency"))] += int(row.get("amount") or 0)
    return not any(sums.values())


def _left(session: CaseSession) -> tuple[list[Place], int]:
    """What is left in the overlay, and how many rows are there that only tell of it."""
    left, traces = [], 0
    for place, fields in session.overlay.diff().items():
        row = session.overlay.get(*place)
        if session.overlay.world.get(*place) is None and row is not None:
            if _is_trace(session, place[0], row):
                traces += 1
            else:
                left.append(place)
        elif set(fields) - _STAMPS:
            left.append(place)
    return left, traces


def _links_what_is_gone(session: CaseSession, row: Row) -> bool:
    """Whether it is a link of which one end is there no more."""
    if "from_id" not in row:
        return False
    ends = [(f"hubspot.{row[f'{end}_type']}", row[f"{end}_id"]) for end in ("from", "to")]
    return any(
        found is None or _is_gone(found) for found in (session.overlay.get(*e) for e in ends)
    )


def _ways(done: _Done, inverse: Operation) -> Iterator[dict[str, Any]]:
    """The parameters with which the inverse may be meant, the likeliest first."""
    given = parameters(done.operation, done.action)
    before, after = done.captured.before or {}, done.captured.after or {}
    known = set(inverse.params.get("properties", {}))
    restored = {name: value for name, value in _restored(given, before).items() if name in known}
    held = {name: _or_empty(value) for name, value in before.items() if name in known}
    same = {name: value for name, value in given.items() if name in known}
    negated = {**same, "amount": -same["amount"]} if isinstance(same.get("amount"), int) else None
    for path in _paths(done, inverse, given, after):
        for fields in (restored, held, {**restored, **held}, same, negated, {}):
            if fields is not None:
                yield {**fields, **path}


def _restored(given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for, with what the object held before in place of what it was to hold.

    >>> _restored({"items": [{"quantity": 8}], "note": "x"}, {"quantity": 11})
    {'items': [{'quantity': 11}], 'note': 'x'}
    """
    return {
        name: _or_empty(before[name]) if name in before else _within(value, before)
        for name, value in given.items()
    }


def _within(value: Any, before: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return _restored(value, before)
    if isinstance(value, list):
        return [_within(each, before) for each in value]
    return value


def _or_empty(value: Any) -> Any:
    """Nothing is what vendors read as an empty text."""
    return "" if value is None else value


def _paths(
    done: _Done, inverse: Operation, given: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The path's own parameters: of what the write made, else of what it was about."""
    names = [part[1:-1] for part in inverse.template.split("/") if part.startswith("{")]
    known = set(inverse.params.get("properties", {}))
    for kind, row_id in dict.fromkeys(_objects(done, inverse, after)):
        one = kind.removesuffix("s")
        path = {
            name: kind if name == "object_type" else given.get(name, row_id)
            if name not in ("id", f"{one}_id") else row_id
            for name in names
        }  # fmt: skip
        yield path
        if one in known and one not in path:
            yield {**path, one: row_id}


def _objects(done: _Done, inverse: Operation, after: Mapping[str, Any]) -> Iterator[Place]:
    made = [place for place, row in done.before.items() if row is None]
    own = inverse.name.rpartition(".")[0]
    for table, row_id in sorted(made, key=lambda place: place[0] != own):
        yield table.partition(".")[2], row_id
    target = done.captured.target
    if target is not None:
        name = target.id or after.get("id")
        if name is not None:
            yield table_of("", target.type).removeprefix("."), str(name)
