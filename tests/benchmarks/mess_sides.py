"""Peers of MESS-1M, each run by the interpreter of an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.peers import python_of
from tests.benchmarks.workload import Outcome, Side

__all__ = ["peer"]

_SCRIPT = Path(__file__).with_name("mess_peer.py")


def peer(name: str, what: str, size: int, *needs: str) -> Side:
    """The side of a peer, whose rows are fewer since each takes so long."""

    def prepare(rows: int) -> Callable[[], Outcome]:
        command = [str(python_of(needs)), str(_SCRIPT), what, str(rows)]

        def work() -> Outcome:
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            told = json.loads(done.stdout)
            return Outcome(told["rows"], {"columns": 12}, cpu=told["cpu"])

        return work

    return Side(name, prepare, size=size, needs=needs)
