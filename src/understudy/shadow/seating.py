"""Where a candidate sits: behind which door, behind which wall, at which level."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from understudy.candidates.command import CommandCandidate
from understudy.candidates.in_process import PythonCandidate
from understudy.candidates.loading import load
from understudy.candidates.spans import SPANS, Listener, Spans
from understudy.candidates.started_service import StartedService
from understudy.candidates.tool_door import serving_tools
from understudy.candidates.toolbox import looking
from understudy.candidates.use import CommandUse, HttpUse, PythonUse, parse_use
from understudy.candidates.vendor_signature import secret_variables, signing_secrets
from understudy.doors.answering import Answering
from understudy.doors.gateway_pace import PacedModels
from understudy.doors.kernel_witness import Witness as Counting
from understudy.doors.loopback import (
    addresses,
    environment,
    listening,
    running,
    serving,
)
from understudy.doors.refusals import Refusals
from understudy.doors.transports import installed
from understudy.doors.variables import credential_variables
from understudy.model.candidate_use import BareModel
from understudy.model.errors import CandidateError, nearest
from understudy.shadow.ending import Ending
from understudy.shadow.handover import Handover
from understudy.shadow.program_start import Surroundings, beginning
from understudy.shadow.protocol import Setup, Waiting
from understudy.shadow.serial import SerialDoor, carry_context
from understudy.shadow.witness import Witness
from understudy.systems.engine import Engine
from understudy.systems.sleeping import virtual_time

if TYPE_CHECKING:
    from understudy.candidates.span_receiver import ReceivedSpans

__all__ = ["Candidate", "Seat", "take_seat"]

_MCP = "mcp"


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
    """What stands around the candidate's own code.

    `hook`, `hook+netns`, `netns`, `netns+witness` where what that refuses is counted, `witness`
    where nothing but the kernel's questions does, or `none`.
    """
    base_urls: Mapping[str, str] = field(default_factory=dict)
    """Where the candidate finds the systems, where that is not at the vendors' own hosts."""
    serial: SerialDoor | None = None
    """Where the candidate has one static key for all of its cases."""
    models_url: str = ""
    """Where the candidate finds its models, where it may have any."""
    witness: Witness | None = None
    """Where the candidate reaches the systems over sockets."""
    spans: Listener = field(default_factory=Spans)
    """What the candidate tells of itself by OpenTelemetry."""


def take_seat(
    setup: Setup,
    engine: Engine,
    isolated: bool,
    leave: contextlib.ExitStack,
    handover: Handover,
    seal: Callable[..., Refusals],
    ask: Callable[[Waiting], Mapping[str, Any]],
    counting: Counting | None = None,
) -> Seat:
    """Open the doors that the candidate needs, seal the process, and start the candidate.

    `isolated` says that the process has left the machine's network; `leave` closes the doors;
    `seal` puts up the wall; `ask` asks the supervisor; `counting` counts what the kernel refuses.
    """
    use = parse_use(setup.use)
    # Not before: some variables would change this process itself.
    os.environ.update(setup.env)
    if handover.models_url:
        os.environ.update(OPENAI_BASE_URL=handover.models_url, OPENAI_API_KEY=setup.model_key)
    setup = msgspec.structs.replace(setup, allow=handover.allow)
    serial = _serial_door(engine) if setup.serial else None
    place = _Place(engine, serial, isolated, leave, handover.models_url, seal, ask, counting)
    make = _SEATS[type(use)]
    return replace(make(use, setup, place), models_url=handover.models_url)


@dataclass(frozen=True, slots=True)
class _Place:
    """What every kind of seat is made from."""

    engine: Engine
    serial: SerialDoor | None
    isolated: bool
    leave: contextlib.ExitStack
    models_url: str
    seal: Callable[..., Refusals]
    ask: Callable[[Waiting], Mapping[str, Any]]
    counting: Counting | None

    @property
    def door(self) -> Answering:
        """What answers the candidate."""
        return self.serial or self.engine

    @property
    def models(self) -> PacedModels | None:
        """The models, where the candidate may have any, with the time that they take."""
        return PacedModels(self.models_url, self.engine) if self.models_url else None

    @property
    def vendors(self) -> dict[str, str]:
        """Where the vendors' clients know the systems."""
        return {name: system.base_url for name, system in self.engine.systems.items()}


def _serial_door(engine: Engine) -> SerialDoor:
    # Before the candidate is imported or started: that is when it reads its key.
    made = SerialDoor(engine)
    os.environ.update(credential_variables(made.credentials))
    return made


def _python_seat(use: PythonUse, setup: Setup, place: _Place) -> Seat:
    place.leave.enter_context(installed(place.door, place.models))
    place.leave.enter_context(virtual_time(place.engine))
    place.leave.enter_context(serving_tools(place.engine))
    wall = place.seal(setup.allow)
    if place.serial:
        carry_context()
    candidate = PythonCandidate(load(use, Path(setup.project)))
    level = "hook+netns" if place.isolated else "hook"
    return Seat(candidate, wall, level, serial=place.serial)


def _command_seat(use: CommandUse, setup: Setup, place: _Place) -> Seat:
    opened = place.leave.enter_context(listening(place.vendors))
    witness = Witness(place.door)
    tools = place.leave.enter_context(_tool_door(use, place.engine, witness))
    heard = place.leave.enter_context(_span_door(setup))
    if place.serial:
        os.environ.update(environment(addresses(opened)))
    kept = [*opened.values(), *(door for _, door in (*tools, heard))]
    # Started first: afterwards nothing can be, and it inherits this process's network.
    around = Surroundings(place.isolated, place.counting)
    candidate = CommandCandidate(use, Path(setup.project), beginning(setup, kept, around))
    wall = place.seal(setup.allow, keep=[door.fileno() for door in kept])
    around.tell_by(wall)
    urls = place.leave.enter_context(serving(witness, place.vendors, opened=opened))
    if tools:
        place.leave.enter_context(running(tools, lifespan=True))
        urls = {**urls, _MCP: _tool_address(tools[0][1])}
    place.leave.enter_context(running([heard]))
    return Seat(candidate, wall, around.level, urls, place.serial, witness=witness, spans=heard[0])


@contextlib.contextmanager
def _span_door(
    setup: Setup, ports: Mapping[str, int] | None = None, *, lasting: bool = False
) -> Iterator[tuple[ReceivedSpans, socket.socket]]:
    """Where a program of the candidate's exports its spans to, made before the wall stands."""
    from understudy.candidates.span_receiver import ReceivedSpans, span_variables

    with listening([SPANS], ports) as opened:
        os.environ.update(span_variables(addresses(opened)[SPANS]))
        heard = ReceivedSpans(setup.seed, lasting=lasting, expected=bool(ports))
        yield heard, opened[SPANS]


@contextlib.contextmanager
def _tool_door(
    use: CommandUse, engine: Engine, witness: Witness
) -> Iterator[list[tuple[Any, socket.socket]]]:
    """The systems as tools, with a listener, where they are wanted; made before the wall stands.

    What the application imports could not be loaded afterwards.
    """
    if not use.tools:
        yield []
        return
    from understudy.doors.mcp_stdio import check_extra
    from understudy.doors.mcp_tools import CaseAtHand, Offer, offered, tool_server

    check_extra()
    offer = Offer(
        offered(engine.systems),
        CaseAtHand(engine.present_session),
        witness.handle,
        engine.systems,
    )
    with listening([_MCP]) as opened:
        os.environ["MCP_SERVER_URL"] = _tool_address(opened[_MCP])
        yield [(tool_server(offer).streamable_http_app(), opened[_MCP])]


def _tool_address(door: socket.socket) -> str:
    return "http://{}:{}/mcp".format(*door.getsockname())


def _service_seat(use: HttpUse, setup: Setup, place: _Place) -> Seat:
    from understudy.candidates.service import ServiceCandidate, reachable_addresses

    opened = _opened(use, place)
    own = {SPANS: use.ports[SPANS]} if SPANS in use.ports else None
    heard = place.leave.enter_context(_span_door(setup, own, lasting=True))
    kept = [*opened.values(), heard[1]]
    around = Surroundings(place.isolated, place.counting)
    begin = beginning(setup, kept, around)
    started = _start(use, setup, addresses(opened), begin) if use.command else None
    known = (use.address,) if started else reachable_addresses(use)
    wall = place.seal((*setup.allow, *known), keep=[door.fileno() for door in kept])
    around.tell_by(wall)
    witness = Witness(place.door)
    urls = place.leave.enter_context(serving(witness, place.vendors, opened=opened))
    place.leave.enter_context(running([heard]))
    if started:
        place.leave.callback(started.close)
        started.wait()
    idle = functools.partial(_models_idle, place)
    ending = Ending(place.engine, witness.calls, idle, use.quiet, use.ends_on)
    candidate = ServiceCandidate(
        use,
        functools.partial(looking, place.engine),
        ending.wait,
        setup.seed,
        started,
    )
    level = around.level if started else "none"
    return Seat(candidate, wall, level, urls, place.serial, witness=witness, spans=heard[0])


def _opened(use: HttpUse, place: _Place) -> dict[str, socket.socket]:
    """The systems' listeners; raises `CandidateError` where one cannot be where it should."""
    named = (*(name for name in use.ports if name != SPANS), *use.paths)
    odd = next((name for name in named if name not in place.vendors), None)
    if odd is not None:
        raise CandidateError(
            f"the service's `ports` and `paths` name `{odd}`, which is not mounted"
            f"{nearest(odd, place.vendors)}",
            code="U218",
            hint=f"mounted are {', '.join(place.vendors)}; `{SPANS}` is where spans are taken",
        )
    try:
        return place.leave.enter_context(listening(place.vendors, use.ports))
    except OSError as error:
        raise CandidateError(
            f"the systems cannot be served at the ports {dict(use.ports)}: {error.strerror}",
            code="U219",
            hint="end what listens there, or name other ports",
        ) from None


def _start(
    use: HttpUse, setup: Setup, urls: Mapping[str, str], begin: Callable[[], None]
) -> StartedService:
    """The service with its settings in the environment, before the wall stands."""
    os.environ.update(environment(urls))
    os.environ.update(secret_variables(signing_secrets(setup.seed)))
    return StartedService(use, Path(setup.project), begin)


def _models_idle(place: _Place) -> float | None:
    """Since when the case calls no model, as the supervisor knows; it never did where none are."""
    return place.ask(Waiting()).get("idle") if place.models_url else None


def _model_seat(use: BareModel, setup: Setup, place: _Place) -> Seat:
    if not place.models_url:
        raise CandidateError(
            "a candidate of the form `openai:` needs the campaign's models, and none are served",
            code="U212",
            hint="write `models: replay`, `record`, `live` or `scripted` at the candidate",
        )
    from understudy.candidates.bare_model import ModelCandidate, offered_tools, read_prompt

    prompt = read_prompt(use, Path(setup.project))
    tools = offered_tools(place.engine.systems, use.tools)
    place.leave.enter_context(installed(place.door, place.models))
    place.leave.enter_context(virtual_time(place.engine))
    wall = place.seal(setup.allow)
    candidate = ModelCandidate(use, prompt, tools, place.models_url)
    return Seat(candidate, wall, "hook+netns" if place.isolated else "hook")


_SEATS: dict[type, Callable[[Any, Setup, _Place], Seat]] = {
    BareModel: _model_seat,
    CommandUse: _command_seat,
    HttpUse: _service_seat,
    PythonUse: _python_seat,
}
