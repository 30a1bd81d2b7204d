"""Does the wall hold here? Every known way out is tried in a sealed process of its own."""

from __future__ import annotations

import selectors
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

__all__ = ["SelfTest", "self_test"]


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What became of each way out, and the level that the system permits."""

    level: str
    """`hook`, or `hook+netns` where the process also has a network of its own."""
    ways: dict[str, str]
    """`blocked`, `absent` (a library that is not installed), or what happened instead."""
    arrived: tuple[str, ...] = ()
    """What reached the listener or the folder that the attempts aimed at."""
    native: Mapping[str, str] = field(default_factory=dict)
    """`blocked`, `blocked, not counted` or `open`: ways of native code, which only the kernel can
    close."""
    programs: str = "open"
    """What becomes of a program that tries to get out, in the same words."""

    @property
    def leaks(self) -> tuple[str, ...]:
        """The ways that were not blocked."""
        open_ways = [
            f"{name}: {outcome}"
            for name, outcome in self.ways.items()
            if outcome not in ("blocked", "absent")
        ]
        return (*open_ways, *self.arrived)

    @property
    def passed(self) -> bool:
        """Whether at least one way was tried and none led out."""
        return bool(self.ways) and not self.leaks

    @property
    def blocked(self) -> int:
        """How many ways were tried and blocked."""
        return sum(outcome == "blocked" for outcome in self.ways.values())


def self_test(*, namespace: bool = True, seconds: float = 60, thorough: bool = True) -> SelfTest:
    """Try every known way out of a fresh sealed process; nothing of it may arrive.

    With `namespace` the process also leaves the machine's network where it can. Unless `thorough`,
    libraries are left out that load slowly and get no further than what is tried besides.
    """
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as door:
        marks = Path(folder)
        how = "hook+netns" if namespace else "hook", "all" if thorough else "quick"
        outcome = _run_drill(door.getsockname(), marks, how, seconds)
        return _judge(outcome, (*_received(door), *_marks(marks)))


def _run_drill(
    address: tuple[str, int], marks: Path, how: tuple[str, str], seconds: float
) -> SelfTest:
    command = [sys.executable, "-P", "-m", "understudy.doors.drill", *map(str, address)]
    try:
        finished = subprocess.run(  # noqa: S603 -- our own module in our own interpreter
            [*command, str(marks), *how],
            capture_output=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return SelfTest("hook", {"the drill": f"did not end within {seconds:g} s"})
    try:
        told = msgspec.json.decode(finished.stdout)
        level, ways = told["level"], told["ways"]
        native, programs = told.get("native", {}), told.get("programs", "open")
        return SelfTest(level, ways, native=native, programs=programs)
    except (msgspec.DecodeError, KeyError, TypeError):
        said = finished.stderr.decode(errors="replace").strip().splitlines()
        return SelfTest("hook", {"the drill": said[-1] if said else "ended without a word"})


def _judge(tried: SelfTest, arrived: tuple[str, ...]) -> SelfTest:
    return replace(tried, arrived=_theirs(arrived, tried.native))


def _theirs(arrived: tuple[str, ...], native: Mapping[str, str]) -> tuple[str, ...]:
    """What arrived by other ways than native ones, which are told apart: no hook covers them."""
    known = {"a connection": "native connect", "a process, by native process": "native process"}
    return tuple(each for each in arrived if native.get(known.get(each, "")) != "open")


def _received(door: socket.socket) -> list[str]:
    """What arrived at the listener: bytes on the first connection, or any further one."""
    door.setblocking(False)
    arrived = []
    with selectors.DefaultSelector() as waiting:
        waiting.register(door, selectors.EVENT_READ)
        first = True
        while waiting.select(timeout=0):
            connection, _ = door.accept()
            with connection:
                arrived += _said(connection) if first else ["a connection"]
            first = False
    return arrived


def _said(connection: socket.socket) -> list[str]:
    connection.settimeout(1)
    try:
        return ["bytes on a connection opened before sealing"] if connection.recv(100) else []
    except OSError:
        return []


def _marks(folder: Path) -> list[str]:
    return [f"a process, by {path.name}" for path in sorted(folder.iterdir())]
