"""A file that is written aside and put in place whole."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from understudy.model.errors import ConfigurationError

__all__ = ["file_aside", "placed", "tell_what_is_kept", "why_not"]


@contextmanager
def file_aside(path: Path) -> Iterator[Path]:
    """Where to write what becomes `path` at the end; nothing is left of it where that fails.

    The name is the process's own, so that two that write one file do not write into each other's.
    A pipe or a device stays what it is: it is given what would have become the file. Raises
    `ConfigurationError` where no file can be.
    """
    stream = path.exists() and not path.is_file() and not path.is_dir()
    folder = Path(tempfile.gettempdir()) if stream else path.parent
    aside = folder / f".{path.name}.{os.getpid()}.part"
    with placed(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        folder.mkdir(parents=True, exist_ok=True)
        aside.touch()
    try:
        yield aside
        if stream:
            with aside.open("rb") as made, path.open("wb") as into:
                shutil.copyfileobj(made, into)
        else:
            aside.replace(path)
    except KeyboardInterrupt as error:
        tell_what_is_kept(error, path)
        raise
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def placed(path: Path) -> Iterator[None]:
    """What the system refuses while a place is prepared is an error about the place that was named.

    The names of what is written aside say nothing to anybody.
    """
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"`{path}` cannot be written: {why_not(path, error)}",
            code="U144",
            hint="name another place, or make room and ask for the right to write there",
        ) from None


def why_not(path: Path, error: OSError) -> str:
    """Why nothing can be made at a path: the file that stands in the way, or the system's word."""
    wall = next((each for each in path.parents if each.exists() and not each.is_dir()), None)
    return f"`{wall}` is no folder" if wall else error.strerror or "unknown reason"


def tell_what_is_kept(error: BaseException | None, path: Path) -> None:
    """Let an interrupt say what is left at a place that is written whole or not at all."""
    if isinstance(error, KeyboardInterrupt) and not error.args:
        there = "is as it was before" if path.exists() else "was not made"
        error.args = (f"`{path}` {there}, and nothing half-made is left",)
