"""What people did, played again through the mocked systems on the world of its moment.

So a baseline's actions have the same form as a candidate's, and one that does not work is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from understudy.model.action import DESK, Action, Origin
from understudy.model.case import LinkConfidence
from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine
from understudy.systems.session import CaseSession
from understudy.traffic.exports.history import Deed

__all__ = ["CALL", "UNLIKE", "Replayed", "Replayer", "changes", "renamed"]

CALL = timedelta(seconds=0.25)
"""What a call takes on the systems' clock."""
Linked = tuple[Deed, LinkConfidence | None]


UNLIKE = (TypeError, ValueError, LookupError, AttributeError)
"""What handlers stumble over in objects that hold what no vendor ever answers, but a file may."""


class _Unplayable(Exception):
    """A deed that the systems stumbled over."""


@dataclass(slots=True)
class Replayed:
    """The actions of one handling, and what went wrong.

    `unseen` are deeds about objects, or with parts, that the recording does not show: their
    actions are as recorded, without the state around them. `broken` says which deed the systems
    refused, `idle` counts deeds that changed nothing, `unserved` those that no operation serves.
    """

    actions: list[Action] = field(default_factory=list)
    unseen: int = 0
    idle: int = 0
    unserved: list[str] = field(default_factory=list)
    broken: str | None = None
    misfits: int = 0
    """Deeds that only the time linked and that the systems refuse here."""
    other_before: int = 0
    """Actions whose values before are not those that the source tells."""

    @property
    def verified(self) -> bool:
        """Whether it works and does something."""
        return self.broken is None and bool(self.actions)


@dataclass(slots=True)
class Replayer:
    """Plays handlings on one engine, each in a case of its own."""

    engine: Engine
    _count: int = 0

    def replay(self, at: datetime, deeds: Sequence[Linked]) -> Replayed:
        """Play deeds in their order on the world as of `at`."""
        self._count += 1
        name = f"replay-{self._count}"
        session, result = self.engine.open_case(name, now=at), Replayed()
        names: dict[str, str] = {}
        try:
            for deed, link in deeds:
                self._play(session, deed, link, names, result)
        finally:
            self.engine.close_case(name)
        for number, action in enumerate(result.actions, 1):
            result.actions[number - 1] = msgspec.structs.replace(action, seq=number)
        return result

    def _play(
        self,
        session: CaseSession,
        deed: Deed,
        link: LinkConfidence | None,
        names: dict[str, str],
        result: Replayed,
    ) -> None:
        unseen = deed.silent or any(not _there(session, place, names) for place in deed.needs)
        mark, before = session.overlay.mark(), len(session.actions)
        try:
            status = self._send(session, deed, names)
        except _Unplayable as error:
            result.broken = result.broken or f"{deed.operation} cannot be played ({error})"
            return
        if status is None or len(session.actions) == before:
            result.unserved.append(deed.operation)
            return
        action = session.actions[-1]
        if unseen:
            result.unseen += 1
            result.actions.append(_as_recorded(action, deed, link))
        elif status >= 400 and link is LinkConfidence.TIME_ONLY:
            # Most likely another case's: it must not cost this one its baseline.
            result.misfits += 1
        elif status >= 400:
            result.broken = result.broken or f"{action.operation} is refused ({status})"
        elif deed.system != DESK and not changes(session, mark):
            result.idle += 1
        else:
            result.other_before += _other_before(action, deed)
            names |= _made(session, deed, mark)
            result.actions.append(_as_told(action, deed, link, names))

    def _send(self, session: CaseSession, deed: Deed, names: Mapping[str, str]) -> int | None:
        """The status of the answer; None where no operation serves the deed."""
        systems = self.engine.systems
        try:
            operation = find_operation(deed.operation, systems)
            params = renamed(deed.params, names)
            request = build_request(operation, params, session.credentials, systems)
        except (LookupError, ValueError, TypeError):
            return None
        session.clock.turn_to(deed.at - CALL)
        try:
            return self.engine.handle(request).status
        except UNLIKE as error:
            raise _Unplayable(type(error).__name__) from error


def _as_told(
    action: Action, deed: Deed, link: LinkConfidence | None, names: Mapping[str, str]
) -> Action:
    """The action with the source's own ids and time."""
    back = {ours: theirs for theirs, ours in names.items()}
    return msgspec.structs.replace(
        action, at=deed.at, link=link, before=renamed(action.before, back),
        after=renamed(action.after, back), fields=renamed(action.fields, back),
    )  # fmt: skip


def _there(session: CaseSession, place: str, names: Mapping[str, str]) -> bool:
    table, _, row_id = place.partition("/")
    return session.overlay.get(table, names.get(row_id, row_id)) is not None


def changes(session: CaseSession, mark: int) -> bool:
    """Whether anything but the time of the last change is different."""
    overlay = session.overlay
    return any(
        overlay.changed(mark, *place).keys() - {"updated_at", "updatedAt"}
        for place in overlay.written_since(mark)
    )


def _made(session: CaseSession, deed: Deed, mark: int) -> dict[str, str]:
    """The id that the source gives to what was created, with ours for it."""
    if deed.made is None:
        return {}
    table, _, theirs = deed.made.partition("/")
    for found, ours in session.overlay.written_since(mark):
        if found == table and session.overlay.world.get(table, ours) is None:
            return {theirs: ours}
    return {}


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A value with every id in it under another name, where it has one."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: renamed(item, names) for key, item in value.items()}
    return [renamed(item, names) for item in value] if isinstance(value, list) else value


def _other_before(action: Action, deed: Deed) -> bool:
    """Whether a value before is told and is another one than the world's."""
    ours, theirs = action.before or {}, deed.before or {}
    shared = [name for name in ours.keys() & theirs.keys() if not isinstance(theirs[name], dict)]
    return any(ours[name] != theirs[name] and (ours[name] or theirs[name]) for name in shared)


def _as_recorded(action: Action, deed: Deed, link: LinkConfidence | None) -> Action:
    """The write without an answer, for nobody knows what the system would have said."""
    told = action.amount_minor is None and deed.amount is not None
    return msgspec.structs.replace(
        action, at=deed.at, link=link, origin=Origin.RECORDED, response_status=None,
        amount_minor=deed.amount if told else action.amount_minor,
        currency=action.currency or deed.currency,
        before=deed.before or None, after=None,
    )  # fmt: skip
