"""Work on one large file side by side, each process with its own stripes of it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from understudy.model.errors import RecordingError
from understudy.traffic.blobs import Blobs
from understudy.traffic.claims import RECORDS, Claims, Turn

__all__ = ["WHOLE", "Beside", "Stripe", "processors", "side_by_side", "striped"]

Made = TypeVar("Made")

_PARENT_DEATH_SIGNAL = 1
_MOST = 2
"""A third would read the file faster, and hold more than an import may."""


class Stripe(NamedTuple):
    """Which records of a source one process reads: every so many-th block of them.

    >>> [place for place in range(0, 256, 64) if Stripe(1, 2).takes(place)]
    [64, 192]
    """

    number: int
    of: int

    def takes(self, place: int) -> bool:
        """Whether the record at this place, counted from 0 or 1, is this one's."""
        return place // RECORDS % self.of == self.number


WHOLE = Stripe(0, 1)
"""All of it."""


def processors() -> int:
    """How many processes may read one file: one where they cannot be forked safely."""
    return min(_MOST, len(os.sched_getaffinity(0))) if sys.platform == "linux" else 1


def side_by_side(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What `work` makes of each number: of 0 here, of the others in forked processes meanwhile.

    Results and exceptions come back pickled. What one raises is raised here, and the others end.
    """
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(_forked(work, number)) for number in range(1, count)]
        return [work(0), *(other.result() for other in others)]


@dataclass(slots=True)
class Beside:
    """Other work to be done by the way by one process; what it `made` is there at the end."""

    work: Callable[[], Any]
    made: Any = None


def striped(
    folder: Path, count: int, work: Callable[[Turn], Iterator[Made]], beside: Beside
) -> Iterator[Made]:
    """What `work` makes of each record, in order, by several processes in turns.

    `work` gives one thing for each record that its turn takes, counted from 0. What is made waits
    in files in `folder` until all of it is there. This process does what is `beside` first: a
    forked one would hold what that needs as well.
    """
    if count == 1:
        beside.made = beside.work()
        yield from work(Turn(0))
        return
    stores = [Blobs(folder) for _ in range(count)]

    def share(number: int) -> tuple[Any, array[int], array[int]]:
        made = None if number else beside.work()
        return made, *_stored(stores[number], work, Turn(number, claims))

    try:
        with Claims(folder) as claims:
            shares = side_by_side(count, share)
        beside.made = shares[0][0]
        for store, (_, starts, _) in zip(stores, shares, strict=True):
            store.resume(starts)
        yield from map(_read, _in_order(stores, [blocks for _, _, blocks in shares]))
    finally:
        for store in stores:
            store.close()


def _stored(
    store: Blobs, work: Callable[[Turn], Iterator[Any]], turn: Turn
) -> tuple[array[int], array[int]]:
    for made in work(turn):
        store.add(pickle.dumps(made))
    store.flush()
    return store.starts, turn.blocks


def _in_order(stores: Sequence[Blobs], blocks: Sequence[array[int]]) -> Iterator[bytes]:
    """The records of all stores, block by block as they stand in the source."""
    each = [iter(store) for store in stores]
    taken = ((block, place) for place, own in enumerate(blocks) for block in own)
    for _, place in sorted(taken):
        yield from islice(each[place], RECORDS)


@dataclass(slots=True)
class _Other:
    """A forked process and the end of the pipe at which its result arrives."""

    pid: int
    pipe: int

    def result(self) -> Any:
        """What it made; raises what it raised."""
        with os.fdopen(self.pipe, "rb", closefd=False) as file:
            data = file.read()
        if not data:
            raise RecordingError(
                "a process that read a part of the file was ended from outside",
                code="U424",
                hint="where memory runs out, allow one processor: taskset -c 0 understudy …",
            )
        made, error = _read(data)
        if error is not None:
            raise error
        return made


@contextlib.contextmanager
def _forked(work: Callable[[int], Any], number: int) -> Iterator[_Other]:
    ours, theirs = os.pipe()
    parent, pid = os.getpid(), os.fork()
    if pid == 0:
        _end_with(parent)
        _answer(theirs, work, number)
    os.close(theirs)
    try:
        yield _Other(pid, ours)
    finally:
        os.close(ours)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _end_with(parent: int) -> None:
    """A process whose parent was killed goes with it, for nobody waits for its result."""
    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _answer(pipe: int, work: Callable[[int], Any], number: int) -> None:
    """Do the work in the forked process, which ends here without any of its parent's endings."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with os.fdopen(pipe, "wb") as file:
            file.write(_told(work, number))
        code = 0
    finally:
        os._exit(code)


def _read(data: bytes) -> Any:
    return pickle.loads(data)  # noqa: S301 -- a process forked from this one wrote it


def _told(work: Callable[[int], Any], number: int) -> bytes:
    try:
        return pickle.dumps((work(number), None))
    except Exception as error:
        return pickle.dumps((None, error))
