"""A recording that cannot be written, as on a full disk: one clear error, and nothing is left."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from understudy.model.errors import RecordingError
from understudy.model.new_file import why_not

__all__ = ["written_to"]


@contextmanager
def written_to(path: Path) -> Iterator[None]:
    """Whatever fails in here with the disk is a `RecordingError` about `path`."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = why_not(path, error) if isinstance(error, OSError) else str(error)
        raise RecordingError(
            f"`{path}` cannot be written: {reason or 'unknown reason'}",
            code="U413",
            hint=f"make room in {path.parent}, or name another folder with --out",
        ) from None
