"""`python -m understudy.shadow.child`: the process that a candidate runs in.

Loads the world, opens the doors, seals itself, and only then imports the candidate. Cases come in
as JSON lines on standard input, records go out on standard output; what the candidate prints goes
elsewhere.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import sys
from collections.abc import Sequence

import msgspec

from understudy.doors.kernel_filter import start_witness
from understudy.doors.namespace import (
    adopt_orphans,
    end_with_parent,
    enter_namespace,
    give_up_powers,
)
from understudy.doors.wall import seal
from understudy.model.errors import CandidateError, UnderstudyError
from understudy.shadow.channel import Channel, Printed
from understudy.shadow.limits import set_limits
from understudy.shadow.protocol import Attempted, Refusal, Setup, Stage, Started, encode

__all__ = ["main"]


def main() -> None:
    """Serve cases until the supervisor closes the line."""
    channel = Channel()
    line = channel.read()
    if not line:
        return
    setup = msgspec.json.decode(line, type=Setup)
    try:
        _serve(setup, channel)
    except UnderstudyError as error:
        channel.write(encode(Refusal.of(error)))


def _serve(setup: Setup, channel: Channel) -> None:
    # First of all, while the process has one thread and nothing is open.
    isolated = setup.namespace and enter_namespace()
    end_with_parent()
    adopt_orphans()
    counting = start_witness()
    _give_up()
    sealing = functools.partial(seal, expected=setup.expected, witness=counting)

    _find_modules_in(setup.folders)

    from understudy.candidates.handed import Inbound
    from understudy.shadow.braked import engine_of
    from understudy.shadow.handling import Handling, Workplace
    from understudy.shadow.handover import Handover
    from understudy.shadow.seating import take_seat

    sys.path += [each for each in setup.paths if each not in sys.path]
    engine = engine_of(setup)
    set_limits(setup.memory)
    _forget_arguments(setup.use)
    printed = Printed()
    with contextlib.ExitStack() as leave:
        handover = Handover.of(setup, isolated, lambda told: channel.write(encode(told)))
        seat = take_seat(setup, engine, isolated, leave, handover, sealing, channel.ask, counting)
        leave.callback(seat.candidate.close)
        gc.collect()
        gc.freeze()
        handling = Handling(Workplace(engine, seat, printed, setup, channel.tell, channel.ask))
        channel.write(encode(Started(level=seat.level, wall=seat.wall.take())))
        seat.wall.tell = lambda wall: channel.write(encode(Attempted(wall=wall)))
        decoder: msgspec.json.Decoder[Stage | Inbound] = msgspec.json.Decoder(Stage | Inbound)
        while line := channel.read():
            message = decoder.decode(line)
            if isinstance(message, Stage):
                engine.play(message)
            else:
                handling.handle(message)
        handling.hear_out()
    seat.wall.tell_all()


def _give_up() -> None:
    """Raises `CandidateError` where the system's powers stay: then no candidate is begun."""
    if not give_up_powers() and sys.platform.startswith("linux"):
        raise CandidateError(
            "the system's powers over other processes cannot be given up, so nothing would hold it",
            code="U206",
            hint="permit the call `capset` in what holds this process, as a container's profile",
        )


def _find_modules_in(folders: Sequence[str]) -> None:
    sys.path[:0] = [each for each in folders if each not in sys.path]
    if folders:
        os.environ["PYTHONPATH"] = os.pathsep.join(folders)


def _forget_arguments(use: object) -> None:
    sys.argv[:] = [str(use).partition(":")[0]]
    sys.orig_argv[:] = [sys.executable]


if __name__ == "__main__":
    main()
