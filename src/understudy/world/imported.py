"""A company's own objects as a world: rows that fit their tables, and those that do not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from understudy.model.manifest import WorldManifest
from understudy.world.damage import damage_block
from understudy.world.profile import Profile, check_profile
from understudy.world.recipe import Recipe
from understudy.world.schema import TABLES, Column, column_of
from understudy.world.table import Table, table_of
from understudy.world.truth import Block
from understudy.world.writer import Facts, WorldWriter, dirty_columns

__all__ = ["ACCOUNT", "AS_FOUND", "misfit", "write_imported"]

ACCOUNT = "import.json"
"""What became of each record; a world that has it is a company's own."""
AS_FOUND = Profile(version=1, name="as_found", description="a company's own data, as it was found")
"""The profile of imported data that nothing was laid over."""
_KINDS: dict[pa.DataType, type] = {pa.int64(): int, pa.bool_(): bool, pa.string(): str}
Row = Mapping[str, Any]


def misfit(table: str, row: Row) -> str:
    """Why a row cannot stand in a table; empty where it can.

    >>> misfit("stripe.refunds", {"id": "re_1", "amount": "ten"})
    '`amount` is "ten", and the field holds int'
    """
    if table not in TABLES:
        return f"there is no table `{table}` in a world"
    if not isinstance(row.get("id"), str) or not row["id"]:
        return "it has no id"
    for name, value in _cells(table, row).items():
        wanted = _KINDS[column_of(table, name).type]
        if value is not None and type(value) is not wanted:
            return f"`{name}` is {json.dumps(value)}, and the field holds {wanted.__name__}"
    return ""


def write_imported(
    path: Path,
    tables: Mapping[str, Sequence[Row]],
    now: datetime,
    facts: tuple[Profile, int],
    account: Any,
) -> WorldManifest:
    """Write rows that fit as a world; what the profile does to them is laid over, with a ledger.

    `facts` are the profile and its seed; `account` is kept as `import.json`.
    """
    profile, seed = facts
    check_profile(profile)
    made = {name: table_of(name, [_cells(name, row) for row in tables.get(name, ())])
            for name in TABLES}  # fmt: skip
    extra = {
        name: sorted({*_unknown(name, table), *dirty_columns(profile).get(name, [])})
        for name, table in made.items()
    }
    recipe = Recipe(name="imported", customers=max(len(made["stripe.customers"]), 1), now=now)
    block = Block(0, made)
    with WorldWriter(path, Facts(seed, recipe, profile), extra) as writer:
        writer.write(block, damage_block(block, profile, seed, recipe.epoch))
        writer.note(ACCOUNT, account)
        return writer.finish()


def _unknown(name: str, table: Table) -> list[str]:
    return [column for column in table.columns if column not in TABLES[name]]


def _cells(table: str, row: Row) -> dict[str, Any]:
    known = TABLES[table]
    cells: dict[str, Any] = {}
    for name, value in row.items():
        if value is None:
            continue
        if isinstance(value, Mapping) and _flattens(known, name, value):
            cells |= {f"{name}.{key}": inner for key, inner in value.items() if inner is not None}
        elif isinstance(value, Mapping | list) or (
            name not in known and not isinstance(value, str)
        ):
            cells[f"{name}:json"] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        else:
            cells[name] = value
    return cells


def _flattens(known: Mapping[str, Column], name: str, value: Mapping[str, Any]) -> bool:
    """Whether a nested object stands in columns of its own, and loses nothing there."""
    if f"{name}:json" in known or not any(column.startswith(f"{name}.") for column in known):
        return False
    return all(isinstance(inner, str) or f"{name}.{key}" in known for key, inner in value.items()
               if inner is not None)  # fmt: skip
