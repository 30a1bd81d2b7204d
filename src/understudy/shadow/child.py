"""`python -m understudy.shadow.child`: the process that a candidate runs in.

Loads the world, opens the doors, seals itself, and only then imports the candidate. Cases come in
as JSON lines on standard input, records go out on standard output; what the candidate prints goes
elsewhere.
"""

from __future__ import annotations

import gc
import importlib
import sys
from pathlib import Path

import msgspec

from understudy.doors.namespace import end_with_parent, enter_namespace
from understudy.model.errors import UnderstudyError
from understudy.shadow.channel import Channel, Printed
from understudy.shadow.protocol import Refusal, Setup, Started, encode

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

    from understudy.candidates.handed import Inbound
    from understudy.candidates.in_process import PythonCandidate
    from understudy.candidates.loading import load
    from understudy.candidates.use import PythonUse, parse_use
    from understudy.doors.transports import installed
    from understudy.doors.wall import seal
    from understudy.shadow.handling import Handling, Workplace
    from understudy.systems.engine import Engine

    engine = Engine(_world(setup), systems=setup.systems, seed=setup.seed)
    use = parse_use(setup.use)
    assert isinstance(use, PythonUse)
    with installed(engine):
        wall = seal(setup.allow)
        _forget_arguments(use.module)
        project = Path(setup.project)
        candidate = PythonCandidate(load(use, project))
        printed = Printed()
        printed.take()
        gc.collect()
        gc.freeze()
        place = Workplace(
            engine,
            candidate,
            wall,
            printed,
            project,
            setup.seconds,
            lambda finished: channel.write(encode(finished)),
        )
        handling = Handling(place)
        level = "hook+netns" if isolated else "hook"
        channel.write(encode(Started(level=level, wall=wall.take())))
        decoder = msgspec.json.Decoder(Inbound)
        while line := channel.read():
            handling.handle(decoder.decode(line))
        candidate.close()


def _world(setup: Setup) -> object:
    module, _, name = setup.world_loader.partition(":")
    return getattr(importlib.import_module(module), name)(Path(setup.world))


def _forget_arguments(name: str) -> None:
    sys.argv[:] = [name]
    sys.orig_argv[:] = [sys.executable]


if __name__ == "__main__":
    main()
