"""Worlds on disk, read with clear errors where they are damaged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from understudy.model.errors import RecordingError
from understudy.model.folder import earlier_of
from understudy.model.jsonl import read_json
from understudy.model.manifest import WorldManifest
from understudy.model.world import Row, World
from understudy.world.imported import ACCOUNT
from understudy.world.table import Rows
from understudy.world.versions import VERSIONS, load_versions

__all__ = [
    "check_files",
    "has_truth",
    "is_imported",
    "is_world",
    "load_ledger",
    "load_table",
    "load_world",
    "read_manifest",
    "struck_by_table",
]

_HINT = "understudy world build --out {path}"


def read_manifest(path: Path) -> WorldManifest:
    """A world's manifest; `RecordingError` where there is no world."""
    if not (path / "manifest.json").is_file():
        what = "is not a world: it has no manifest.json" if path.exists() else "is not there"
        earlier = earlier_of(path)
        hint = f"mv {earlier} {path}" if earlier else _HINT.format(path=path)
        raise RecordingError(f"the world `{path}` {what}", code="U450", hint=hint)
    return read_json(path / "manifest.json", WorldManifest)


def load_world(path: Path) -> World:
    """The dirty view of a world with its ledger; tables are read when they are first asked for.

    Raises `RecordingError` where the world is missing, or a table is missing, unreadable or has
    another number of rows than the manifest says. A world of versions is given as of its end.
    """
    manifest = read_manifest(path)
    if (path / VERSIONS).is_file():
        return load_versions(path, manifest)
    _check_view(path, manifest)
    return World(
        _Tables(path, tuple(manifest.row_counts)),
        content_digest=manifest.content_digest,
        now=manifest.now,
        ledger=_mess(path),
    )


def is_world(path: Path) -> bool:
    """Whether a folder holds a world, of tables or of versions."""
    known = (path / "manifest.json").is_file()
    return known and ((path / "dirty").is_dir() or (path / VERSIONS).is_file())


def has_truth(path: Path, name: str) -> bool:
    """Whether a world knows how a table was before anything of it was damaged."""
    return (path / "truth" / f"{name}.parquet").is_file()


def is_imported(path: Path) -> bool:
    """Whether a world is of a company's own exports and not generated."""
    return (path / ACCOUNT).is_file()


def load_table(path: Path, name: str, *, truth: bool = False) -> dict[str, dict[str, Any]]:
    """One table's rows by id, of the dirty side or the true one."""
    table = _read(path / ("truth" if truth else "dirty") / f"{name}.parquet")
    rows = Rows(table.column_names)
    return {row["id"]: row for row in rows.of([column.to_pylist() for column in table.columns])}


def load_ledger(path: Path) -> list[dict[str, Any]]:
    """Every damage: table, id, column, operator, value before, group and detail."""
    entries: list[dict[str, Any]] = _read(path / "ledger.parquet").to_pylist()
    return entries


def struck_by_table(path: Path) -> dict[str, Counter[str]]:
    """How often each operator struck, by table."""
    ledger = _read(path / "ledger.parquet", ["table", "operator"])
    found: dict[str, Counter[str]] = {}
    for each in ledger.group_by(["table", "operator"]).aggregate([([], "count_all")]).to_pylist():
        found.setdefault(each["table"], Counter())[each["operator"]] += each["count_all"]
    return found


class _Tables(Mapping[str, Mapping[str, Row]]):
    """The dirty tables, each read on the first look and then kept."""

    def __init__(self, path: Path, names: tuple[str, ...]) -> None:
        self._path = path
        self._names = names
        self._read: dict[str, dict[str, dict[str, Any]]] = {}

    def __getitem__(self, name: str) -> Mapping[str, Row]:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._read:
            self._read[name] = load_table(self._path, name)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def check_files(path: Path) -> None:
    """Raise `RecordingError` where a file of a world is missing, unreadable or of other length."""
    manifest = read_manifest(path)
    _check_view(path, manifest)
    for file in [path / "ledger.parquet", *sorted((path / "truth").glob("*.parquet"))]:
        _rows(file)


def _check_view(path: Path, manifest: WorldManifest) -> None:
    for name, count in manifest.row_counts.items():
        _check(path / "dirty" / f"{name}.parquet", count)


def _mess(path: Path) -> dict[tuple[str, str], tuple[str, ...]]:
    """The operators that touched each row, each once and sorted."""
    ledger = _read(path / "ledger.parquet", ["table", "id", "operator"])
    touched: dict[tuple[str, str], set[str]] = {}
    columns = (ledger.column(name).to_pylist() for name in ("table", "id", "operator"))
    for table, row_id, operator in zip(*columns, strict=True):
        touched.setdefault((table, row_id), set()).add(operator)
    return {place: tuple(sorted(names)) for place, names in touched.items()}


def _check(file: Path, count: int) -> None:
    found = _rows(file)
    if found != count:
        raise RecordingError(
            f"the table `{file}` has {found:,} rows, and the manifest says {count:,}",
            code="U451",
            hint=_HINT.format(path=file.parents[1]),
        )


def _rows(file: Path) -> int:
    try:
        return int(pq.read_metadata(file).num_rows)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(file, error) from None


def _read(file: Path, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(file, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(file, error) from None


def _damaged(file: Path, error: Exception) -> RecordingError:
    reason = "it is missing" if not file.exists() else str(error).splitlines()[0]
    return RecordingError(
        f"the table `{file}` cannot be read: {reason}",
        code="U451",
        hint=_HINT.format(path=file.parents[1] if file.parent.name != "" else file.parent),
    )
