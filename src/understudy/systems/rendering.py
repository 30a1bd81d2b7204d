"""Payloads of rows; the bytes of rows that no case has touched are written once and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from understudy.model.world import Row

if TYPE_CHECKING:
    from understudy.systems.session import CaseSession

__all__ = ["Renderings", "compact", "dumps", "show", "show_bytes"]

Render = Callable[[Row], dict[str, Any]]
_KEPT_BYTES = 16_000_000
_ENTRY_BYTES = 400


class Renderings:
    """Serialised payloads of the world's own rows, shared by all cases of an engine.

    What is kept is bounded in bytes, whatever the world's size and the number of calls: when it is
    full it is emptied, so that it holds what is asked for now.
    """

    __slots__ = ("_bytes", "_room")

    def __init__(self) -> None:
        self._room = _KEPT_BYTES
        self._bytes: dict[tuple[str, str, Any], bytes] = {}

    def get(self, key: tuple[str, str, Any]) -> bytes | None:
        """The bytes that are kept under a key, or None."""
        return self._bytes.get(key)

    def of(self, key: tuple[str, str, Any], row: Row, render: Render) -> bytes:
        """The payload of a world's row; `key` is table, id and what else `render` depends on."""
        known = self._bytes.get(key)
        if known is None:
            known = compact(dumps(render(row)))
            needed = len(known) + _ENTRY_BYTES
            if needed > self._room:
                self._bytes.clear()
                self._room = _KEPT_BYTES
            if needed <= self._room:
                self._bytes[key] = known
                self._room -= needed
        return known


def compact(body: bytes) -> bytes:
    """The same bytes in no more memory than they need: orjson's may hold a dozen times as much."""
    return bytes(memoryview(body))


def dumps(value: Any) -> bytes:
    """Compact JSON; integers beyond 64 bits, which mess can hold, are written all the same."""
    if isinstance(value, bytes):
        return value
    try:
        return orjson.dumps(value)
    except TypeError:
        import json

        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_text).encode(
            "utf-8", "surrogatepass"
        )


def _text(value: Any) -> Any:
    return orjson.loads(value.contents) if isinstance(value, orjson.Fragment) else str(value)


def show_bytes(
    session: CaseSession, table: str, row: Row, render: Render, variant: Any = None
) -> bytes:
    """A row's payload as bytes: kept ones where the case has not touched the row."""
    row_id: str = row["id"]
    if session.overlay.touched(table, row_id):
        return dumps(render(row))
    return session.renderings.of((table, row_id, variant), row, render)


def show(
    session: CaseSession, table: str, row: Row, render: Render, variant: Any = None
) -> orjson.Fragment:
    """The same as a piece of a larger payload."""
    return orjson.Fragment(show_bytes(session, table, row, render, variant))
