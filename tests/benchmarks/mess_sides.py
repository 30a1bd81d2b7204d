"""Peers of MESS-1M, each run by the interpreter of an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.mess import WIDTH, recipe, saved
from tests.benchmarks.peers import python_of
from tests.benchmarks.workload import Outcome, Side

__all__ = ["peer"]

_SCRIPT = Path(__file__).with_name("mess_peer.py")


def peer(name: str, what: str, size: int | None, *needs: str, reads: bool = False) -> Side:
    """The side of a peer. Rows are fewer where each takes long; one that `reads` is given ours."""

    def prepare(rows: int) -> Callable[[], Outcome]:
        folder = TemporaryDirectory()
        command = [str(python_of(needs)), str(_SCRIPT), what, str(rows)]
        if reads:
            file = Path(folder.name) / "contacts.csv"
            saved(recipe(rows), file)
            command.append(str(file))

        def work() -> Outcome:
            with folder:
                done = subprocess.run(command, capture_output=True, text=True, check=True)
            told = json.loads(done.stdout)
            return Outcome(told["rows"], {"columns": WIDTH}, cpu=told["cpu"])

        return work

    return Side(name, prepare, size=size, needs=needs)
