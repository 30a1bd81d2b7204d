"""Recorded requests of one handling, played again: the actions in the candidate's own form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from understudy.model.action import Action, Origin
from understudy.model.case import LinkConfidence
from understudy.model.interaction import Interaction
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.playing import Player
from understudy.systems.session import CaseSession
from understudy.systems.system import System
from understudy.traffic.http.address import address_of
from understudy.traffic.http.recognise import shape_of
from understudy.traffic.replaying import CALL, UNLIKE, Replayed, changes, renamed

__all__ = ["HttpReplayer", "Linked", "ids_asked"]

Linked = tuple[Interaction, LinkConfidence | None]
_CASE = "replay"
_ID = re.compile(r"[a-z]{2,5}_\w{6,64}")
_NAMED = re.compile(r"(?:^|_)ids?(?:$|_)|[a-z]Ids?(?:[A-Z]|$)")
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class HttpReplayer:
    """Plays writes of people, each handling in a case of its own on a world of its own."""

    systems: Mapping[str, System]

    def replay(
        self, world: World, at: datetime | None, steps: Sequence[Linked], reads: Sequence[int]
    ) -> Replayed:
        """Play the writes of one handling in their order on a world as of its trigger.

        Its reads are not played; `reads` is how many came before each write.
        """
        engine = Engine(world, systems=self.systems)
        session, result = engine.open_case(_CASE, now=at), Replayed()
        player, seen = Player(engine, session), list[int]()
        for (one, link), count in zip(steps, reads, strict=True):
            self._play(player, one, link, result)
            seen += [count] * (len(result.actions) - len(seen))
        ours = {mine: theirs for theirs, mine in player.ids.items()}
        result.actions = [
            msgspec.structs.replace(
                action, seq=number, reads_before=count, before=renamed(action.before, ours),
                after=renamed(action.after, ours), fields=renamed(action.fields, ours),
                target=_target(action, ours),
            )
            for number, (action, count) in enumerate(zip(result.actions, seen, strict=True), 1)
        ]  # fmt: skip
        return result

    def _play(
        self, player: Player, one: Interaction, link: LinkConfidence | None, result: Replayed
    ) -> None:
        session = player.session
        recorded = one.response.status if one.response else None
        mark, done = session.overlay.mark(), len(session.actions)
        if one.started_at is not None:
            session.clock.turn_to(one.started_at - CALL)
        try:
            operation, _ = player.play(one)
        except UNLIKE as error:
            result.broken = result.broken or f"it cannot be played ({type(error).__name__})"
            return
        if len(session.actions) == done:
            return
        if operation.endswith(".unserved"):
            path = address_of(one.request.url).path
            result.unserved.append(f"{one.request.method} {one.system}{shape_of(path)}")
            return
        action = msgspec.structs.replace(
            session.actions[-1], at=one.started_at, link=link, response_status=recorded
        )
        status = session.actions[-1].response_status or 0
        refused = recorded is not None and recorded >= 400
        if refused:
            session.overlay.rollback(mark)
            result.actions.append(msgspec.structs.replace(action, before=None, after=None))
        elif status >= 400:
            self._refused(session, one, action, status, result)
        else:
            result.idle += not changes(session, mark) and one.system != "desk"
            result.actions.append(action)

    def _refused(
        self, session: CaseSession, one: Interaction, action: Action, status: int, result: Replayed
    ) -> None:
        """What the vendor took and we do not: about something unseen, or a broken recording."""
        if _unseen(session, one):
            result.unseen += 1
            result.actions.append(
                msgspec.structs.replace(action, origin=Origin.RECORDED, before=None, after=None)
            )
        else:
            result.broken = result.broken or f"{action.operation} is refused ({status})"


def _target(action: Action, names: Mapping[str, str]) -> Any:
    """The target under the id that the recording has for it."""
    target = action.target
    if target is None or target.id is None or target.id not in names:
        return target
    return msgspec.structs.replace(target, id=names[target.id])


def _unseen(session: CaseSession, one: Interaction) -> bool:
    """Whether the request names anything that the world does not show."""
    named = ids_asked(one)
    tables = [name for name in session.overlay.world.tables if name.startswith(one.system)]
    return any(all(session.overlay.get(t, row_id) is None for t in tables) for row_id in named)


def ids_asked(one: Interaction) -> set[str]:
    """The ids in a request's path and body; a bare number is one where its field says so."""
    path = address_of(one.request.url).path.removesuffix(".json").split("/")
    numbers = {text for text in path if text.isdecimal() and len(text) >= _SHORTEST}
    texts = [*path, *(text for _, text in _texts("", one.request.body))]
    numbers |= {t for name, t in _texts("", one.request.body) if t.isdecimal() and _names_id(name)}
    return numbers | {text for text in texts if _ID.fullmatch(text) and _is_made(text)}


def _is_made(text: str) -> bool:
    """Whether a text with an id's form is one, and not two words.

    >>> _is_made("ch_3PqA81"), _is_made("off_session")
    (True, False)
    """
    return any(char.isdigit() or char.isupper() for char in text)


def _names_id(name: str) -> bool:
    """Whether a field's name says that it holds an id.

    >>> _names_id("assignee_id"), _names_id("objectIdToMerge"), _names_id("paid")
    (True, True, False)
    """
    return _NAMED.search(name) is not None


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text or whole number in a value, with the name of its field."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(str(key), each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(name, each)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield name, str(value)
