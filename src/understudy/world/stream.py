"""Worlds built block by block: flat memory, any number of shards, the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from understudy.model.errors import ConfigurationError, RecordingError
from understudy.model.jsonl import read_json
from understudy.model.manifest import WorldManifest
from understudy.model.new_file import placed
from understudy.world.addition import Addition
from understudy.world.damage import damage_block
from understudy.world.heap import one_heap
from understudy.world.profile import check_profile
from understudy.world.truth import EXTRA, SHARED, build_block, build_shared
from understudy.world.writer import (
    PART,
    ROW_GROUP,
    BlockRecord,
    Facts,
    PartRecord,
    WorldWriter,
    dirty_columns,
)

__all__ = ["Shard", "build_world", "join_shards", "parse_shard"]

SHARDS = "shards"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number` of `of`; it has every `of`-th block."""

    number: int = 1
    of: int = 1

    def blocks(self, count: int, addition: Addition | None = None) -> list[int]:
        """The blocks of this shard; the first shard has the shared rows and the added ones too."""
        own = list(range(self.number - 1, count, self.of))
        return [SHARED, *own, *_added(addition)] if self.number == 1 else own


def parse_shard(text: str) -> Shard:
    """A shard as it is typed: `2/3`.

    >>> parse_shard("2/3")
    Shard(number=2, of=3)
    """
    number, slash, of = text.partition("/")
    if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of) <= 4096:
        return Shard(int(number), int(of))
    raise ConfigurationError(
        f"`{text}` is not a shard; write which of how many, as in `2/3`", code="U114"
    )


def build_world(
    path: Path,
    facts: Facts,
    shard: Shard | None = None,
    progress: Progress | None = None,
    addition: Addition | None = None,
) -> WorldManifest | None:
    """Build a world, or one shard of it; the last shard to finish joins them all.

    Shards wait in `PATH/shards/`; None says that others are still missing. `progress` is told how
    many blocks are done, and of how many. An `addition` is the same for each shard; it is completed
    when the world is whole.
    """
    check_profile(facts.profile)
    part = shard or Shard()
    alone = part.of == 1
    folder = path if alone else path / SHARDS / f"{part.number}-of-{part.of}"
    with placed(path):
        folder.parent.mkdir(parents=True, exist_ok=True)
    blocks = part.blocks(facts.recipe.blocks(), addition)
    with one_heap(), WorldWriter(folder, facts, _columns(facts, addition)) as writer:
        for done, number in enumerate(blocks, 1):
            _write_block(writer, facts, number, addition)
            if progress:
                progress(done, len(blocks))
        if alone:
            return writer.finish(addition.complete if addition else None)
        writer.finish_part(part.number, part.of, addition.cases if addition else 0)
    return _join_if_whole(path, facts, part.of, addition)


def _added(addition: Addition | None) -> list[int]:
    """The block of the added rows, where there are any."""
    return [EXTRA] if addition and EXTRA in addition.blocks else []


def _columns(facts: Facts, addition: Addition | None) -> dict[str, list[str]]:
    """The columns beyond the schema, by table."""
    columns = dirty_columns(facts.profile)
    for name, more in addition.columns.items() if addition else ():
        columns[name] = sorted({*columns.get(name, []), *more})
    return columns


def _write_block(writer: WorldWriter, facts: Facts, number: int, addition: Addition | None) -> None:
    if addition and number in addition.blocks:
        writer.write(*addition.blocks[number])
        return
    if number == SHARED:
        block = build_shared(facts.recipe, facts.seed)
    else:
        block = build_block(facts.recipe, facts.seed, number)
    writer.write(block, damage_block(block, facts.profile, facts.seed, facts.recipe.epoch))


def _join_if_whole(
    path: Path, facts: Facts, of: int, addition: Addition | None
) -> WorldManifest | None:
    parts = [path / SHARDS / f"{number}-of-{of}" for number in range(1, of + 1)]
    if not all((part / PART).is_file() for part in parts):
        return None
    with _alone(path / SHARDS / "joining") as first:
        return join_shards(path, parts, facts, addition) if first else None


@contextmanager
def _alone(lock: Path) -> Iterator[bool]:
    """Whether nobody else holds the lock; two shards may finish at the same moment.

    Who is killed holds it no longer. A folder that is gone was joined by somebody else.
    """
    file = _held(lock)
    if file is None:
        yield False
        return
    with file:
        yield lock.exists()


def _held(lock: Path) -> IO[bytes] | None:
    import fcntl

    try:
        file = lock.open("wb")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def join_shards(
    path: Path, parts: Sequence[Path], facts: Facts, addition: Addition | None = None
) -> WorldManifest:
    """One world of all its shards, equal to what a single build writes.

    Raises `RecordingError` where shards are of different worlds, are missing blocks or were changed
    after they were written.
    """
    records = [read_json(part / PART, PartRecord) for part in parts]
    owners = _owners(parts, records, facts, addition)
    cursors = {part: _Cursor(part) for part in parts}
    with WorldWriter(path, facts, _columns(facts, addition)) as writer:
        for number in sorted(owners, key=lambda each: (each == EXTRA, each)):
            part, record = owners[number]
            written = writer.put(number, cursors[part].take(record))
            if written.digest != record.digest:
                raise RecordingError(
                    f"block {number} of the shard `{part}` was changed after it was written",
                    code="U452",
                )
        return writer.finish(addition.complete if addition else None)


def _owners(
    parts: Sequence[Path],
    records: Sequence[PartRecord],
    facts: Facts,
    addition: Addition | None,
) -> dict[int, tuple[Path, BlockRecord]]:
    """Which shard has which block; every block once."""
    owners: dict[int, tuple[Path, BlockRecord]] = {}
    cases = addition.cases if addition else 0
    wanted = (facts.seed, facts.recipe.hash, facts.profile.hash, cases)
    for part, record in zip(parts, records, strict=True):
        if (record.seed, record.recipe_hash, record.profile_hash, record.cases) != wanted:
            raise RecordingError(
                f"the shard `{part}` is of another world: its seed, recipe, profile or number of"
                " cases differs",
                code="U452",
                hint=f"remove `{part}` and build it again",
            )
        owners.update({int(number): (part, block) for number, block in record.blocks.items()})
    every = {SHARED, *range(facts.recipe.blocks()), *_added(addition)}
    missing = sorted(every - set(owners))
    if missing:
        raise RecordingError(f"no shard has block {missing[0]}", code="U452")
    return owners


class _Cursor:
    """Reads a shard's files from front to back, a block at a time."""

    def __init__(self, part: Path) -> None:
        self._part = part
        self._files: dict[str, pq.ParquetFile] = {}
        self._groups: dict[str, int] = {}

    def take(self, record: BlockRecord) -> dict[str, dict[str, dict[str, pa.Array]]]:
        """The next block's cells by side, table and column."""
        sides: dict[str, dict[str, dict[str, pa.Array]]] = {"truth": {}, "dirty": {}, "": {}}
        for name, rows in record.rows.items():
            side, _, file = name.rpartition("/")
            sides[side][file.removesuffix(".parquet")] = self._read(name, rows)
        return sides

    def _read(self, name: str, rows: int) -> dict[str, pa.Array]:
        if name not in self._files:
            self._files[name] = pq.ParquetFile(self._part / name)
            self._groups[name] = 0
        file, start = self._files[name], self._groups[name]
        end = self._groups[name] = start - (-rows // ROW_GROUP)
        table = file.read_row_groups(range(start, end)) if rows else file.schema_arrow.empty_table()
        return {
            column: pa.concat_arrays(table.column(column).chunks)
            if table.column(column).num_chunks
            else pa.nulls(0, table.schema.field(column).type)
            for column in table.column_names
        }
