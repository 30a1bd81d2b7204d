"""The case that a call of a tool belongs to, and its systems, wherever the tool is called."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from understudy.candidates.toolbox import Toolbox
from understudy.systems.engine import Engine
from understudy.systems.session import CaseSession

__all__ = ["Hand", "hand_at_work", "handling_tools", "known_operations", "serving_tools"]

_engines: list[Engine] = []
_handling: ContextVar[Hand | None] = ContextVar("handling", default=None)


@dataclass(frozen=True, slots=True)
class Hand:
    """The case at hand."""

    systems: Toolbox
    session: CaseSession
    """What is counted of the case here."""


@contextlib.contextmanager
def serving_tools(engine: Engine) -> Iterator[None]:
    """Let shadowed tools of this process act on the open case of `engine`."""
    _engines.append(engine)
    try:
        yield
    finally:
        _engines.remove(engine)


@contextlib.contextmanager
def handling_tools(hand: Hand) -> Iterator[None]:
    """Let shadowed tools that are called within act on this case."""
    token = _handling.set(hand)
    try:
        yield
    finally:
        _handling.reset(token)


def hand_at_work() -> Hand | None:
    """The case at hand; None outside of any."""
    here = _handling.get()
    if here is not None:
        return here
    for engine in reversed(_engines):
        session = engine.present_session()
        if session is not None:
            return Hand(Toolbox(engine, session), session)
    return None


def known_operations() -> list[str]:
    """The names of all operations of the systems that are served here."""
    return [each for engine in _engines for s in engine.systems.values() for each in s.by_name]
