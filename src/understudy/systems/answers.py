"""Answers to reads that saw nothing but the world, kept for the next case that asks the same."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, cast

import msgspec

from understudy.model.world import Row
from understudy.systems.message import Request
from understudy.systems.operation import Call
from understudy.systems.overlay import Overlay
from understudy.systems.session import CaseSession

__all__ = ["Answers", "Kept", "Watch"]

_KEPT_BYTES = 16_000_000
_ENTRY_BYTES = 1_000
_LONGEST_ADDRESS = 1_000
_ASKED_KEPT = 10_000
_SHARED = ("base_urls", "renderings", "seed")

Address = tuple[str, str, str]
"""Host, path and query."""


class Kept(msgspec.Struct, frozen=True):
    """A good answer, the operation that gave it, and the tables and rows it was made from."""

    operation: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    saw: frozenset[Hashable]


class Answers:
    """What was answered, by address; a kept one fits a case that wrote nothing of what it saw.

    Bounded in bytes: when it is full it is emptied, so that it holds what is asked for now.
    """

    __slots__ = ("_asked", "_kept", "_room", "get")

    def __init__(self) -> None:
        self._kept: dict[Address, Kept] = {}
        self._asked: set[int] = set()
        self._room = _KEPT_BYTES
        self.get = self._kept.get

    def asked_again(self, address: Address) -> bool:
        """Whether this was asked before; where too much was, the asking begins anew."""
        mark = hash(address)
        if mark in self._asked:
            return True
        if len(self._asked) >= _ASKED_KEPT:
            self._asked.clear()
        self._asked.add(mark)
        return False

    def keep(self, address: Address, kept: Kept) -> None:
        """Give this to whom it fits from now on."""
        if sum(map(len, address)) > _LONGEST_ADDRESS:
            return
        needed = len(kept.body) + 100 * len(kept.saw) + _ENTRY_BYTES
        if needed > self._room:
            self._kept.clear()
            self._room = _KEPT_BYTES
        if needed <= self._room:
            self._kept[address] = kept
            self._room -= needed


class Watch:
    """A call whose handler is watched: what it sees of the overlay, and what else of the case.

    `own` becomes true where the answer may depend on anything that other cases do not share: the
    clock, counters, jobs, the request's headers.
    """

    def __init__(self, call: Call) -> None:
        self.own = False
        self.overlay = _WatchedOverlay(call.session.overlay, self)
        session = cast(CaseSession, _WatchedSession(call.session, self))
        asked = call.request
        headers = _WatchedHeaders(asked.headers, self)
        request = Request(
            asked.method, asked.host, asked.path, asked.query, headers, asked.body,
            asked.timeout, asked.pace,
        )  # fmt: skip
        self.call = Call(session, request, call.path, call.query, call.body, call.version)

    def fits_others(self) -> bool:
        """Whether the answer follows from the call's address and the world alone."""
        return not self.own and self.overlay.saw.isdisjoint(self.overlay.wrote)


class _WatchedOverlay(Overlay):
    """The same overlay, with a note of what was looked at: a table, or one row of it."""

    __slots__ = ("_watch", "saw")

    def __init__(self, overlay: Overlay, watch: Watch) -> None:
        self._share(overlay)
        self._watch = watch
        self.saw: set[Hashable] = set()

    def get(self, table: str, row_id: str) -> Row | None:
        self.saw.add((table, row_id))
        return super().get(table, row_id)

    def touched(self, table: str, row_id: str) -> bool:
        self.saw.add((table, row_id))
        return super().touched(table, row_id)

    def written(self, table: str) -> list[Row]:
        self.saw.add(table)
        return super().written(table)

    def find(self, table: str, column: str, value: Any) -> list[Row]:
        self.saw.add(table)
        return super().find(table, column, value)

    def rows(self, table: str) -> Iterator[Row]:
        self.saw.add(table)
        return super().rows(table)

    def diff(self) -> Any:
        self._watch.own = True
        return super().diff()


class _WatchedSession:
    """The same session; all but what an engine's cases share belongs to the case."""

    __slots__ = ("_session", "_watch", "overlay")

    def __init__(self, session: CaseSession, watch: Watch) -> None:
        self._session = session
        self._watch = watch
        self.overlay = watch.overlay

    def __getattr__(self, name: str) -> Any:
        if name not in _SHARED:
            self._watch.own = True
        return getattr(self._session, name)


class _WatchedHeaders(Mapping[str, str]):
    """The same headers; who reads them answers to this caller only."""

    __slots__ = ("_headers", "_watch")

    def __init__(self, headers: Mapping[str, str], watch: Watch) -> None:
        self._headers = headers
        self._watch = watch

    def __getitem__(self, name: str) -> str:
        self._watch.own = True
        return self._headers[name]

    def __iter__(self) -> Iterator[str]:
        self._watch.own = True
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)
