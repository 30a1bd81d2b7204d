"""Tables of other people's making: CSV and Parquet read as text, block by block.

Every cell is text or null (an empty CSV field is null), so that damage of any kind can be read off
it and written into it.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from understudy.model.errors import ConfigurationError, UnderstudyError, one_error
from understudy.world.entropy import BLOCK

__all__ = [
    "CSV", "PARQUET", "UTF8_MARKED", "Cells", "Sample", "Source", "open_source", "read_header",
    "read_sample",
]  # fmt: skip

Cells = Mapping[str, pa.Array]
_SHOWN = 8
_TOLERATED = 0.01
PARQUET = (".parquet", ".pq")
CSV = (".csv", ".tsv", ".txt", "")
_DELIMITERS = ",;\t|"
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LONGEST = 1 << 27
UTF8_MARKED = "utf-8-sig"


@dataclass(frozen=True, slots=True)
class Source:
    """A table's file, its columns, and how its cells are written."""

    path: Path
    columns: tuple[str, ...]
    kinds: Mapping[str, pa.DataType]
    delimiter: str = ","
    encoding: str = "utf-8-sig"

    @property
    def parquet(self) -> bool:
        """Whether the file is Parquet and not CSV."""
        return self.path.suffix.lower() in PARQUET

    @property
    def utf8(self) -> bool:
        """Whether the file is read as UTF-8, as Parquet always is."""
        return self.encoding == UTF8_MARKED

    def blocks(self, *, lenient: bool = False) -> Iterator[dict[str, pa.Array]]:
        """The rows, `BLOCK` at a time, as text; `ConfigurationError` with lines where they break.

        `lenient` leaves out broken CSV rows as long as they are no more than one in a hundred.
        """
        yield from self._parquet_blocks() if self.parquet else self._csv_blocks(lenient)

    def _parquet_blocks(self) -> Iterator[dict[str, pa.Array]]:
        with _told(self.path):
            waiting: list[pa.RecordBatch] = []
            for batch in pq.ParquetFile(self.path).iter_batches(BLOCK):
                waiting.append(batch)
                while sum(len(part) for part in waiting) >= BLOCK:
                    whole = pa.Table.from_batches(waiting).combine_chunks()
                    yield _as_text(whole.slice(0, BLOCK))
                    waiting = whole.slice(BLOCK).to_batches()
            if waiting:
                yield _as_text(pa.Table.from_batches(waiting))

    def _csv_blocks(self, lenient: bool) -> Iterator[dict[str, pa.Array]]:
        broken: list[tuple[int, int]] = []
        total = 0
        with _told(self.path), self.path.open(encoding=self.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            next(reader, None)
            width = len(self.columns)
            numbered = _numbered(reader, width)
            while rows := list(islice(numbered, BLOCK)):
                broken += [(line, len(row)) for line, row in rows if len(row) != width]
                total += len(rows)
                yield _columns(self.columns, [row for _, row in rows if len(row) == width])
        if len(broken) > (_TOLERATED * total if lenient else 0):
            raise _ragged(self, broken)


@dataclass(frozen=True)
class Sample:
    """A whole table in memory: texts and nulls by column, and the sha256 of its file."""

    source: Source
    columns: Cells
    sha256: str

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.source.path.stem


def open_source(path: Path, encoding: str = "utf-8") -> Source:
    """The table in a file; `ConfigurationError` where it is missing, empty or unreadable."""
    suffix = path.suffix.lower()
    if not path.is_file():
        what = "is a folder, not a table" if path.is_dir() else "is not there"
        raise ConfigurationError(f"the table `{path}` {what}", code="U130")
    if suffix not in PARQUET and suffix not in CSV:
        raise ConfigurationError(
            f"`{path}` is neither CSV nor Parquet; a table ends in .csv, .tsv or .parquet",
            code="U130",
        )
    if suffix in PARQUET:
        with _told(path):
            schema = pq.ParquetFile(path).schema_arrow
        return _checked(
            Source(path, tuple(schema.names), dict(zip(schema.names, schema.types, strict=True)))
        )
    encoding = _marked(path) or _plain_utf8(encoding)
    _check_encoding(path, encoding)
    delimiter, names = read_header(path, encoding)
    names = _indexed(names)
    kinds = dict.fromkeys(names, pa.string())
    return _checked(Source(path, tuple(names), kinds, delimiter, encoding))


def _indexed(names: list[str]) -> list[str]:
    """A first column without a name is the row numbers that pandas writes, and named as it does."""
    nameless = len(names) > 1 and not names[0].strip() and "Unnamed: 0" not in names
    return ["Unnamed: 0", *names[1:]] if nameless else names


def read_sample(path: Path, encoding: str = "utf-8", limit: int = 200_000) -> Sample:
    """The first `limit` rows of a table; `ConfigurationError` where it has no rows."""
    source = open_source(path, encoding)
    parts: list[dict[str, pa.Array]] = []
    for block in source.blocks(lenient=True):
        parts.append(block)
        if sum(len(part[source.columns[0]]) for part in parts) >= limit:
            break
    columns = {
        name: pa.concat_arrays([part[name] for part in parts])[:limit]
        for name in (source.columns if parts else ())
    }
    if not columns or not len(columns[source.columns[0]]):
        raise ConfigurationError(
            f"`{path}` has a header and no rows; nothing can be learned or judged", code="U131"
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Sample(source, columns, digest)


def _as_text(table: pa.Table) -> dict[str, pa.Array]:
    return {name: _text(table.column(name).combine_chunks()) for name in table.column_names}


def _text(values: Any) -> pa.Array:
    array = pa.concat_arrays(values.chunks) if isinstance(values, pa.ChunkedArray) else values
    try:
        return array.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array([None if cell is None else str(cell) for cell in array.to_pylist()])


def _columns(names: Sequence[str], rows: list[list[str]]) -> dict[str, pa.Array]:
    cells = zip(*rows, strict=True) if rows else [()] * len(names)
    return {
        name: pa.array([cell or None for cell in column], pa.string())
        for name, column in zip(names, cells, strict=True)
    }


def _numbered(reader: Any, width: int) -> Iterator[tuple[int, list[str]]]:
    """The records and the line that each begins in; an empty line is an empty cell, or nothing.

    Of a table with one column it is a record, of any other it is none.
    """
    line = reader.line_num + 1
    for row in reader:
        if row or width == 1:
            yield line, row or [""]
        line = reader.line_num + 1


def _ragged(source: Source, broken: list[tuple[int, int]]) -> UnderstudyError:
    errors = [
        ConfigurationError(
            f"the row has {found} fields, the header {len(source.columns)}",
            code="U132",
            where=f"{source.path}:{line}",
        )
        for line, found in broken[:_SHOWN]
    ]
    return _together(errors, len(broken))


def _together(errors: list[ConfigurationError], count: int) -> UnderstudyError:
    rest = count - len(errors)
    more = [ConfigurationError(f"and {rest:,} more like these", code=errors[-1].code)]
    return one_error([*errors, *(more if rest else [])])


def _marked(path: Path) -> str | None:
    """The encoding by the file's own mark, which nothing that is said of it goes before."""
    with path.open("rb") as file:
        start = file.read(3)
    if start[:2] in _WIDE_MARKS:
        return "utf-16"
    return UTF8_MARKED if start == codecs.BOM_UTF8 else None


def _plain_utf8(encoding: str) -> str:
    return UTF8_MARKED if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding


def _check_encoding(path: Path, encoding: str) -> None:
    """Refuse bytes that the encoding has not, line by line, before anything is read."""
    try:
        one_byte = len("\n\n".encode(encoding)) - len("\n".encode(encoding)) == 1
    except LookupError:
        raise ConfigurationError(f"unknown encoding `{encoding}`", code="U133") from None
    bad = _bad_lines(path, encoding) if one_byte else _first_bad_line(path, encoding)
    if bad:
        raise _together([_undecoded(path, line, encoding) for line in bad[:_SHOWN]], len(bad))


def _bad_lines(path: Path, encoding: str) -> list[int]:
    bad = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                bad.append(number)
    return bad


def _first_bad_line(path: Path, encoding: str) -> list[int]:
    """Where letters have several bytes lines are told apart only once they are decoded."""
    whole = 0
    try:
        with path.open(encoding=encoding, newline="") as file:
            for _ in file:
                whole += 1
    except UnicodeError:
        return [whole + 1]
    return []


def _undecoded(path: Path, line: int, encoding: str) -> ConfigurationError:
    name = encoding.removesuffix("-sig").upper()
    return ConfigurationError(
        f"the line is not {name}, so the file mixes encodings or has another one",
        code="U133",
        where=f"{path}:{line}",
        hint="say which it is with `--encoding cp1252`, or convert these lines",
    )


def read_header(path: Path, encoding: str, errors: str = "strict") -> tuple[str, list[str]]:
    """The delimiter of a CSV file and its columns; `ConfigurationError` where it has no header."""
    csv.field_size_limit(_LONGEST)
    with _told(path), path.open(encoding=encoding, errors=errors, newline="") as file:
        line = file.readline()
    if not line.strip():
        raise ConfigurationError(f"`{path}` is empty: it has no header line", code="U131")
    bare = re.sub(r'"[^"]*"', "", line)
    delimiter = max(_DELIMITERS, key=lambda mark: (bare.count(mark), mark == ","))
    delimiter = delimiter if delimiter in bare else ","
    with _told(path), path.open(encoding=encoding, errors=errors, newline="") as file:
        return delimiter, next(csv.reader(file, delimiter=delimiter))


def _checked(source: Source) -> Source:
    """Each column has a name of its own."""
    errors = [
        ConfigurationError(problem, code="U134", where=f"{source.path}:1")
        for problem in (
            *(
                f"column {number} has no name"
                for number, name in enumerate(source.columns, 1)
                if not name.strip()
            ),
            *(
                f"two columns are named `{name}`"
                for name in dict.fromkeys(source.columns)
                if name.strip() and source.columns.count(name) > 1
            ),
            *(["the table has no columns"] if not source.columns else []),
        )
    ]
    if errors:
        raise _together(errors, len(errors))
    return source


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What a reader says of a broken file, as an error that names the file."""
    try:
        yield
    except (OSError, csv.Error, UnicodeError, pa.ArrowException) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "it is damaged"
        raise ConfigurationError(f"`{path}` cannot be read: {reason}", code="U130") from error
