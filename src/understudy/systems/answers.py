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

__all__ = ["Address", "Answers", "Kept", "Watch", "address_of"]

_KEPT_BYTES = 16_000_000
_ENTRY_BYTES = 1_000
_LONGEST_ADDRESS = 1_000
_ASKED_KEPT = 10_000
_SHARED = ("base_urls", "renderings", "seed")

Address = tuple[str, str, str, str]
"""Host, path, query, and the version of the API where one is asked for."""


def address_of(request: Request, version_header: str) -> Address:
    """The address of a request; versions are asked for by this header, where there is one."""
    version = request.headers.get(version_header, "") if version_header else ""
    return request.host, request.path, request.query, version


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

    What is watched knows its `Sight` alone and not the watch, so that none of it is in a circle:
    the case must leave memory when it is let go.
    """

    def __init__(self, call: Call) -> None:
        self._sight = _Sight()
        self.overlay = _WatchedOverlay(call.session.overlay, self._sight)
        session = cast(CaseSession, _WatchedSession(call.session, self.overlay, self._sight))
        asked = call.request
        headers = _WatchedHeaders(asked.headers, self._sight)
        request = Request(
            asked.method, asked.host, asked.path, asked.query, headers, asked.body,
            asked.timeout, asked.pace,
        )  # fmt: skip
        self.call = Call(session, request, call.path, call.query, call.body, call.version)

    @property
    def saw(self) -> frozenset[Hashable]:
        """The tables and rows that were looked at."""
        return frozenset(self._sight.saw)

    def fits_others(self) -> bool:
        """Whether the answer follows from the call's address and the world alone."""
        return not self._sight.own and self._sight.saw.isdisjoint(self.overlay.wrote)


class _Sight:
    """What was looked at.

    `own` becomes true where the answer may depend on anything that other cases do not share: the
    clock, counters, jobs, the request's headers.
    """

    __slots__ = ("own", "saw")

    def __init__(self) -> None:
        self.own = False
        self.saw: set[Hashable] = set()


class _WatchedOverlay(Overlay):
    """The same overlay, with a note of what was looked at: a table, or one row of it."""

    __slots__ = ("_sight",)

    def __init__(self, overlay: Overlay, sight: _Sight) -> None:
        self._share(overlay)
        self._sight = sight

    def get(self, table: str, row_id: str) -> Row | None:
        self._sight.saw.add((table, row_id))
        return super().get(table, row_id)

    def touched(self, table: str, row_id: str) -> bool:
        self._sight.saw.add((table, row_id))
        return super().touched(table, row_id)

    def written(self, table: str) -> list[Row]:
        self._sight.saw.add(table)
        return super().written(table)

    def find(self, table: str, column: str, value: Any) -> list[Row]:
        self._sight.saw.add(table)
        return super().find(table, column, value)

    def rows(self, table: str) -> Iterator[Row]:
        self._sight.saw.add(table)
        return super().rows(table)

    def diff(self) -> Any:
        self._sight.own = True
        return super().diff()


class _WatchedSession:
    """The same session; all but what an engine's cases share belongs to the case."""

    __slots__ = ("_session", "_sight", "overlay")

    def __init__(self, session: CaseSession, overlay: Overlay, sight: _Sight) -> None:
        self._session = session
        self._sight = sight
        self.overlay = overlay

    def __getattr__(self, name: str) -> Any:
        if name not in _SHARED:
            self._sight.own = True
        return getattr(self._session, name)


class _WatchedHeaders(Mapping[str, str]):
    """The same headers; who reads them answers to this caller only."""

    __slots__ = ("_headers", "_sight")

    def __init__(self, headers: Mapping[str, str], sight: _Sight) -> None:
        self._headers = headers
        self._sight = sight

    def __getitem__(self, name: str) -> str:
        self._sight.own = True
        return self._headers[name]

    def __iter__(self) -> Iterator[str]:
        self._sight.own = True
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)
