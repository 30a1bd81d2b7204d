"""Having the kernel ask about what a candidate's program does, and all that it starts."""

from __future__ import annotations

import ctypes
import functools

from understudy.doors.kernel_filter import by_its_sort
from understudy.doors.kernel_steps import (
    ALLOW,
    ANY_BIT,
    ASK,
    ENOSYS,
    RETURN,
    THREAD,
    Step,
    calls_here,
    installed,
    load,
    no_more_rights,
    opening,
    quietly,
    unless_nowhere,
    unless_one_of,
    where,
)
from understudy.doors.kernel_witness import Witness
from understudy.doors.program_judge import Program

__all__ = ["watch_program"]

_NEW_LISTENER, _UNTIL_KILLED = 8, 32
_FAMILIES = [1, 2, 10, 16]
"""Unix sockets, the internet's, and netlink."""
_STARTING = ("clone3", "fork", "vfork")
_REACHING = ("connect", "sendmmsg", "sendmsg", "setns")


def watch_program(witness: Witness, program: Program) -> None:
    """Have the kernel ask the witness about this process, which runs the program next.

    Where the kernel cannot, nothing is asked, and nothing counted; `witness.count.watching` says
    whether what the program tries to reach is.
    """
    known = calls_here()
    library = ctypes.CDLL(None, use_errno=True)
    if known is None or not no_more_rights(library):
        return
    install = functools.partial(installed, library, known[1]["seccomp"], _steps(*known, program))
    asked = program.isolated or program.shared
    if witness.hand_over(lambda: _first_that_works(install), program) and asked:
        witness.count.watch()


def _first_that_works(install: functools.partial[int]) -> int:
    """A signal that is no killing one is to wait for the answer, where the kernel knows how."""
    number = install(_NEW_LISTENER | _UNTIL_KILLED)
    return number if number >= 0 else install(_NEW_LISTENER)


def _steps(architecture: int, numbers: dict[str, int], program: Program) -> list[Step]:
    ask = Step(RETURN, ASK)
    # Other machines' calls, and those that are asked for in a queue, would come by unasked.
    steps = opening(architecture, quietly(ENOSYS))
    steps += where(numbers, "io_uring_setup", [quietly(ENOSYS)])
    steps += where(numbers, "clone", [load(0), Step(ANY_BIT, THREAD, yes=1), ask])
    for name in (*_STARTING, *(_REACHING if program.isolated or program.shared else ())):
        steps += where(numbers, name, [ask])
    if program.isolated:
        steps += where(numbers, "sendto", [*unless_nowhere(4), ask])
    if program.shared:
        steps += where(numbers, "sendto", [ask])
        steps += where(numbers, "socket", [*unless_one_of(_FAMILIES), ask, *by_its_sort(ask)])
    return [*steps, Step(RETURN, ALLOW)]
