"""One open case: its overlay, clock, credentials, and what it did."""

from __future__ import annotations

import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from understudy.model.action import Action
from understudy.model.world import Row
from understudy.systems import mint
from understudy.systems.clock import VirtualClock
from understudy.systems.deed import Deed
from understudy.systems.overlay import Changes, Overlay

if TYPE_CHECKING:
    from understudy.systems.blow import Fate
    from understudy.systems.message import Response
    from understudy.systems.rendering import Renderings

__all__ = ["CaseSession", "CoverageGap", "Credentials", "Reviewer", "SavedAnswer"]


class CoverageGap(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a known host that nothing answers; `reason` is `route`, `method` or `recording`.

    `detail` is what comes closest to it.
    """

    system: str
    method: str
    path: str
    reason: str = "route"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """What a call under an idempotency key was answered, and what it had asked."""

    fingerprint: tuple[str, str, bytes]
    response: Response
    action: int
    """The place of its action among the case's."""


Credentials = dict[str, dict[str, str]]
"""A case's credentials by system, each in the vendor's own parts."""

Reviewer = Callable[["CaseSession", Mapping[str, Any]], Mapping[str, Any]]
"""Answers an approval asked for at the desk: takes its row, gives the fields that change."""


_NOWHERE: Mapping[str, str] = {}
_MAKING = threading.Lock()
_CONTAINERS: Mapping[str, Callable[[], Any]] = {
    "_counters": dict, "actions": list, "approvals": dict, "deeds": list, "gaps": list,
    "handling": lambda: secrets.token_hex(8), "jobs": dict, "lock": threading.RLock,
    "reads": lambda: defaultdict(int), "saved": dict, "told": list,
}  # fmt: skip


_TOGETHER = ("lock", "reads", "_counters", "actions", "deeds")
"""What nearly every case needs that makes a call."""


class CaseSession:
    """What the engine keeps of one case while it is open.

    `approvals` were asked for, each with what tells whether it stands by now.
    `actions` are all writes, accepted or refused, in order; `reads` counts the others by
    operation; `gaps` are the requests that no operation serves; `deeds` are the writes that left
    something behind, and `told` the events that were made of the first of them so far. `handling`
    names this handling of the case, of no other repeat and no other run. Where the candidate
    `waits_elsewhere`, in a process with a clock of its own, the case's clock knows nothing of it.
    """

    __slots__ = (
        "_correlation", "_counters", "_credentials", "_fate", "_issue", "_tag", "actions",
        "approvals", "base_urls", "case_id", "clock", "deeds", "gaps", "handling", "jobs", "lock",
        "overlay", "reads", "renderings", "reviewer", "saved", "seed", "told", "waits_elsewhere",
    )  # fmt: skip

    _counters: dict[str, int]
    actions: list[Action]
    approvals: dict[str, Callable[[CaseSession, str], bool]]
    deeds: list[Deed]
    gaps: list[CoverageGap]
    handling: str
    jobs: dict[str, dict[str, Any]]
    lock: threading.RLock
    reads: defaultdict[str, int]
    saved: dict[tuple[str, str], SavedAnswer]
    told: list[list[Row]]

    def __init__(
        self,
        case_id: str,
        overlay: Overlay,
        clock: VirtualClock,
        renderings: Renderings,
        seed: int,
        issue: Callable[[CaseSession], Credentials],
    ) -> None:
        self.case_id = case_id
        self.overlay = overlay
        self.clock = clock
        self.renderings = renderings
        self.seed = seed
        self._credentials: Credentials | None = None
        self._issue = issue
        self.base_urls = _NOWHERE
        self.reviewer: Reviewer | None = None
        self.waits_elsewhere = False
        self._fate: Fate | None = None
        self._tag = ""
        self._correlation = ""

    def __getattr__(self, name: str) -> Any:
        """A container that is made when it is first asked for.

        Most cases need few, and thousands of open cases are many objects for the garbage collector
        to visit.
        """
        if name not in _CONTAINERS:
            raise AttributeError(f"a case has no `{name}`")
        with _MAKING:  # two threads may ask at once
            try:
                return object.__getattribute__(self, name)
            except AttributeError:
                for each in _TOGETHER if name in _TOGETHER else (name,):
                    setattr(self, each, _CONTAINERS[each]())
                return object.__getattribute__(self, name)

    @property
    def credentials(self) -> Credentials:
        """What the case presents to each system, by the system's name; issued when first read."""
        if self._credentials is None:
            self._credentials = self._issue(self)
        return self._credentials

    @property
    def fate(self) -> Fate:
        """What faults have done to the case."""
        if self._fate is None:
            # Imported here, because most cases know no faults and the campaign's types are heavy.
            from understudy.systems.blow import Fate

            self._fate = Fate()
        return self._fate

    @property
    def now(self) -> datetime:
        """The case's present."""
        return self.clock.now

    def did(self, action: Action, mark: int, left: tuple[tuple[str, Row], ...]) -> None:
        """Note a write that was carried out or refused; what it wrote stands after `mark`."""
        end = self.overlay.mark()
        if end != mark or left:
            self.deeds.append(Deed(len(self.actions), self.clock.calls, mark, end, left))
        self.actions.append(action)

    def tell_again(self, place: int) -> None:
        """The answer to an action is given once more, so that whoever missed it has it now."""
        action = self.actions[place]
        if not action.candidate_saw_response:
            self.actions[place] = msgspec.structs.replace(action, candidate_saw_response=True)

    def effect(self) -> Changes:
        """What the case changed in the systems' state, by (table, id) and field."""
        return self.overlay.diff()

    def request_id(self, prefix: str, call: int | None = None) -> str:
        """The id of the request being served, or of the one that was the `call`-th."""
        if not self._tag:
            self._tag = mint.letters(10, self.seed, self.case_id, "request")
        number = str(self.clock.calls if call is None else call)
        return f"{prefix}{self._tag}{number.zfill(4)}"

    def correlation_id(self) -> str:
        """The id of the request being served, as a UUID."""
        if not self._correlation:
            self._correlation = mint.uuid(self.seed, self.case_id, "correlation")[:24]
        return f"{self._correlation}{self.clock.calls:012x}"

    def letters(self, kind: str, length: int) -> str:
        """The next id of a kind, in letters and digits."""
        return mint.letters(length, self.seed, self.case_id, kind, self.count(kind))

    def number(self, kind: str, length: int, table: str) -> str:
        """The next id of a kind, in digits, that no row of `table` has."""
        while True:
            made = mint.digits(length, self.seed, self.case_id, kind, self.count(kind))
            if self.overlay.get(table, made) is None:
                return made

    def uuid(self, kind: str) -> str:
        """The next id of a kind, as a UUID."""
        return mint.uuid(self.seed, self.case_id, kind, self.count(kind))

    def count(self, kind: str) -> int:
        """How often this kind was asked for, this time included."""
        number = self._counters.get(kind, 0) + 1
        self._counters[kind] = number
        return number

    def counted(self, kind: str) -> int:
        """How often `count` was asked for this kind."""
        return self._counters.get(kind, 0)
