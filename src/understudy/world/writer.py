"""Writes a world block by block into a folder aside, and puts it in place when it is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from understudy.model.errors import ConfigurationError
from understudy.model.jsonl import write_json
from understudy.model.manifest import WorldManifest
from understudy.world.contents import combined_digest, values_digest
from understudy.world.draft import LEDGER, Draft
from understudy.world.pools import pool_hashes
from understudy.world.profile import Profile
from understudy.world.quality import Measures, operator_counts
from understudy.world.recipe import Recipe
from understudy.world.schema import PEOPLE, TABLES, arrow_type
from understudy.world.table import Table
from understudy.world.truth import Block

__all__ = ["Facts", "WorldWriter", "dirty_columns"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a world was made from."""

    seed: int
    recipe: Recipe
    profile: Profile


def dirty_columns(profile: Profile) -> dict[str, list[str]]:
    """The columns that a profile's renamed properties add to each table."""
    return {
        table: sorted({step.parameters.to for step in mess.rows if hasattr(step.parameters, "to")})
        for table, mess in profile.tables.items()
    }


@dataclass(slots=True)
class WorldWriter:
    """One world on its way to disk; used with `with`, so that a broken one leaves nothing.

    `extra` names the columns beyond the schema that truth and dirty tables have.
    """

    path: Path
    facts: Facts
    extra: Mapping[str, list[str]] = field(default_factory=dict)
    part: str = ""
    _aside: Path = field(init=False)
    _files: dict[Path, pq.ParquetWriter] = field(default_factory=dict)
    _truth: Measures = field(default_factory=Measures)
    _dirty: Measures = field(default_factory=Measures)
    _digests: dict[int, str] = field(default_factory=dict)
    _operators: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._aside = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")

    def __enter__(self) -> Self:
        _refuse_foreign(self.path)
        for name in ("truth", "dirty"):
            (self._aside / name).mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()
        shutil.rmtree(self._aside, ignore_errors=True)

    def write(self, block: Block, draft: Draft) -> None:
        """Append one block's clean and dirty tables and its ledger entries."""
        tables = {
            name: table
            for name, table in block.tables.items()
            if name != PEOPLE or block.number >= 0
        }
        truth = self._side("truth", tables, self._truth)
        dirty = self._side("dirty", draft.tables, self._dirty)
        ledger = pa.Table.from_batches(draft.entries, schema=LEDGER).combine_chunks()
        self._append(self._aside / "ledger.parquet", ledger)
        for operator, count in operator_counts(draft.entries).items():
            self._operators[operator] = self._operators.get(operator, 0) + count
        cells = {name: ledger.column(name).combine_chunks() for name in LEDGER.names}
        parts = [values_digest(side) for side in (truth, dirty, {"ledger": cells})]
        self._digests[block.number] = combined_digest(parts)

    def _side(
        self, side: str, tables: Mapping[str, Table], measures: Measures
    ) -> dict[str, dict[str, pa.Array]]:
        written = {}
        for name, table in tables.items():
            cells = written[name] = self._cells(name, table)
            measures.take(name, cells)
            self._append(self._aside / side / f"{name}.parquet", pa.table(cells))
        return written

    def _cells(self, name: str, table: Table) -> dict[str, pa.Array]:
        """All columns that the table has in this world, in their order; absent ones are null."""
        names = (
            list(table.columns) if name == PEOPLE else [*TABLES[name], *self.extra.get(name, [])]
        )
        return {
            column: table.columns[column].cast(arrow_type(name, column))
            if column in table.columns
            else pa.nulls(len(table), arrow_type(name, column))
            for column in names
        }

    def _append(self, file: Path, rows: pa.Table) -> None:
        if file not in self._files:
            self._files[file] = pq.ParquetWriter(file, rows.schema, compression="snappy")
        self._files[file].write_table(rows)

    def finish(self) -> WorldManifest:
        """Write what the world says of itself, and put it in place; returns the manifest."""
        for file in self._files.values():
            file.close()
        self._files.clear()
        manifest = self._manifest()
        quality: dict[str, Any] = {
            "fidelity": "authored profile, fidelity not measured",
            "profile": self.facts.profile.name,
            "truth": self._truth.summary(),
            "dirty": self._dirty.summary(),
            "operators": manifest.operators,
            "blocks": {str(number): digest for number, digest in sorted(self._digests.items())},
        }
        write_json(self._aside / "quality.json", quality)
        write_json(self._aside / "manifest.json", manifest)
        _replace(self._aside, self.path)
        return manifest

    def _manifest(self) -> WorldManifest:
        tables = [name for name in TABLES if name in self._dirty.columns]
        return WorldManifest(
            seed=self.facts.seed,
            recipe_hash=self.facts.recipe.hash,
            profile_hash=self.facts.profile.hash,
            pool_hashes=pool_hashes(),
            row_counts={name: self._dirty.rows(name) for name in tables},
            content_digest=combined_digest(
                f"{number}:{digest}" for number, digest in sorted(self._digests.items())
            ),
            now=self.facts.recipe.epoch,
            operators=dict(sorted(self._operators.items())),
        )


def _refuse_foreign(path: Path) -> None:
    """A folder that is no world is not written over."""
    if path.is_file() or (path.is_dir() and any(path.iterdir()) and not _is_world(path)):
        raise ConfigurationError(
            f"`{path}` is there already and is not a world",
            code="U109",
            hint="choose another folder with --out",
        )


def _is_world(path: Path) -> bool:
    return (path / "manifest.json").is_file() and (path / "dirty").is_dir()


def _replace(aside: Path, path: Path) -> None:
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    if path.exists():
        path.replace(old)
    aside.replace(path)
    shutil.rmtree(old, ignore_errors=True)
