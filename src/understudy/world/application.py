"""Damages any table with a profile: streamed block by block, with a ledger, written whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from understudy.model.document import Document
from understudy.model.errors import ConfigurationError, nearest
from understudy.world.columns import text
from understudy.world.damage import damage_draft
from understudy.world.draft import LEDGER, Draft
from understudy.world.entropy import BLOCK
from understudy.world.heap import one_heap
from understudy.world.new_table import new_table
from understudy.world.profile import Profile, TableMess, read_profile
from understudy.world.profile_check import Ground, names_of
from understudy.world.sample import Source
from understudy.world.table import Table

__all__ = ["Applied", "apply_profile", "damage_rows", "mess_for", "read_mess"]

ROW = "#row"
"""The column of row numbers that the ledger names rows by; it is not written."""
_NOW = 1_793_610_000
Cells = Mapping[str, pa.Array]


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written: rows in and out, and how often each operator struck."""

    rows: int
    written: int
    operators: Mapping[str, int]


def mess_for(tables: Sequence[str], source: Source, table: str | None = None) -> str:
    """The table of a profile that a file is damaged by: the named one, its namesake, or the only.

    Raises `ConfigurationError` where none or several could be meant.
    """
    wanted = table or source.path.stem
    if wanted in tables:
        return wanted
    if table is None and len(tables) == 1:
        return tables[0]
    what = "names several tables" if len(tables) > 1 and table is None else "has no such table"
    raise ConfigurationError(
        f"the profile {what} for `{wanted}`{nearest(wanted, tables)}",
        code="U136",
        hint=f"name one with `--table`: {', '.join(tables)}" if tables else None,
    )


def read_mess(name: str | Path, source: Source, table: str | None = None) -> TableMess:
    """What a profile does to the table in a file.

    All that the profile asks for and the table has not is one error with lines, beside what is
    wrong with the profile itself.
    """

    def ground(document: Document) -> Ground:
        meant = mess_for(names_of(document.content), source, table)
        return Ground({meant: source.columns}, alone=str(source.path))

    profile, _ = read_profile(name, ground)
    return profile.tables[mess_for(list(profile.tables), source, table)]


def _text(*_: str) -> pa.DataType:
    return pa.string()


def damage_rows(cells: Cells, mess: TableMess, seed: int, block: int, table: str) -> Draft:
    """One block of a table damaged; rows are named by their number in the whole table, from 1."""
    count = len(next(iter(cells.values())))
    numbers = np.arange(1, count + 1, dtype=np.int64) + block * BLOCK
    columns = {**cells, ROW: text(numbers)}
    draft = Draft({table: Table(columns, np.full(count, -1, dtype=np.int64))}, ROW, _text)
    return damage_draft(draft, Profile(name=table, tables={table: mess}), seed, block, _NOW)


def apply_profile(
    source: Source,
    mess: TableMess,
    seed: int,
    out: Path,
    ledger: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Applied:
    """Damage a table into `out`, with a ledger of every damage; memory does not grow with it.

    Rows are drawn by block of 65,536 and row number, so the same rows come out whatever is around
    them. Both files are put in place when they are whole.
    """
    schema = dirty_schema(source, mess)
    counts: dict[str, int] = {}
    rows = written = 0
    table = source.path.stem
    with (
        one_heap(),
        new_table(out, schema, source.delimiter, marked=not source.utf8) as write,
        _ledger(ledger) as note,
    ):
        for number, cells in enumerate(source.blocks()):
            draft = damage_rows(cells, mess, seed, number, table)
            made = draft.tables[table].columns
            write({name: _filled(made, name, draft, table) for name in schema.names})
            for entry in draft.entries:
                note({name: entry.column(name) for name in LEDGER.names})
                operator = entry.column("operator")[0].as_py()
                counts[operator] = counts.get(operator, 0) + len(entry)
            rows += len(next(iter(cells.values())))
            written += len(draft.tables[table])
            if progress:
                progress(rows)
    return Applied(rows, written, dict(sorted(counts.items())))


def _filled(made: Cells, name: str, draft: Draft, table: str) -> pa.Array:
    """A column of the block; one that only other blocks have is null here."""
    found = made.get(name)
    return pa.nulls(len(draft.tables[table]), pa.string()) if found is None else found


def dirty_schema(source: Source, mess: TableMess) -> pa.Schema:
    """The columns of the damaged table: text wherever the profile may write, else as they were."""
    touched = set(_written(mess))
    added = [to for step in mess.rows if (to := getattr(step.parameters, "to", None))]
    fields = [
        (name, pa.string() if name in touched or _opaque(kind) else kind)
        for name, kind in source.kinds.items()
    ]
    return pa.schema(
        [
            *fields,
            *((name, pa.string()) for name in dict.fromkeys(added) if name not in source.kinds),
        ]
    )


def _opaque(kind: pa.DataType) -> bool:
    """Whether cells of this type could not be had back from their text."""
    return bool(
        pa.types.is_nested(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_dictionary(kind)
        or pa.types.is_null(kind)
    )


def _written(mess: TableMess) -> Iterator[str]:
    for step in mess.rows:
        yield from step.columns
    for signature in mess.signatures:
        yield from signature.cells
    yield from mess.cells
    yield from (*mess.learned.written, *mess.learned.columns) if mess.learned else ()
    for step in mess.table:
        column = getattr(step.parameters, "column", None)
        yield from [column] if column else []


def _ledger(path: Path | None) -> AbstractContextManager[Callable[[Cells], None]]:
    return nullcontext(lambda _: None) if path is None else new_table(path, LEDGER)
