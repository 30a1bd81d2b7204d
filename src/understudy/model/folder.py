"""A folder that is written aside and put in place whole, whenever the process may be killed."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from understudy.model.errors import ConfigurationError
from understudy.model.new_file import placed, tell_what_is_kept

__all__ = ["FolderAside", "clear_leftovers", "earlier_of"]

_PART, _EARLIER = ".part", ".earlier"
_SWAP = 2
_HERE = -100


@dataclass(slots=True)
class FolderAside:
    """A new folder beside its final place; used with `with`, so that nothing is left of it.

    While its process lives it is locked, which is how `clear_leftovers` knows those that a killed
    one left.
    """

    path: Path
    folder: Path = field(init=False)
    _lock: int = -1

    def __post_init__(self) -> None:
        place = self.path.resolve()
        if not place.name or Path.cwd().is_relative_to(place):
            raise ConfigurationError(
                f"`{self.path}` cannot be replaced: the command runs in it",
                code="U143",
                hint="name a folder of its own with --out",
            )
        if self.path.exists() and not self.path.is_dir():
            raise ConfigurationError(
                f"`{self.path}` is there already and is no folder",
                code="U143",
                hint="name a folder of its own with --out",
            )
        self.folder = self.path.with_name(f".{self.path.name}.{os.getpid()}{_PART}")

    def __enter__(self) -> Self:
        with placed(self.path):
            self._begin()
        return self

    def _begin(self) -> None:
        import fcntl

        self.path.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(self.path)
        shutil.rmtree(self.folder, ignore_errors=True)
        # It gets the name that is looked for only once it is locked.
        fresh = self.folder.with_suffix(f".{secrets.token_hex(4)}")
        fresh.mkdir()
        self._lock = os.open(fresh, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        fresh.rename(self.folder)

    def place(self, part: str = "") -> None:
        """Put the folder, or a part of it, in place; what is there goes once the new one stands."""
        made = self.folder / part
        if not self.path.exists():
            made.rename(self.path)
        elif not _exchanged(made, self.path):
            earlier = self.folder.with_suffix(_EARLIER)
            self.path.rename(earlier)
            made.rename(self.path)
            shutil.rmtree(earlier)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tell_what_is_kept(error, self.path)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def clear_leftovers(path: Path) -> None:
    """Remove what killed processes left beside `path`; what they had moved away is moved back."""
    if not path.exists():
        for earlier in _beside(path, _EARLIER):
            with contextlib.suppress(OSError):
                earlier.rename(path)
                break
    for left in (*_beside(path, _PART), *_beside(path, _EARLIER)):
        if not _in_use(left):
            shutil.rmtree(left, ignore_errors=True)


def earlier_of(path: Path) -> Path | None:
    """Where a folder is that was moved away when its replacement was interrupted."""
    return next(_beside(path, _EARLIER), None) if not path.exists() else None


def _beside(path: Path, ending: str) -> Iterator[Path]:
    start = f".{path.name}."
    for each in sorted(path.parent.iterdir()) if path.parent.is_dir() else ():
        number = each.name.removeprefix(start).removesuffix(ending)
        if each.name == f"{start}{number}{ending}" and number.isdecimal() and each.is_dir():
            yield each


def _in_use(folder: Path) -> bool:
    import fcntl

    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:
        return True
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(number)
    return False


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system or the disk has no such call."""
    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        call, given = getattr(library, "renamex_np", None), (first, second, _SWAP)
    else:
        call = getattr(library, "renameat2", None)
        given = (_HERE, first, _HERE, second, _SWAP)
    if call is None:
        return False
    if call(*given) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(other))
