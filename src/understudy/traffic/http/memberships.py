"""To which group each exchange was given, on its way from sorting to the groups themselves."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import msgspec
import numpy as np

from understudy.model.case import LinkConfidence

__all__ = ["Member", "Memberships"]

Member = tuple[int, LinkConfidence | None]
"""An exchange's number from 1, and how surely it belongs to its group."""

_LINKS = (None, *LinkConfidence)
_CODES = {link: code for code, link in enumerate(_LINKS)}
_ALONE = 0
_encode = msgspec.json.Encoder().encode


class Memberships:
    """Takes exchanges in their order, with the number of their group from 1.

    Memory grows by 9 bytes an exchange, for a while by 40 more where they are given back by group;
    what each is about lies in a file of no name.
    """

    def __init__(self, folder: Path) -> None:
        self._groups, self._links = array("q"), array("b")
        self._entities = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 -- closed at the end

    def __enter__(self) -> Self:
        """Use it; its file is gone afterwards."""
        return self

    def __exit__(self, *_: object) -> None:
        self._entities.close()

    def put(self, group: int | None, entity: str | None, link: LinkConfidence | None) -> None:
        """Keep the next exchange's group and what it is about."""
        self._groups.append(_ALONE if group is None else group)
        self._links.append(_CODES[link])
        self._entities.write(b"\n" if entity is None else _encode(entity) + b"\n")

    def settle(self) -> None:
        """Everything is put: from now on a forked process may read it too."""
        self._entities.flush()

    def groups(self) -> Iterator[tuple[int, list[Member]]]:
        """Each group's number and its members in order; the groups as they began."""
        groups = np.array(self._groups, np.int64)
        order = np.argsort(groups, kind="stable")
        ends = np.append(np.flatnonzero(np.diff(groups[order])) + 1, len(order))
        begin = 0
        for end in array("q", ends.astype(np.int64).tobytes()):
            members, begin = order[begin:end].tolist(), end
            if members and (number := self._groups[members[0]]) != _ALONE:
                yield number, [(one + 1, _LINKS[self._links[one]]) for one in members]

    def alone(self) -> Iterator[int]:
        """The numbers of those that belong to no group."""
        yield from (number for number, group in enumerate(self._groups, 1) if group == _ALONE)

    def entities(self) -> Iterator[bytes | None]:
        """What each exchange is about, in order, as JSON."""
        self._entities.seek(0)
        yield from (line[:-1] or None for line in self._entities)
