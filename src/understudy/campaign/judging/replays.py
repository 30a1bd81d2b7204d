"""The system that a case's actions can be played on again, so that their effects are judged."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from understudy.diff.effects import Effects, Played, compare_effects
from understudy.diff.fields import DEFAULT_RULES
from understudy.model.action import DESK, Action
from understudy.model.case import Case
from understudy.model.document import load_document
from understudy.model.manifest import RunManifest
from understudy.model.system_settings import SystemSettings
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.equipment import equipped
from understudy.systems.logged import LoggedState
from understudy.systems.recorded import RECORDED
from understudy.systems.replayed import Replayed
from understudy.world.store import load_world, read_manifest

__all__ = ["LOG_ALONE", "Replay", "WorldReplay", "log_replay", "open_once", "replay_of", "world_of"]

Replay = Callable[[Case, Sequence[Action], Sequence[Action]], Effects | str]
"""Plays a baseline's and a candidate's actions; gives their effects, or why there are none."""

LOG_ALONE = "there is no system to replay on, and the log does not say what each action changed"
_UNSERVED = 501


def replay_of(manifest: RunManifest) -> Replay:
    """The world and the systems of a run, or what its log tells of them."""
    if manifest.world is None:
        return log_replay
    return WorldReplay(
        Path(manifest.world),
        manifest.seed,
        manifest.mounted,
        tuple(Path(file) for file in manifest.settings),
        manifest.paths,
    )


def world_of(manifest: RunManifest) -> World | None:
    """The world of a run's cases, where they have one."""
    return None if manifest.world is None else open_once(Path(manifest.world))


def open_once(folder: Path) -> World:
    """A world, opened once for all that judges by it: it is the largest thing in memory."""
    return _opened(folder.resolve(), read_manifest(folder).content_digest)


@lru_cache(maxsize=1)
def _opened(folder: Path, digest: str) -> World:
    del digest  # another world under the same name is another one
    return load_world(folder)


def log_replay(case: Case, wanted: Sequence[Action], done: Sequence[Action]) -> Effects | str:
    """Effects as the log itself tells them, where it does so for every action."""
    del case
    both = (*wanted, *done)
    if not all(LoggedState.tells(action) for action in both):
        return LOG_ALONE
    return compare_effects(lambda: LoggedState(both), wanted, done, DEFAULT_RULES)


@dataclass(slots=True)
class WorldReplay:
    """Plays on a world behind the mocked systems and the users' own, opened on first use."""

    world: Path
    seed: int = 0
    systems: dict[str, str] = field(default_factory=dict)
    settings: tuple[Path, ...] = ()
    paths: tuple[str, ...] = ()
    _engine: Engine | None = None
    _looked_up: dict[str, bool] = field(default_factory=dict)

    def __call__(
        self, case: Case, wanted: Sequence[Action], done: Sequence[Action]
    ) -> Effects | str:
        """The effects of both, each on a case of its own, as of the moment of the trigger."""
        engine, opened = self._opened(), list[Replayed]()

        def again() -> Replayed:
            for system in opened:
                system.close()
            opened[:] = [Replayed(engine, case.case_id, case.received_at)]
            return opened[0]

        try:
            effects = compare_effects(again, wanted, done, DEFAULT_RULES)
        finally:
            for system in opened:
                system.close()
        return _unlike(effects) or effects

    def knows(self, reference: str) -> bool:
        """Whether a reference stands anywhere in the world's rows; looked for once."""
        if reference not in self._looked_up:
            needle = reference.lower()
            world = self._opened().world
            self._looked_up[reference] = any(
                needle in str(value).lower()
                for name in world.tables
                for row in world.table(name).values()
                for value in row.values()
            )
        return self._looked_up[reference]

    def engine(self) -> Engine:
        """The engine that is played on."""
        return self._opened()

    def served(self) -> tuple[str, ...]:
        """The names of the systems that are played on; the desk is people and none of them."""
        return tuple(name for name in self._opened().systems if name != DESK)

    def _opened(self) -> Engine:
        if self._engine is None:
            sys.path += [each for each in self.paths if each not in sys.path]
            world = open_once(self.world)
            for file in self.settings:
                world = equipped(world, load_document(file, SystemSettings))
            served = {
                role: name for role, name in self.systems.items() if not name.startswith(RECORDED)
            }
            self._engine = Engine(world, systems=served or None, seed=self.seed)
        return self._engine


def _unlike(effects: Effects) -> str | None:
    """Why the replay says nothing: it refuses what is known to have been accepted."""
    wanted, done = effects.played
    both: Iterable[tuple[Played, bool]] = (
        *((each, True) for each in wanted),
        *((each, each.asked.response_status is not None) for each in done),
    )
    for each, accepted in both:
        status = each.answered.response_status or 0
        if status == _UNSERVED:
            return f"no system here serves `{each.asked.operation}`"
        if status >= 400 and accepted:
            return f"the systems here refuse `{each.asked.operation}`, which was accepted"
    return None
