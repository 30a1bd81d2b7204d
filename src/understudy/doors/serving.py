"""The mocked systems as servers for a person at a terminal: one open case, until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FrameType

from understudy.doors.answering import Answering
from understudy.doors.any_key import AnyKey
from understudy.doors.loopback import environment, serving
from understudy.doors.tells_gaps import TellsGaps
from understudy.doors.variables import credential_variables
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.session import CaseSession, CoverageGap
from understudy.systems.system import System

__all__ = [
    "Served",
    "check_ports",
    "open_world",
    "refused_ports",
    "wait_for_the_end",
]

_CASE = "case"
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Served:
    """Systems that listen: the open case, their addresses, and the environment that finds them."""

    session: CaseSession
    urls: Mapping[str, str]
    variables: Mapping[str, str]


@contextlib.contextmanager
def open_world(
    world: World,
    ports: Mapping[str, int] | None = None,
    *,
    systems: Mapping[str, str | System] | None = None,
    seed: int = 0,
    any_key: bool = False,
    warn: Callable[[CoverageGap], None] | None = None,
) -> Iterator[Served]:
    """Serve a world's systems on loopback with one open case in it, as long as the block runs.

    `ports` are by system; who has none gets a free one. With `any_key` every credential is the
    case's. `warn` is told what nothing serves when it is first asked for, by method and path.
    Raises `ConfigurationError` where a port names no system or is taken.
    """
    engine = Engine(world, systems=systems, seed=seed)
    bases = {name: system.base_url for name, system in engine.systems.items()}
    check_ports(ports or {}, bases)
    session = engine.open_case(_CASE)
    answering: Answering = AnyKey(engine, session) if any_key else engine
    if warn is not None:
        answering = TellsGaps(answering, session, warn)
    with refused_ports(ports or {}), serving(answering, bases, ports) as urls:
        variables = environment(urls) | credential_variables(session.credentials)
        yield Served(session, urls, variables)


def wait_for_the_end() -> None:
    """Wait for Ctrl-C, or for the signal by which services are ended."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        ended.set()

    before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        ended.wait()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def check_ports(ports: Mapping[str, int], known: Mapping[str, str]) -> None:
    """Raise `ConfigurationError` for a port of an unknown system, or one that is no port."""
    for name, port in ports.items():
        if name not in known:
            raise ConfigurationError(
                f"there is no system `{name}` to give port {port} to{nearest(name, known)}",
                hint=f"known: {', '.join(sorted(known))}",
            )
        if not 0 <= port <= _LAST_PORT:
            raise ConfigurationError(f"{port} is no port for `{name}`; expected 1 to {_LAST_PORT}")


@contextlib.contextmanager
def refused_ports(ports: Mapping[str, int]) -> Iterator[None]:
    """Turn the system's refusal of a port into a `ConfigurationError` that helps."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        asked = ", ".join(f"{name}={port}" for name, port in ports.items())
        raise ConfigurationError(
            f"a port cannot be opened ({asked}): {error.strerror}",
            hint="take another one, or name none: a free one is found then",
        ) from None
