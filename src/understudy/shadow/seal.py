"""The seal that closes a run: how many records its store holds, and the hash over all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from understudy.model.chain import NOTHING
from understudy.model.errors import RecordingError
from understudy.model.jsonl import read_json, write_json

__all__ = ["SEAL", "Seal", "break_seal", "chain_head", "check_seal", "seal_run", "store_files"]

SEAL = "SEALED"
_STORED = ("cases-*.jsonl", "spans-*.jsonl")


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """`SEALED` of a run."""

    head: str
    """The last link of the chain over every line of every store file, in the order of names; then
    over what came later of their traces."""
    records: int
    files: dict[str, int]
    """How many lines each of these files has."""
    schema: str = "understudy/seal/1"


def chain_head(lines: Iterable[bytes], start: str = NOTHING) -> str:
    """The last link of a hash chain: sha256 of the link before, in hex, and the line.

    >>> import hashlib
    >>> chain_head([b"a"]) == hashlib.sha256(b"0" * 64 + b"a").hexdigest()
    True
    >>> chain_head([b"a", b"b"]) == chain_head([b"b"], chain_head([b"a"]))
    True
    """
    head = start
    for line in lines:
        state = hashlib.sha256(head.encode("ascii"))
        state.update(line)
        head = state.hexdigest()
    return head


def store_files(folder: Path) -> list[Path]:
    """What a run's records are read from: its store, and what came later of their traces."""
    return [each for name in _STORED for each in sorted(folder.glob(name))]


def seal_run(folder: Path) -> Seal:
    """Close a run that has come to its end; nothing is appended to it without breaking the seal."""
    seal = _seal_of(folder)
    write_json(folder / SEAL, seal)
    return seal


def break_seal(folder: Path) -> None:
    """The run goes on."""
    (folder / SEAL).unlink(missing_ok=True)


def check_seal(folder: Path) -> Seal | None:
    """The seal of a run, None where it has none; raises `RecordingError` where it is broken."""
    path = folder / SEAL
    if not path.is_file():
        return None
    said, found = read_json(path, Seal), _seal_of(folder)
    if said == found:
        return said
    raise RecordingError(
        f"the records of `{folder}` are not those that were sealed: {_unlike(said, found)}",
        code="U436",
        where=str(path),
        hint="restore the files from where the run was made; or remove the seal, and whoever "
        f"judges the run vouches for it: rm {path}",
    )


def _seal_of(folder: Path) -> Seal:
    head, records, files = NOTHING, 0, {}
    for path in store_files(folder):
        count = 0
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    head = chain_head([line], head)
                    count += 1
        files[path.name] = count
        records += count if path.name.startswith("cases-") else 0
    return Seal(head=head, records=records, files=files)


def _unlike(said: Seal, found: Seal) -> str:
    for name in sorted(said.files.keys() | found.files.keys()):
        wanted, there = said.files.get(name, 0), found.files.get(name, 0)
        if wanted != there:
            return f"`{name}` had {wanted:,} records and has {there:,}"
    return "a record was changed"
