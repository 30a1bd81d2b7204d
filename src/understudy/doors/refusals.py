"""What the wall refused: counted, by sort and by place."""

from __future__ import annotations

import errno
import re
import threading
from collections.abc import Callable, Collection

from understudy.doors.kernel_count import KernelCount
from understudy.doors.kernel_filter import Reach
from understudy.model.proposal import WallCount

__all__ = ["NetworkRefused", "Refusals", "Refused", "refused_in"]

_MOST_PLACES = 20
_TOLD_ONE_BY_ONE = 64
_TELL_EVERY = 0.1
_ENDED = "the one who counts was ended"
_WORDS = re.compile(r"[A-Za-z0-9.-]+")


class Refused(PermissionError):
    """A way out was tried. A `PermissionError`, as a firewall's or a sandbox's refusal is.

    `reason` is what a case fails for where the candidate lets the error through: `egress` for the
    network, `process` for anything that would run code outside the interpreter.
    """

    reason = "process"


class NetworkRefused(Refused):
    """A way out over the network was tried."""

    reason = "egress"


class Refusals:
    """Counts attempts on the network and on processes apart, since the last time it was asked."""

    def __init__(self, expected: Collection[str] = (), kernel: KernelCount | None = None) -> None:
        """Hosts that are `expected` to be tried, as those of telemetry, are counted apart.

        `kernel` counts what the kernel refuses of calls that no hook sees.
        """
        # Whatever the collector ends meanwhile may try something by itself.
        self._lock = threading.RLock()
        self._expected = frozenset(expected)
        self._counts = {"network": 0, "process": 0, "expected": 0}
        self._places: dict[str, None] = {}
        self._kernel = kernel
        self._was_ended: Callable[[], bool] | None = None
        self.reach = Reach.NONE
        """What becomes of such calls here."""
        self.tell: Callable[[WallCount], None] | None = None
        """Told at once what has been refused since `take`: a process may not live to say it."""

    def network(self, place: str) -> Refused:
        """Count an attempt to reach another machine, process or name."""
        self._count(self._sort(place), place)
        return NetworkRefused(errno.EACCES, "Permission denied", place)

    def process(self, place: str) -> Refused:
        """Count an attempt to start or steer a process, or to call native code."""
        self._count("process", place)
        return Refused(errno.EACCES, "Permission denied", place)

    def take(self) -> WallCount:
        """What was refused since the last call."""
        with self._lock:
            self._take_kernels()
            counted = self._told()
            self._counts = dict.fromkeys(self._counts, 0)
            self._places = {}
        return counted

    def tell_all(self) -> None:
        """Tell once more of what has been refused since `take`; what comes by itself comes late."""
        with self._lock:
            self._take_kernels()
            if self.tell is not None:
                self.tell(self._told())

    def tell_of_programs(self, was_ended: Callable[[], bool]) -> None:
        """From now on tell soon of what the kernel has refused: a process may not live to say it.

        `was_ended` says whether somebody has ended the one who counts that, which is an attempt by
        itself. Returns at once.
        """
        self._was_ended = was_ended
        threading.Thread(target=self._keep_telling, daemon=True).start()

    def _keep_telling(self) -> None:
        pause = threading.Event()
        while not pause.wait(_TELL_EVERY):
            with self._lock:
                # Told before anybody can take it: else it would be told as the next case's.
                if self._take_kernels() and self.tell is not None:
                    self.tell(self._told())

    def _take_kernels(self) -> bool:
        """Take over what the kernel's witness has counted; whether that was anything."""
        fresh = self._kernel.take() if self._kernel else []
        for sort, place, number in fresh:
            self._add(self._sort(place) if sort == "network" else sort, place, number)
        if self._was_ended is None or not self._was_ended():
            return bool(fresh)
        self._was_ended = None
        self._add("process", _ENDED)
        return True

    def _sort(self, place: str) -> str:
        known = not self._expected.isdisjoint(_WORDS.findall(place))
        return "expected" if known else "network"

    def _count(self, sort: str, place: str) -> None:
        with self._lock:
            number = self._add(sort, place)
            # Of very many the first are told one by one, so that telling takes no time of its own.
            if self.tell is not None and (number <= _TOLD_ONE_BY_ONE or number & (number - 1) == 0):
                self.tell(self._told())

    def _add(self, sort: str, place: str, number: int = 1) -> int:
        self._counts[sort] += number
        if sort != "expected" and len(self._places) < _MOST_PLACES:
            self._places[place] = None
        return sum(self._counts.values())

    def _told(self) -> WallCount:
        return WallCount(**self._counts, places=tuple(self._places))


def refused_in(error: BaseException | None) -> Refused | None:
    """The refusal of the wall that an error comes from, if it does."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, Refused):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None
