"""One write that left something behind, for who wants to tell of it afterwards."""

from __future__ import annotations

import msgspec

from understudy.model.world import Row

__all__ = ["Deed"]


class Deed(msgspec.Struct, frozen=True, gc=False):
    """What one write left: all that stands between two marks of the overlay, and more.

    `action` is its place among the case's actions, `call` the number of the call that it was;
    `left` are rows, by table, that the vendor keeps of what it refused.
    """

    action: int
    call: int
    begin: int
    end: int
    left: tuple[tuple[str, Row], ...] = ()
