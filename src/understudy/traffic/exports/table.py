"""A vendor's CSV on its way in: rows, and the objects that many rows tell of together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any

from understudy.traffic.csv_file import rows_of
from understudy.traffic.exports.csv_forms import CsvForm, csv_form
from understudy.traffic.exports.csv_hubspot import with_entry
from understudy.traffic.format import samples_of
from understudy.traffic.source_file import Limits
from understudy.world.export_file import Broken, Exported

__all__ = ["ExportTable", "open_table"]


@dataclass(slots=True)
class ExportTable:
    """One file. The objects of a history are held until all its rows are read."""

    path: Path
    form: CsvForm
    zone: tzinfo | None
    limits: Limits
    _objects: dict[str, dict[str, Any]] = field(default_factory=dict)

    def items(self) -> Iterator[Exported | Broken]:
        """Its rows, each at its byte."""
        yield from rows_of(self.path, self.limits)

    def records(self, row: dict[str, str]) -> Iterable[dict[str, Any]]:
        """What a row tells by itself; raises `Malformed` where it is none."""
        if self.form.history:
            with_entry(self._objects, row, self.zone)
            return ()
        return self.form.records(row, self.zone)

    def gathered(self) -> Iterator[dict[str, Any]]:
        """What the rows told together."""
        yield from self._objects.values()


def open_table(vendor: str, path: Path, zone: tzinfo | None, limits: Limits) -> ExportTable | None:
    """The table in a file; None where it is no CSV of the vendor's."""
    sample = next(samples_of(path), None) if path.is_file() else None
    form = None if sample is None else csv_form(vendor, sample.head)
    return None if form is None else ExportTable(path, form, zone, limits)
