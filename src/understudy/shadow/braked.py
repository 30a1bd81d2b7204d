"""Mocked systems that end a case's further actions: at the kill switch, and at its limits."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from understudy.candidates.handed import Inbound
from understudy.model.drill import Halt
from understudy.model.system_settings import SystemSettings
from understudy.model.world import World
from understudy.shadow.protocol import Setup, Stage
from understudy.shadow.switch import WRITES, press, pressed_at, write_counted
from understudy.systems.engine import Engine
from understudy.systems.equipment import equipped
from understudy.systems.message import Request, Response
from understudy.systems.operation import Call, Operation
from understudy.systems.system import System
from understudy.systems.webhooks import Webhooks

__all__ = ["BrakedEngine", "engine_of"]


class BrakedEngine(Engine):
    """An engine of a run: once its stop file is there, no write of any case is accepted.

    The file is looked for before every write, so of each running case at most the one write that
    is just being carried out gets through. Its calls and bytes are counted per case; `overrun` is
    called with what went beyond the limit.
    """

    stop_file: str = ""
    most_calls: int | None = None
    most_bytes: int | None = None
    press_after: int | None = None
    """The number of accepted writes of all processes at which this drill presses the switch."""
    webhooks = Webhooks((), 0)
    """What befalls the events of cases on their way."""
    equipment: tuple[SystemSettings, ...] = ()
    """What a company has defined in its systems, whatever world they are played on."""
    _refused = 0
    _accepted: list[int] | None = None
    """When the case's writes were accepted, in nanoseconds of the epoch."""
    _calls = _bytes = 0
    _overrun: Callable[[str, str], None] | None = None

    def play(self, stage: Stage) -> None:
        """Let the cases that follow be played on another world, with other faults."""
        world = _equipped(World(stage.rows, now=stage.now), self.equipment)
        faults = stage.planned_faults()
        self.stage(world, faults)
        self.webhooks = Webhooks(faults, self.seed)

    def limit(self, overrun: Callable[[str, str], None]) -> None:
        """Count the next case's calls from nought; `overrun` takes a reason and a sentence."""
        self._calls = self._bytes = self._refused = 0
        self._accepted = []
        self._overrun = overrun

    def handle(self, request: Request) -> Response:
        """Answer one request, unless it is one too many for its case."""
        response = super().handle(request)
        self._calls += 1
        self._bytes += len(request.body) + len(response.body)
        if self._overrun is not None:
            if self.most_calls is not None and self._calls > self.most_calls:
                self._overrun("call_limit", f"more than {self.most_calls:,} calls in one case")
            if self.most_bytes is not None and self._bytes > self.most_bytes:
                self._overrun("byte_limit", f"more than {self.most_bytes:,} bytes in one case")
        return response

    def halt(self, order: Inbound) -> Halt | None:
        """What the case did after the switch was pressed, if it did anything."""
        if not self._refused and not self._is_pressed():
            return None
        pressed = pressed_at(Path(self.stop_file))
        accepted = sum(at > pressed for at in self._accepted or ())
        if not accepted and not self._refused:
            return None
        return Halt(
            case_id=order.case_id, repeat=order.repeat, accepted=accepted, refused=self._refused
        )

    def _write(self, system: System, operation: Operation, call: Call) -> Response:
        if self._is_pressed():
            self._refused += 1
            return system.response(call.session, system.denied(operation).reply)
        response = super()._write(system, operation, call)
        if response.status < 400 and self._accepted is not None:
            self._accepted.append(time.time_ns())
            if self.press_after is not None:
                self._count_for_drill(self.press_after)
        return response

    def _is_pressed(self) -> bool:
        return bool(self.stop_file) and os.path.exists(self.stop_file)  # noqa: PTH110 -- much faster, before every write

    def _count_for_drill(self, press_after: int) -> None:
        stop = Path(self.stop_file)
        if write_counted(stop.with_name(WRITES)) >= press_after:
            press(stop)


def engine_of(setup: Setup) -> BrakedEngine:
    """The mocked systems over the world that a process is told of."""
    engine = BrakedEngine(
        _world(setup), systems=setup.systems, seed=setup.seed, faults=setup.planned_faults(),
        writes=setup.writes,
    )  # fmt: skip
    engine.webhooks = Webhooks(setup.planned_faults(), setup.seed)
    engine.equipment = tuple(map(SystemSettings.model_validate, setup.equipment))
    engine.stop_file, engine.press_after = setup.stop_file, setup.press_after
    engine.most_calls, engine.most_bytes = setup.most_calls, setup.most_bytes
    return engine


def _world(setup: Setup) -> World:
    if not setup.world:
        return World({})
    module, _, name = setup.world_loader.partition(":")
    world: World = getattr(importlib.import_module(module), name)(Path(setup.world))
    return _equipped(world, map(SystemSettings.model_validate, setup.equipment))


def _equipped(world: World, equipment: Iterable[SystemSettings]) -> World:
    for each in equipment:
        world = equipped(world, each)
    return world
