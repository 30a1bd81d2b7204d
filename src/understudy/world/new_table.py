"""A new table, CSV or Parquet: written aside, and renamed when it is complete."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from understudy.model.errors import ConfigurationError
from understudy.model.new_file import file_aside
from understudy.world.sample import CSV, PARQUET, UTF8_MARKED, Cells

__all__ = ["new_table"]

_Write = Callable[[Cells], None]


@contextmanager
def new_table(
    path: Path, schema: pa.Schema, delimiter: str = ",", *, marked: bool = False
) -> Iterator[_Write]:
    """What appends rows to a new table, CSV or Parquet by its ending; used with `with`.

    CSV is UTF-8, and says so by its first bytes if it is `marked`.
    """
    if path.suffix.lower() not in (*PARQUET, *CSV[:3]):
        raise ConfigurationError(
            f"`{path}` is neither CSV nor Parquet; end it in .csv or .parquet", code="U130"
        )
    encoding = UTF8_MARKED if marked else "utf-8"
    with file_aside(path) as aside:
        if path.suffix.lower() in PARQUET:
            with _parquet_writer(aside, schema) as write:
                yield write
        else:
            with _csv_writer(aside, schema, delimiter, encoding) as write:
                yield write


@contextmanager
def _parquet_writer(path: Path, schema: pa.Schema) -> Iterator[_Write]:
    with pq.ParquetWriter(path, schema) as sink:

        def write(columns: Cells) -> None:
            arrays = [columns[name].cast(schema.field(name).type) for name in schema.names]
            sink.write_table(pa.Table.from_arrays(arrays, schema=schema))

        yield write


@contextmanager
def _csv_writer(path: Path, schema: pa.Schema, delimiter: str, encoding: str) -> Iterator[_Write]:
    with path.open("w", encoding=encoding, newline="") as file:
        sink = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        sink.writerow(schema.names)

        def write(columns: Cells) -> None:
            cells = [_written(columns[name]) for name in schema.names]
            sink.writerows(zip(*cells, strict=True))

        yield write


def _written(values: pa.Array) -> list[str]:
    texts: list[str] = pc.fill_null(values.cast(pa.string()), "").to_pylist()
    return texts
