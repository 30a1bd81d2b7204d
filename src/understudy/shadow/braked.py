"""Mocked systems that end a case's further actions: at the kill switch, and at its limits."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path

from understudy.model.system_settings import SystemSettings
from understudy.model.world import World
from understudy.shadow.protocol import Setup
from understudy.systems.engine import Engine
from understudy.systems.equipment import equipped
from understudy.systems.message import Request, Response
from understudy.systems.operation import Call, Operation
from understudy.systems.system import System

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
    halted = 0
    """How many writes were refused since the last look, because the switch was pressed."""
    _calls = _bytes = 0
    _overrun: Callable[[str, str], None] | None = None

    def limit(self, overrun: Callable[[str, str], None]) -> None:
        """Count the next case's calls from nought; `overrun` takes a reason and a sentence."""
        self._calls = self._bytes = 0
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

    def take_halted(self) -> int:
        """How many writes were refused since the last look, because the switch was pressed."""
        halted, self.halted = self.halted, 0
        return halted

    def _write(self, system: System, operation: Operation, call: Call) -> Response:
        if self.stop_file and os.path.exists(self.stop_file):  # noqa: PTH110 -- much faster, before every write
            self.halted += 1
            return system.response(call.session, system.denied(operation).reply)
        return super()._write(system, operation, call)


def engine_of(setup: Setup) -> BrakedEngine:
    """The mocked systems over the world that a process is told of."""
    engine = BrakedEngine(
        _world(setup), systems=setup.systems, seed=setup.seed, faults=setup.planned_faults(),
        writes=setup.writes,
    )  # fmt: skip
    engine.stop_file = setup.stop_file
    engine.most_calls, engine.most_bytes = setup.most_calls, setup.most_bytes
    return engine


def _world(setup: Setup) -> World:
    module, _, name = setup.world_loader.partition(":")
    world: World = getattr(importlib.import_module(module), name)(Path(setup.world))
    for each in setup.equipment:
        world = equipped(world, SystemSettings.model_validate(each))
    return world
