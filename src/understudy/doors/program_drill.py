"""What becomes of a program that tries to get out."""

from __future__ import annotations

import os
import subprocess
import sys

from understudy.doors.kernel_filter import Reach, start_witness
from understudy.doors.program_filter import watch_program
from understudy.doors.program_judge import Program

__all__ = ["try_program"]

_TRIES = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
except OSError:
    sys.exit(1)
"""
_SECONDS = 20


def try_program(address: tuple[str, int], *, isolated: bool) -> Reach:
    """Have a program connect to an address; to be called before any sealing.

    `isolated` says whether this is a network of its own.
    """
    witness = start_witness()
    program = Program(
        isolated=isolated,
        shared=not isolated,
        reachable=(),
        starter=os.getpid(),
        most_processes=64,
    )

    def begin() -> None:
        if witness is not None:
            watch_program(witness, program)

    tried = subprocess.run(  # noqa: S603 -- our own lines in our own interpreter
        [sys.executable, "-I", "-S", "-c", _TRIES, address[0], str(address[1])],
        check=False,
        stderr=subprocess.DEVNULL,
        timeout=_SECONDS,
        preexec_fn=begin,
    )
    if tried.returncode == 0:
        return Reach.NONE
    return Reach.COUNTED if witness is not None and witness.count.take() else Reach.BLOCKED
