"""The mocked systems for a developer's own tests: one open case behind respx."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.doors.respx_door import SystemsRouter, respx_door
from understudy.model.action import Action
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.overlay import Changes
from understudy.systems.session import CaseSession, Credentials
from understudy.systems.system import System

__all__ = ["MockedSystems", "Rows", "mocked_systems"]

_NOW = 1_767_603_600  # 2026-01-05, nine o'clock: the same for everybody's tests
Rows = Mapping[str, Iterable[Mapping[str, Any]]]
"""Rows by table, as `{"stripe.charges": [{"id": "ch_1", …}]}`."""


@dataclass(frozen=True, slots=True)
class MockedSystems:
    """What a test has of the systems: how to reach them, and what was done to them.

    `router` is respx's own: routes of the test's beside the systems are added to it.
    """

    router: SystemsRouter
    session: CaseSession

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


@contextlib.contextmanager
def mocked_systems(
    world: World | Rows,
    *,
    systems: Mapping[str, str | System] | None = None,
    seed: int = 0,
    case_id: str = "test",
    now: int = _NOW,
    **options: Any,
) -> Iterator[MockedSystems]:
    """The systems of a world, or of some rows, behind httpx and httpx2 while the block runs.

    `now` is the present of rows, in epoch seconds; a world has its own. `options` are those of
    `respx.mock`. A request to any other host that no route serves is an
    error, as in respx.
    """
    known = world if isinstance(world, World) else _of_rows(world, now)
    engine = Engine(known, systems=systems, seed=seed)
    session = engine.open_case(case_id)
    with respx_door(engine, **options) as router:
        yield MockedSystems(router, session)


def _of_rows(rows: Rows, now: int) -> World:
    tables = {table: {row["id"]: row for row in held} for table, held in rows.items()}
    return World(tables, now=now)
