"""Where a candidate sits: behind which door, behind which wall, at which level."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from understudy.candidates.command import CommandCandidate
from understudy.candidates.in_process import PythonCandidate
from understudy.candidates.loading import load
from understudy.candidates.service import ServiceCandidate, reachable_addresses
from understudy.candidates.use import CommandUse, HttpUse, PythonUse, parse_use
from understudy.doors.loopback import serving
from understudy.doors.namespace import end_with_parent
from understudy.doors.refusals import Refusals
from understudy.doors.transports import installed
from understudy.doors.wall import seal
from understudy.shadow.protocol import Setup
from understudy.systems.engine import Engine

__all__ = ["Candidate", "Seat", "take_seat"]


class Candidate(Protocol):
    """Something that answers one case."""

    def answer(self, case: Any, systems: Any) -> Any:
        """What it says about the case."""

    def close(self) -> None:
        """There are no more cases."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A candidate in its place; the process is sealed."""

    candidate: Candidate
    wall: Refusals
    level: str
    """What stands around the candidate's own code: `hook`, `hook+netns`, `netns` or `none`."""
    base_urls: Mapping[str, str] = field(default_factory=dict)
    """Where the candidate finds the systems, where that is not at the vendors' own hosts."""


def take_seat(setup: Setup, engine: Engine, isolated: bool, leave: contextlib.ExitStack) -> Seat:
    """Open the doors that the candidate needs, seal the process, and start the candidate.

    `isolated` says that the process has left the machine's network; `leave` closes the doors.
    """
    use = parse_use(setup.use)
    if isinstance(use, PythonUse):
        return _python_seat(use, setup, engine, isolated, leave)
    if isinstance(use, CommandUse):
        return _command_seat(use, setup, engine, isolated, leave)
    return _service_seat(use, setup, engine, leave)


def _python_seat(
    use: PythonUse, setup: Setup, engine: Engine, isolated: bool, leave: contextlib.ExitStack
) -> Seat:
    leave.enter_context(installed(engine))
    wall = seal(setup.allow)
    candidate = PythonCandidate(load(use, Path(setup.project)))
    return Seat(candidate, wall, "hook+netns" if isolated else "hook")


def _command_seat(
    use: CommandUse, setup: Setup, engine: Engine, isolated: bool, leave: contextlib.ExitStack
) -> Seat:
    # Started first: afterwards nothing can be, and it inherits this process's network.
    candidate = CommandCandidate(use, Path(setup.project), end_with_parent)
    wall = seal(setup.allow)
    urls = leave.enter_context(serving(engine, _vendors_urls(engine)))
    return Seat(candidate, wall, "netns" if isolated else "none", urls)


def _service_seat(use: HttpUse, setup: Setup, engine: Engine, leave: contextlib.ExitStack) -> Seat:
    wall = seal((*setup.allow, *reachable_addresses(use)))
    urls = leave.enter_context(serving(engine, _vendors_urls(engine)))
    return Seat(ServiceCandidate(use), wall, "none", urls)


def _vendors_urls(engine: Engine) -> dict[str, str]:
    return {name: system.base_url for name, system in engine.systems.items()}
