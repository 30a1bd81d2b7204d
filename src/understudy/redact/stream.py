"""Server-sent events: a secret that is cut over several of them is one secret all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

__all__ = ["is_event_stream", "redact_events"]

_DATA = "data:"
Place = tuple[str | int, ...]


def is_event_stream(text: str) -> bool:
    r"""Whether a body is a stream of events rather than a text that mentions them.

    >>> is_event_stream('event: delta\ndata: {"text": "a"}\n\n'), is_event_stream("data: none")
    (True, False)
    """
    begins = text.lstrip().startswith(("data:", "event:", "id:", ":"))
    return begins and "\ndata:" in f"\n{text}" and "\n\n" in text.replace("\r\n", "\n")


def redact_events(text: str, redact: Callable[[str], str], whole: Callable[[Any], Any]) -> str:
    """The stream with its texts put together, redacted, and cut up again.

    What stands at the same place in events that follow each other is one text: where `redact`
    changes it, the first event carries all of it and the others nothing. `whole` then redacts
    each event's value by its fields.
    """
    lines = text.split("\n")
    values = dict(_values(lines))
    for texts in _texts(values).values():
        parts = [part for _, _, part in texts]
        joined = "".join(parts)
        # An id that every event repeats is not cut over them.
        if len(set(parts)) > 1 and (clean := redact(joined)) != joined:
            for index, (holder, key, _) in enumerate(texts):
                holder[key] = clean if index == 0 else ""
    for number, value in values.items():
        lines[number] = f"{_DATA} {msgspec.json.encode(whole(value)).decode()}"
    known = set(values)
    return "\n".join(line if i in known else redact(line) for i, line in enumerate(lines))


def _values(lines: list[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines):
        if line.startswith(_DATA):
            try:
                value = msgspec.json.decode(line.removeprefix(_DATA).strip())
            except (msgspec.DecodeError, RecursionError):
                continue
            if isinstance(value, dict | list):
                yield number, value


def _texts(values: dict[int, Any]) -> dict[Place, list[tuple[Any, Any, str]]]:
    """By place inside an event: what holds each text, under which key, and the text."""
    found: dict[Place, list[tuple[Any, Any, str]]] = {}
    for value in values.values():
        waiting: list[tuple[Place, Any]] = [((), value)]
        while waiting:
            place, item = waiting.pop()
            for key, inner in _members(item):
                if isinstance(inner, str):
                    found.setdefault((*place, key), []).append((item, key, inner))
                elif isinstance(inner, dict | list):
                    waiting.append(((*place, key), inner))
    return found


def _members(value: Any) -> Iterator[tuple[Any, Any]]:
    return iter(value.items()) if isinstance(value, dict) else iter(enumerate(value))
