"""The in-process door: patched HTTP clients that find the mocked systems at their real hosts.

The transports below httpx, httpx2 and urllib3 (and so requests and nearly all vendors' clients)
are patched while at least one engine is installed. What no engine serves goes on to the real
transport, where the wall stands.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from understudy.doors import httpx_door, urllib3_door
from understudy.doors.answering import Answering
from understudy.doors.gateway_pace import PacedModels
from understudy.doors.patching import Patch, apply, undo

__all__ = ["installed"]


class _Switchboard:
    """The engines that are installed now; the newest is asked first."""

    def __init__(self) -> None:
        self._engines: list[Answering] = []
        self._models: PacedModels | None = None
        self._patches: list[Patch] = []
        self._lock = threading.Lock()

    def engine_at(self, host: str) -> Answering | None:
        for engine in reversed(self._engines):
            if engine.serves(host):
                return engine
        return None

    def paced_at(self, host: str, port: int | None) -> PacedModels | None:
        models = self._models
        return models if models is not None and models.are_at(host, port) else None

    def plug_in(self, engine: Answering, models: PacedModels | None) -> None:
        with self._lock:
            if not self._engines:
                ways = self.engine_at, self.paced_at
                self._patches = apply([*httpx_door.patches(*ways), *urllib3_door.patches(*ways)])
            self._engines = [*self._engines, engine]
            self._models = models or self._models

    def unplug(self, engine: Answering, models: PacedModels | None) -> None:
        with self._lock:
            if self._models is models:
                self._models = None
            self._engines = [each for each in self._engines if each is not engine]
            if not self._engines:
                undo(self._patches)


_switchboard = _Switchboard()


@contextlib.contextmanager
def installed(engine: Answering, models: PacedModels | None = None) -> Iterator[None]:
    """Answer requests to the hosts that `engine` serves in this process, in every thread and task.

    Several engines may be installed at once; the newest that serves a host answers. What answers
    of `models` take under a fault passes in the case's time.
    """
    _switchboard.plug_in(engine, models)
    try:
        yield
    finally:
        _switchboard.unplug(engine, models)
