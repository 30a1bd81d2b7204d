"""Whose call is it, where one static key serves all cases.

A candidate that reads its key once has the same one in every case, so the key says which worker
calls and not for which case. Its cases follow each other; a call belongs to the case at hand
unless it demonstrably comes from work that an earlier case began.
"""

from __future__ import annotations

import concurrent.futures
import contextvars
import functools
import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from understudy.systems.engine import Engine, current_case
from understudy.systems.message import Request, Response

__all__ = ["WORKER", "SerialDoor", "Standing", "carry_context"]

WORKER = "worker"
_NOBODY = "nobody"
_CREDENTIAL = "authorization"

_turn: contextvars.ContextVar[int | None] = contextvars.ContextVar("turn", default=None)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a candidate with a static key is handed with every case."""

    credentials: Mapping[str, Mapping[str, str]]
    base_urls: Mapping[str, str]


class SerialDoor:
    """The engine as a candidate with a static key sees it; the case at hand is taken in turn."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turns = itertools.count(1)
        self._now: int | None = None
        self.credentials = engine.open_worker(WORKER)

    def serves(self, host: str) -> bool:
        """Whether one of the mounted systems lives at this host."""
        return self._engine.serves(host)

    def handle(self, request: Request) -> Response:
        """Answer one request; one of an earlier case is refused as if the key had expired."""
        begun = _turn.get()
        if begun is None or begun == self._now:
            return self._engine.handle(request)
        return _of_nobody().run(self._engine.handle, _without_credential(request))

    def begin(self, case_id: str) -> None:
        """From now on the key, and work begun in this context, belong to this case."""
        self._now = next(self._turns)
        _turn.set(self._now)
        self._engine.assign(WORKER, case_id)

    def end(self) -> None:
        """The key is worth nothing until the next case begins."""
        self._now = 0
        _turn.set(None)
        self._engine.assign(WORKER, None)


def carry_context() -> None:
    """Let threads and executors of this process keep the context in which work was handed to them.

    Tasks of asyncio do so by themselves. Threads that were started while the candidate was
    imported belong to no case, and so to whichever is at hand.
    """
    threading.Thread.start = _started(threading.Thread.start)  # type: ignore[method-assign]  # that is the purpose
    pool = concurrent.futures.ThreadPoolExecutor
    pool.submit = _submitted(pool.submit)  # type: ignore[method-assign]  # that is the purpose


def _started(real: Any) -> Any:
    @functools.wraps(real)
    def start(self: threading.Thread) -> None:
        run, context = self.run, contextvars.copy_context()
        self.run = lambda: context.run(run)  # type: ignore[method-assign]  # of this thread only
        real(self)

    return start


def _submitted(real: Any) -> Any:
    @functools.wraps(real)
    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        return real(self, contextvars.copy_context().run, fn, *args, **kwargs)

    return submit


def _of_nobody() -> contextvars.Context:
    context = contextvars.Context()
    context.run(current_case.set, _NOBODY)
    return context


def _without_credential(request: Request) -> Request:
    headers = {name: text for name, text in request.headers.items() if name != _CREDENTIAL}
    return msgspec.structs.replace(request, headers=headers)
