"""How a program of the candidate's begins, and what stands around it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from understudy.doors.guards import everywhere, is_numeric
from understudy.doors.kernel_witness import Witness
from understudy.doors.namespace import end_with_parent
from understudy.doors.program_filter import watch_program
from understudy.doors.program_judge import Program
from understudy.doors.refusals import Refusals
from understudy.shadow.limits import MOST_PROCESSES, limit_memory
from understudy.shadow.protocol import Setup

__all__ = ["Surroundings", "beginning"]

_MORE_PROCESSES = 64
"""So many above the limit are started still, so that whoever counts them sees that it is passed."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Whether a program has a network of its own, and who counts what it tries there."""

    isolated: bool
    counting: Witness | None

    @property
    def level(self) -> str:
        """What holds it: `netns`, `witness` where it is counted, both, or `none`."""
        held = [*(["netns"] if self.isolated else []), *(["witness"] if self._watched else [])]
        return "+".join(held) or "none"

    def tell_by(self, wall: Refusals) -> None:
        """Have the wall tell of what the program tries, as it comes, where that is counted."""
        if self.counting is not None and self._watched:
            wall.tell_of_programs(self.counting.was_ended)

    @property
    def _watched(self) -> bool:
        return self.counting is not None and self.counting.count.watching


def beginning(
    setup: Setup, doors: Iterable[socket.socket], around: Surroundings
) -> Callable[[], None]:
    """What runs in a new process ahead of the program.

    It ends with this process and has limits of its own. Where it has a network of its own, what it
    tries there besides the doors and what the campaign allows is counted.
    """
    program = Program(
        isolated=around.isolated,
        shared=not around.isolated
        and all(host == "localhost" or is_numeric(host) for host, _ in setup.allow),
        reachable=(*everywhere(setup.allow), *(door.getsockname()[:2] for door in doors)),
        starter=os.getpid(),
        most_processes=MOST_PROCESSES + _MORE_PROCESSES,
    )

    def begin() -> None:
        end_with_parent()
        if around.counting is not None:
            watch_program(around.counting, program)
        limit_memory(setup.memory)

    return begin
