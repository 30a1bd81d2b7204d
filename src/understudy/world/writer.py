"""Writes a world block by block into a folder aside, and puts it in place when it is whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from understudy.model.errors import ConfigurationError
from understudy.model.folder import FolderAside
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

__all__ = [
    "PART",
    "ROW_GROUP",
    "BlockRecord",
    "Facts",
    "PartRecord",
    "WorldWriter",
    "dirty_columns",
    "refuse_foreign",
]

PART = "shard.json"
ROW_GROUP = 1 << 20
Cells = Mapping[str, pa.Array]


class BlockRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One block as it was written: its digest, and its rows in each file."""

    digest: str
    rows: dict[str, int]


class PartRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a shard says of itself, so that shards of different worlds are never joined."""

    shard: int
    of: int
    seed: int
    recipe_hash: str
    profile_hash: str
    blocks: dict[str, BlockRecord]
    cases: int = 0
    schema: str = "understudy/world-shard/1"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a world was made from."""

    seed: int
    recipe: Recipe
    profile: Profile


def dirty_columns(profile: Profile) -> dict[str, list[str]]:
    """The columns that a profile's renamed properties add to each table."""
    return {
        table: sorted({to for step in mess.rows if (to := getattr(step.parameters, "to", None))})
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
    _aside: FolderAside = field(init=False)
    _files: dict[Path, pq.ParquetWriter] = field(default_factory=dict)
    _truth: Measures = field(default_factory=Measures)
    _dirty: Measures = field(default_factory=Measures)
    _blocks: dict[int, BlockRecord] = field(default_factory=dict)
    _operators: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._aside = FolderAside(self.path)

    def __enter__(self) -> Self:
        refuse_foreign(self.path)
        self._aside.__enter__()
        for name in ("truth", "dirty"):
            (self._aside.folder / name).mkdir()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()
        self._aside.__exit__(kind, error, trace)

    def write(self, block: Block, draft: Draft) -> None:
        """Append one block's clean and dirty tables and its ledger entries."""
        truth = {
            name: self._cells(name, table)
            for name, table in block.tables.items()
            if name != PEOPLE or block.number >= 0
        }
        dirty = {name: self._cells(name, table) for name, table in draft.tables.items()}
        ledger = pa.Table.from_batches(draft.entries, schema=LEDGER).combine_chunks()
        cells = {name: _whole(ledger.column(name)) for name in LEDGER.names}
        self.put(block.number, {"truth": truth, "dirty": dirty, "": {"ledger": cells}})

    def put(self, number: int, sides: Mapping[str, Mapping[str, Cells]]) -> BlockRecord:
        """Append one block: `truth`, `dirty` and, under the empty name, the ledger."""
        self._truth.take(sides["truth"])
        self._dirty.take(sides["dirty"])
        rows: dict[str, int] = {}
        for side, tables in sides.items():
            for name, cells in tables.items():
                file = f"{side}/{name}.parquet".lstrip("/")
                rows[file] = len(next(iter(cells.values())))
                self._append(self._aside.folder / file, pa.table(cells))
        operators = operator_counts(sides[""]["ledger"]["operator"])
        for operator, count in operators.items():
            self._operators[operator] = self._operators.get(operator, 0) + count
        digest = combined_digest(values_digest(side) for side in sides.values())
        self._blocks[number] = BlockRecord(digest=digest, rows=rows)
        return self._blocks[number]

    def _cells(self, name: str, table: Table) -> Cells:
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
        if len(rows):
            self._files[file].write_table(rows, row_group_size=ROW_GROUP)

    def finish_part(self, shard: int, of: int, cases: int = 0) -> PartRecord:
        """Put a shard in place: no world yet, but all that joining it with the others needs."""
        self._close()
        record = PartRecord(
            shard=shard,
            of=of,
            seed=self.facts.seed,
            recipe_hash=self.facts.recipe.hash,
            profile_hash=self.facts.profile.hash,
            blocks={str(number): block for number, block in sorted(self._blocks.items())},
            cases=cases,
        )
        write_json(self._aside.folder / PART, record)
        self._aside.place()
        return record

    def note(self, name: str, record: Any) -> None:
        """Keep a JSON file beside the tables."""
        write_json(self._aside.folder / name, record)

    def finish(self, complete: Callable[[Path], None] | None = None) -> WorldManifest:
        """Write what the world says of itself, and put it in place; returns the manifest.

        `complete` is given the folder before that, to put into it what else belongs to the world.
        """
        self._close()
        manifest = self._manifest()
        quality: dict[str, Any] = {
            "fidelity": "authored profile, fidelity not measured",
            "profile": self.facts.profile.name,
            "truth": self._truth.summary(),
            "dirty": self._dirty.summary(),
            "operators": manifest.operators,
            "blocks": {str(number): block.digest for number, block in sorted(self._blocks.items())},
        }
        write_json(self._aside.folder / "quality.json", quality)
        write_json(self._aside.folder / "manifest.json", manifest)
        if complete:
            complete(self._aside.folder)
        self._aside.place()
        return manifest

    def _close(self) -> None:
        while self._files:
            self._files.popitem()[1].close()

    def _manifest(self) -> WorldManifest:
        tables = [name for name in TABLES if name in self._dirty.columns]
        return WorldManifest(
            seed=self.facts.seed,
            recipe_hash=self.facts.recipe.hash,
            profile_hash=self.facts.profile.hash,
            pool_hashes=pool_hashes(),
            row_counts={name: self._dirty.rows(name) for name in tables},
            content_digest=combined_digest(
                f"{number}:{block.digest}" for number, block in sorted(self._blocks.items())
            ),
            now=self.facts.recipe.epoch,
            operators=dict(sorted(self._operators.items())),
        )


def refuse_foreign(path: Path) -> None:
    """A folder that is no world is not written over."""
    if path.exists() and not (path.is_dir() and (_is_world(path) or not any(path.iterdir()))):
        raise ConfigurationError(
            f"`{path}` is there already and is not a world",
            code="U113",
            hint="choose another folder with --out",
        )


def _is_world(path: Path) -> bool:
    known = any((path / name).is_file() for name in ("manifest.json", PART))
    return (known and (path / "dirty").is_dir()) or [item.name for item in path.iterdir()] == [
        "shards"
    ]


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """The one chunk of a column, or none of its type."""
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)
