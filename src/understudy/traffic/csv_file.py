"""A vendor's CSV, row by row, in the encoding and with the separator that it has."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from understudy.traffic.source_file import Limits, leniency, opened_bytes, unreadable
from understudy.world.export_file import Broken, Exported

__all__ = ["header_of", "plain_name", "rows_of"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = ",;\t|"
_BLOCK = 1 << 20
_LONGEST = 1 << 20
SEPARATOR = "\0separator"
"""The key under which a row says what stood between its cells."""


def plain_name(header: str) -> str:
    """A column's name as all forms write it.

    >>> plain_name("Created date (UTC)"), plain_name(" Customer ID")
    ('created_date_utc', 'customer_id')
    """
    return re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")


def header_of(line: str) -> tuple[str, list[str]]:
    """The separator and the columns of a first line: the separator that makes most of them."""
    found = [(each, next(csv.reader([line], delimiter=each), [])) for each in _SEPARATORS]
    return max(found, key=lambda pair: len(pair[1]))


def rows_of(path: Path, limits: Limits) -> Iterator[Exported | Broken]:
    """Each row as a text by column, at its byte; what has other cells than the header is broken."""
    csv.field_size_limit(_LONGEST)
    lines = _Lines(path, limits)
    first = next(lines, "")
    separator, columns = header_of(first)
    reader = csv.reader(lines, delimiter=separator)
    while True:
        offset = lines.offset
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Broken(offset, f"no row of CSV: {error}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            yield Broken(offset, f"{len(cells)} cells, and the header has {len(columns)}")
            continue
        yield Exported("csv", offset, {SEPARATOR: separator, **_row(columns, cells)})


def _row(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if cell.strip()}


class _Lines:
    """A file's lines, and at which byte the next one begins."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._encoding = _encoding(path, limits)
        data = opened_bytes(path, limits)
        errors = leniency(self._encoding)
        self._file = io.TextIOWrapper(data, self._encoding, errors, newline="")
        self.offset = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        # A reader asks once more where a quote is open at the end.
        line = "" if self._file.closed else self._file.readline(_LONGEST)
        if not line:
            self._file.close()
            raise StopIteration
        plain = self._encoding.removesuffix("-sig") if self.offset else self._encoding
        plain = "utf-16-le" if self.offset and plain == "utf-16" else plain
        self.offset += len(line.encode(plain, "surrogateescape"))
        return line.replace("\0", "")


def _encoding(path: Path, limits: Limits) -> str:
    """As its mark says; without one UTF-8, or what Excel writes in the west where it is not."""
    with opened_bytes(path, limits) as file:
        head = file.peek(4)[:4]
        if not head.strip():
            raise unreadable(path, "it is empty")
        marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while marked is None and (block := file.read(_BLOCK)):
                decoder.decode(block)
        except UnicodeDecodeError:
            return "cp1252"
    return marked or "utf-8"
