"""Python's search for cyclic garbage, set aside while millions of records pass."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["rare_collections"]

_EVERY = 200_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles after many more new objects than usual, and as before at the end.

    Records are trees, which are freed without any search; a tenth of an import's time went into
    looking for cycles that are not there.
    """
    before = gc.get_threshold()
    gc.set_threshold(_EVERY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
