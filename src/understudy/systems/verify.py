"""Are the mocks like the vendor? Recorded requests played against ours, answer by answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from understudy.model.interaction import Interaction
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.playing import Player
from understudy.systems.session import CaseSession
from understudy.systems.sightings import created, housed, sightings, with_sightings
from understudy.systems.system import System
from understudy.systems.verification import Tally, Verification

__all__ = ["stretches", "verify"]

_TOO_MANY, _BROKEN = 429, 500
Stretch = list[Interaction]


def verify(
    interactions: Iterable[Interaction],
    world: World | None = None,
    *,
    systems: Mapping[str, str | System] | None = None,
    cases: Collection[str] = (),
) -> Verification:
    """Play recorded requests in their order, each case on an overlay of its own, and compare.

    `cases` are the ids that interactions name as their correlation. What belongs to none is
    played with what shares its correlation, else with its source file, else alone. Objects that
    the recording shows and that `world` lacks are added to it: within a case as the case saw
    them first. Ids that a recorded write made are replaced by ours in what follows.
    """
    ordered = sorted(interactions, key=lambda each: each.seq)
    mounted = Engine(World({}), systems=systems).systems
    base = world or World({})
    engine = Engine(with_sightings(ordered, base, mounted), systems=systems)
    tally = Tally()
    for number, stretch in enumerate(stretches(ordered, cases)):
        session = engine.open_case(f"case-{number}", now=stretch[0].started_at)
        _show(session, stretch, base, mounted)
        _play(Player(engine, session), stretch, tally)
        engine.close_case(session.case_id)
    return tally.total()


def stretches(ordered: Iterable[Interaction], cases: Collection[str] = ()) -> list[Stretch]:
    """What was done in one go, in the order of first requests.

    Several people may have handled one case, each of them on the state that it came with.
    """
    found: dict[tuple[str, ...], Stretch] = {}
    kept = list(ordered)
    often = Counter(each.correlation_id for each in kept)
    for each in kept:
        found.setdefault(_key(each, often, cases), []).append(each)
    return list(found.values())


def _key(
    each: Interaction, often: Mapping[str | None, int], cases: Collection[str]
) -> tuple[str, ...]:
    name = each.correlation_id
    if name is not None and (name in cases or often[name] > 1):
        return ("case", name, each.actor or "")
    if each.source is not None and each.source.file:
        return ("file", each.source.file)
    return ("alone", each.interaction_id)


def _show(
    session: CaseSession, stretch: Stretch, base: World, mounted: Mapping[str, System]
) -> None:
    """The state as of the case: what it saw of objects that the given world does not have.

    A world that lies in the recording has what the case made, and that was not there before.
    """
    for table, row_id in housed(created(stretch, mounted), base):
        if base.get(table, row_id) is not None:
            session.overlay.delete(table, row_id)
    for (table, row_id), row in housed(sightings(stretch, mounted), base).items():
        if base.get(table, row_id) is None:
            session.overlay.put(table, row)


def _play(player: Player, stretch: Stretch, tally: Tally) -> None:
    for each in stretch:
        if each.response is None:
            tally.unanswered += 1
        elif each.system not in player.engine.systems:
            tally.foreign += 1
        elif each.response.status == _TOO_MANY or each.response.status >= _BROKEN:
            tally.busy += 1
        else:
            tally.add(each, *player.play(each))
