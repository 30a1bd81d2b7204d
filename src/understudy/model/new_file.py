"""A file that is written aside and put in place whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["file_aside", "tell_what_is_kept"]


@contextmanager
def file_aside(path: Path) -> Iterator[Path]:
    """Where to write what becomes `path` at the end; nothing is left of it where that fails.

    The name is the process's own, so that two that write one file do not write into each other's.
    A pipe or a device stays what it is: it is given what would have become the file.
    """
    stream = path.exists() and not path.is_file() and not path.is_dir()
    folder = Path(tempfile.gettempdir()) if stream else path.parent
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{path.name}.{os.getpid()}.part"
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


def tell_what_is_kept(error: BaseException | None, path: Path) -> None:
    """Let an interrupt say what is left at a place that is written whole or not at all."""
    if isinstance(error, KeyboardInterrupt) and not error.args:
        there = "is as it was before" if path.exists() else "was not made"
        error.args = (f"`{path}` {there}, and nothing half-made is left",)
