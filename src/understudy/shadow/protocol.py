"""What the supervisor and a candidate's process say to each other, one JSON line each."""

from __future__ import annotations

from typing import Any

import msgspec

from understudy.candidates.handed import Inbound
from understudy.model import errors
from understudy.model.campaign import Fault
from understudy.model.drill import Halt
from understudy.model.proposal import CaseRecord, WallCount
from understudy.shadow.late_traces import LateTrace

__all__ = [
    "Asked",
    "Attempted",
    "Finished",
    "Listening",
    "Question",
    "Refusal",
    "Setup",
    "Stage",
    "Started",
    "Told",
    "Waiting",
    "decode_told",
    "encode",
]

Rows = dict[str, dict[str, dict[str, Any]]]


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """The first line to the process: what to load, and how to seal it."""

    world: str
    world_loader: str
    use: str | dict[str, Any]
    systems: dict[str, str]
    seed: int
    project: str
    seconds: float
    virtual_seconds: float
    memory: int
    stop_file: str = ""
    """What stands for the kill switch: once it is there, no write is accepted."""
    press_after: int | None = None
    """The number of accepted writes at which a drill presses the switch."""
    most_calls: int | None = None
    most_bytes: int | None = None
    namespace: bool
    serial: bool = False
    faults: tuple[dict[str, Any], ...] = ()
    paths: tuple[str, ...] = ()
    """Folders in which systems of the user's own are found."""
    equipment: tuple[dict[str, Any], ...] = ()
    folders: tuple[str, ...] = ()
    """Where modules are looked for besides the installed ones."""
    door: int = -1
    """The descriptor of a Unix socket to hand listeners over by, where any are wanted."""
    model_key: str = ""
    """The key of the process for the model gateway, where there is one."""
    forwarded: bool = False
    """Whether the allowed addresses are to be listened at inside the namespace."""
    writes: dict[str, str] = {}
    reviewed: bool = False
    """Whether approvals are decided on the supervisor's side, which knows what people did."""
    allow: tuple[tuple[str, int], ...] = ()
    env: dict[str, str] = {}
    """Variables that the campaign gives the candidate."""
    expected: tuple[str, ...] = ()
    """Hosts that the candidate is known to try; the wall blocks them and counts them apart."""

    def planned_faults(self) -> list[Fault]:
        """What is to go wrong, as the campaign has it."""
        return _faults(self.faults)


class Stage(msgspec.Struct, frozen=True, kw_only=True, tag="stage"):
    """What the cases that follow are played on, in place of the world and faults of the setup.

    `rows` are by table and id, `now` is their present in epoch seconds.
    """

    rows: Rows
    now: int
    faults: tuple[dict[str, Any], ...] = ()

    def planned_faults(self) -> list[Fault]:
        """What is to go wrong, as the scenario has it."""
        return _faults(self.faults)


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    """The candidate is imported and the process is sealed; `wall` counts what its import tried."""

    level: str
    wall: WallCount


class Refusal(msgspec.Struct, frozen=True, kw_only=True, tag="refusal"):
    """The process cannot work; an error for a person."""

    kind: str
    problem: str
    code: str
    where: str | None = None
    hint: str | None = None

    @classmethod
    def of(cls, error: errors.UnderstudyError) -> Refusal:
        """An error on its way to the supervisor."""
        return cls(
            kind=type(error).__name__,
            problem=error.problem,
            code=error.code,
            where=error.where,
            hint=error.hint,
        )

    def error(self) -> errors.UnderstudyError:
        """The error again."""
        kinds = {each: getattr(errors, each) for each in errors.__all__ if each.endswith("Error")}
        kind = kinds.get(self.kind, errors.CandidateError)
        made: errors.UnderstudyError = kind(
            self.problem, code=self.code, where=self.where, hint=self.hint
        )
        return made


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """One case is done; `leaving` where the process ends with it."""

    record: CaseRecord
    leaving: bool = False
    halt: Halt | None = None
    """What the case did after the kill switch was pressed, if it did anything."""
    expecting: bool = False
    """Whether more may come of its trace, or of those before."""


class Attempted(msgspec.Struct, frozen=True, kw_only=True, tag="attempted"):
    """What the wall has refused in the case at hand so far."""

    wall: WallCount


class Asked(msgspec.Struct, frozen=True, kw_only=True, tag="asked"):
    """The candidate asks for the case's approval of that number; the process waits for a line."""

    case_id: str
    repeat: int
    number: int
    row: dict[str, Any]


class Question(msgspec.Struct, frozen=True, kw_only=True, tag="question"):
    """The candidate asks the case's customer; `number` counts its questions from 1."""

    case_id: str
    repeat: int
    number: int
    text: str


class Waiting(msgspec.Struct, frozen=True, kw_only=True, tag="waiting"):
    """The process waits for its service to be done, and asks since when it calls no model."""


class Listening(msgspec.Struct, frozen=True, kw_only=True, tag="listening"):
    """The process has handed over listeners, in this order: `models`, or an allowed address."""

    names: tuple[str, ...]


Told = Started | Refusal | Finished | LateTrace | Attempted | Asked | Question | Waiting | Listening
_decoder: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)
_encoder = msgspec.json.Encoder()


def _faults(planned: tuple[dict[str, Any], ...]) -> list[Fault]:
    return [Fault.model_validate(fault) for fault in planned]


def decode_told(line: bytes) -> Told:
    """What a process said."""
    return _decoder.decode(line)


def encode(message: Setup | Stage | Inbound | Told) -> bytes:
    """A message as a line."""
    return _encoder.encode(message) + b"\n"
