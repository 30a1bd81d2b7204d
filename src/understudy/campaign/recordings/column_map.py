"""A CSV export read through a file that says which column is which field of which table."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration, Version
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError, nearest, one_error
from understudy.model.money import minor_digits
from understudy.world.sample import read_header
from understudy.world.schema import TABLES, Column

__all__ = ["ColumnMap", "CsvExport", "load_map", "open_export"]

_UTF8, _LENIENT = "utf-8-sig", "surrogateescape"
_NO = frozenset({"", "0", "false", "no", "n", "f"})
_YES = frozenset({"1", "true", "yes", "y", "t"})


class ColumnMap(Configuration):
    """`map.yaml`: the world's table, and for each of its fields the header of the CSV's column.

    `major` names money fields that the file has in major units (`12.34`); the row's `currency`
    says how many digits they have.
    """

    version: Version = 1
    table: str
    columns: dict[str, str] = Field(min_length=1)
    major: tuple[str, ...] = ()

    @pydantic.model_validator(mode="after")
    def _known(self) -> ColumnMap:
        if self.table not in TABLES:
            raise ValueError(f"there is no table `{self.table}`{nearest(self.table, TABLES)}")
        if "id" not in self.columns:
            raise ValueError("`columns` must name the column of `id`")
        for name in self.major:
            if name not in self.columns:
                raise ValueError(f"`major` names `{name}`{nearest(name, self.columns)}")
        if self.major and "currency" not in self.columns:
            raise ValueError("`major` needs the column of `currency`, which says the digits")
        return self


def load_map(path: Path) -> ColumnMap:
    """The map in a file; everything wrong in it is one error with its lines."""
    return load_document(path, ColumnMap)


@dataclass(frozen=True, slots=True)
class CsvExport:
    """A CSV file whose headers are known to be those that its map names."""

    path: Path
    columns: ColumnMap
    delimiter: str

    def rows(self) -> Iterator[tuple[int, dict[str, Any] | str]]:
        """Each record's line and its row, or why it is none."""
        with self.path.open(encoding=_UTF8, errors=_LENIENT, newline="") as file:
            reader = csv.DictReader(file, delimiter=self.delimiter, strict=True)
            while True:
                line = reader.line_num + 1
                try:
                    record = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield line, f"no CSV record: {error}"
                    continue
                yield line, _row(self.columns, record)


def open_export(path: Path, columns: ColumnMap) -> CsvExport:
    """The export in a file, its delimiter read off its header.

    Raises `ConfigurationError` with all headers that the map names and the file has not.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise ConfigurationError(f"the export `{path}` {what}", code="U140")
    delimiter, headers = read_header(path, _UTF8, _LENIENT)
    errors = [
        ConfigurationError(
            f"`{path}` has no column `{header}` for `{field}`{nearest(header, headers)}",
            code="U140",
            where=f"{path}:1",
        )
        for field, header in columns.columns.items()
        if header not in headers
    ]
    if errors:
        raise one_error(errors)
    return CsvExport(path, columns, delimiter)


def _row(columns: ColumnMap, record: dict[str, Any]) -> dict[str, Any] | str:
    """A record as a row, or why it is none."""
    if None in record or None in record.values():
        return "it has more or fewer cells than the header"
    if any(
        not cell.isprintable() and "\udc80" <= max(cell) <= "\udcff" for cell in record.values()
    ):
        return "it holds bytes that are not UTF-8"
    row: dict[str, Any] = {}
    known = TABLES[columns.table]
    for field, header in columns.columns.items():
        text = record[header].strip()
        if not text:
            continue
        try:
            value = _value(columns, known.get(field), field, text, record)
        except (ValueError, InvalidOperation):
            return f"`{header}` is not what `{field}` holds ({known[field].vendor})"
        _put(row, field, value)
    return row


def _value(
    columns: ColumnMap, column: Column | None, field: str, text: str, record: dict[str, Any]
) -> Any:
    if column is None:
        return text
    if field in columns.major:
        digits = minor_digits(record[columns.columns["currency"]].strip().lower())
        minor = Decimal(text).scaleb(digits)
        if minor != minor.to_integral_value():
            raise ValueError("more digits than the currency has")
        return int(minor)
    return _READERS.get(column.vendor, str)(text)


def _put(row: dict[str, Any], field: str, value: Any) -> None:
    *path, last = field.split(".")
    inner = row
    for part in path:
        inner = inner.setdefault(part, {})
    inner[last] = value


def _epoch(text: str) -> int:
    if text.isdecimal():
        return int(text)
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _boolean(text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise ValueError(text)


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": int, "money": int, "epoch": _epoch, "boolean": _boolean,
}  # fmt: skip
