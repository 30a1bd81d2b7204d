"""A Python candidate: one call per case, sync or async, with what it leaves running waited for."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["PythonCandidate"]

_TASK_SECONDS = 2.0
_THREAD_SECONDS = 0.25
_LOOK_EVERY = 0.01


class PythonCandidate:
    """Calls `handle(case, systems)`; coroutines run on one event loop that outlives the case.

    Work that the candidate starts and does not wait for belongs to its case: tasks have two
    seconds to end, threads a quarter of one. What is still running then has lost its credential.
    """

    def __init__(self, handle: Callable[[Any, Any], Any]) -> None:
        self._handle = handle
        self._runner: asyncio.Runner | None = None

    def answer(self, case: Any, systems: Any) -> Any:
        """What the candidate returns; whatever it raises goes through."""
        threads = set(threading.enumerate())
        try:
            given = self._handle(case, systems)
            return self._run(given) if inspect.isawaitable(given) else given
        finally:
            _wait_for_threads(threads)

    def close(self) -> None:
        """End the event loop."""
        if self._runner is not None:
            self._runner.close()

    def _run(self, given: Awaitable[Any]) -> Any:
        if self._runner is None:
            self._runner = asyncio.Runner()
        # By itself the runner would keep the context of its first case for all that follow.
        return self._runner.run(_with_leftovers(given), context=contextvars.copy_context())


async def _with_leftovers(given: Awaitable[Any]) -> Any:
    before = asyncio.all_tasks()
    try:
        return await given
    finally:
        left = asyncio.all_tasks() - before
        if left:
            await asyncio.wait(left, timeout=_TASK_SECONDS)
            await _cancel([task for task in left if not task.done()])


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_THREAD_SECONDS)


def _wait_for_threads(before: set[threading.Thread]) -> None:
    deadline = time.monotonic() + _THREAD_SECONDS
    # By sleeping, because that is time that passes for the case as it does for its threads.
    while time.monotonic() < deadline and _running_since(before):
        time.sleep(_LOOK_EVERY)


def _running_since(before: set[threading.Thread]) -> bool:
    return any(thread not in before for thread in threading.enumerate())
