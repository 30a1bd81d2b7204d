"""One step of an agent's trace, whatever tool it was exported from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from understudy.traffic.http.lines import line_entries
from understudy.traffic.json_stream import Broken, Entry, json_items
from understudy.traffic.source_file import Limits, opened_bytes, read_json_file

__all__ = ["Span", "loaded", "trace_documents"]

_PARQUET = b"PAR1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One step: a call of a tool or of a model, or what holds others together.

    `kind` is `tool`, `model` or `other`. `input` and `output` are as the agent saw them, decoded
    where they were JSON. `session` joins the traces of one conversation.
    """

    trace: str
    id: str
    kind: str
    name: str
    parent: str | None = None
    session: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    input: Any = None
    output: Any = None
    error: str | None = None
    model: str | None = None
    usage: Mapping[str, float] = field(default_factory=dict)


def trace_documents(path: Path, limits: Limits) -> Iterator[Entry | Broken] | None:
    """The documents of an export: lines, items of an array, rows of Parquet, or one alone."""
    with opened_bytes(path, limits) as file:
        head = file.peek(1 << 16)[: 1 << 16].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(_PARQUET):
        return _rows(path)
    if head.startswith(b"["):
        return json_items(path, ((),), limits)
    if not head.startswith(b"{"):
        return None
    lines = line_entries(path, limits)
    first = next(lines, None)
    if isinstance(first, Entry):
        return chain([first], lines)
    lines.close()

    return iter([Entry(1, read_json_file(path, "trace", "data", limits).content)])


def _rows(path: Path) -> Iterator[Entry | Broken]:
    """The rows up to where the file is damaged, which is one broken record."""
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(1000):
                for row in batch.to_pylist():
                    number += 1
                    yield Entry(number, {name: _plain(value) for name, value in row.items()})
    except (OSError, ValueError, OverflowError, pyarrow.ArrowException) as error:
        yield Broken(number + 1, str(error).splitlines()[0] if str(error) else "damaged Parquet")


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=value.tzinfo or UTC) if isinstance(value, datetime) else value


def loaded(value: Any) -> Any:
    """A value that exports write as text of JSON.

    >>> loaded('{"a": 1}'), loaded("plain"), loaded(3)
    ({'a': 1}, 'plain', 3)
    """
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return orjson.loads(value)
    except (orjson.JSONDecodeError, RecursionError):
        return value
