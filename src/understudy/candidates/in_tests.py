"""The mocked systems for a developer's own tests: one open case, called by name or behind respx."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from understudy.candidates.toolbox import Toolbox
from understudy.doors.respx_door import SystemsRouter, respx_door
from understudy.doors.variables import served_elsewhere
from understudy.model.action import Action
from understudy.model.errors import ConfigurationError, one_error
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.odd_rows import nameless, odd_rows
from understudy.systems.overlay import Changes
from understudy.systems.routes import stray_table
from understudy.systems.session import CaseSession, Credentials
from understudy.systems.system import System

__all__ = ["OpenSystems", "RespxSystems", "Rows", "open_systems", "respx_systems"]

_NOW = 1_767_603_600  # 2026-01-05, nine o'clock: the same for everybody's tests
Rows = Mapping[str, Iterable[Mapping[str, Any]]]
"""Rows by table, as `{"stripe.charges": [{"id": "ch_1", …}]}`."""


class OpenSystems(Toolbox):
    """What a test has of the systems: calls by name, credentials, and what was done to them."""

    def __init__(self, engine: Engine, session: CaseSession) -> None:
        super().__init__(engine, session)
        self.engine = engine
        self.session = session

    @property
    def credentials(self) -> Credentials:
        """The case's credentials by system, each in the vendor's own parts."""
        return self.session.credentials

    @property
    def base_urls(self) -> Mapping[str, str]:
        """Where each system is."""
        return self.session.base_urls

    @property
    def actions(self) -> list[Action]:
        """Every write so far, accepted or refused, in order."""
        return self.session.actions

    def effect(self) -> Changes:
        """What the writes have changed, by (table, id) and field, as (before, after)."""
        return self.session.effect()


class RespxSystems(OpenSystems):
    """The systems at their own hosts behind httpx and httpx2.

    `router` is respx's own: routes of the test's beside the systems are added to it.
    """

    def __init__(self, systems: OpenSystems, router: SystemsRouter) -> None:
        super().__init__(systems.engine, systems.session)
        self.router = router


def open_systems(
    world: World | Rows,
    *,
    systems: Mapping[str, str | System] | None = None,
    seed: int = 0,
    case_id: str = "test",
    now: int = _NOW,
) -> OpenSystems:
    """The systems of a world, or of some rows, with one open case.

    `now` is the present of rows, in epoch seconds; a world has its own. Rows without an id, or of
    a table that a vendor does not have, are a `ConfigurationError`; a value that its column could
    not hold is a warning, and so is an environment that leads clients to a served world instead.
    """
    known = world if isinstance(world, World) else _of_rows(world, now)
    engine = Engine(known, systems=systems, seed=seed)
    led = served_elsewhere(os.environ, engine.systems)
    if led:
        warnings.warn(
            f"{', '.join(led)} in the environment leads clients to a world that is served, and not"
            f" to these systems; before the tests: unset {' '.join(led)}",
            stacklevel=2,
        )
    return OpenSystems(engine, engine.open_case(case_id))


@contextlib.contextmanager
def respx_systems(systems: OpenSystems, **options: Any) -> Iterator[RespxSystems]:
    """The systems behind httpx and httpx2 while the block runs.

    `options` are those of `respx.mock`. A request to any other host that no route serves is an
    error, as in respx.
    """
    with respx_door(systems.engine, **options) as router:
        yield RespxSystems(systems, router)


def _of_rows(rows: Rows, now: int) -> World:
    held = {table: list(each) for table, each in rows.items()}
    wrong = [problem for table in held if (problem := stray_table(table))]
    wrong += [problem for table, each in held.items() for problem in nameless(table, each)]
    if wrong:
        raise one_error([ConfigurationError(problem) for problem in wrong])
    for problem in odd_rows(held):
        warnings.warn(problem, stacklevel=4)
    tables = {table: {row["id"]: row for row in each} for table, each in held.items()}
    return World(tables, now=now)
