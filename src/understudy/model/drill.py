"""What a campaign's drills have shown: the kill switch, undoing, and who gets a case in need."""

from __future__ import annotations

import msgspec

__all__ = ["DrillReport", "Fallback", "Halt", "KillSwitchDrill", "Rollback", "Stuck"]


class Halt(msgspec.Struct, frozen=True, kw_only=True):
    """What a running case did after the kill switch was pressed."""

    case_id: str
    repeat: int = 0
    accepted: int = 0
    """Writes that still got through; one that is just being carried out may."""
    refused: int = 0


class KillSwitchDrill(msgspec.Struct, frozen=True, kw_only=True):
    """The switch, pressed in the middle of the work of a few cases."""

    after_writes: int
    writes: int
    """Writes that were accepted in all."""
    workers: int
    finished: int
    """Cases that had come to their end by then."""
    halts: tuple[Halt, ...] = ()
    """The cases that did anything after it was pressed."""

    @property
    def pressed(self) -> bool:
        """Whether there were writes enough for it to be pressed."""
        return self.writes >= self.after_writes

    @property
    def most_accepted(self) -> int:
        """The most writes that one case got through after it was pressed."""
        return max((halt.accepted for halt in self.halts), default=0)

    @property
    def refused(self) -> int:
        """How many were refused."""
        return sum(halt.refused for halt in self.halts)

    @property
    def held(self) -> bool:
        """Whether it ended further actions within one action per running case."""
        return self.pressed and self.most_accepted <= 1


class Stuck(msgspec.Struct, frozen=True, kw_only=True):
    """Writes of one operation that cannot be undone, for one reason."""

    operation: str
    inverse: str | None
    reason: str
    writes: int
    cases: int
    first_case: str
    exposure_minor: int = 0
    """The amounts at stake in them, in minor units of the policy's currency."""


class Rollback(msgspec.Struct, frozen=True, kw_only=True):
    """Every accepted write of every case undone, the last one first."""

    cases: int
    """Cases with accepted writes on systems that can be replayed."""
    emptied: int
    """Those whose overlay was empty afterwards."""
    writes: int
    undone: int
    traces: int = 0
    """Objects made and undone that the system keeps as deleted, archived or void."""
    stuck: tuple[Stuck, ...] = ()
    unplayed: int = 0
    """Cases with writes that no system here could play again."""

    @property
    def exposure_minor(self) -> int:
        """What is at stake in all that cannot be undone."""
        return sum(each.exposure_minor for each in self.stuck)


class Fallback(msgspec.Struct, frozen=True, kw_only=True):
    """One thing failing in one way, over the drill's cases; counts are of cases that met it."""

    failing: str
    """`models`, or a system's name."""
    way: str
    cases: int
    struck: int
    to_people: int
    """Cases that reached the human queue."""
    acted: int
    dropped: int
    """Cases that neither were handled nor reached anybody: failed, or given up in silence."""
    unsafe: int
    """Writes after uncertainty."""
    duplicates: int
    """Writes done twice after a retry, and of these:"""
    harmful: int
    median_seconds: float | None = None
    """From the event to the human queue, as the systems count the time."""
    longest_seconds: float | None = None
    queue_per_hour: float | None = None
    """Cases an hour that people get while it lasts; None where nobody knows how many come in."""
    people_hours: float | None = None
    """The hours of people's work that an hour of it makes."""
    unanswered: int = 0
    """Model calls that no recorded answer was there for: what came of them says little."""


class DrillReport(msgspec.Struct, frozen=True, kw_only=True):
    """`drills.json` of a run."""

    kill_switch: KillSwitchDrill | None = None
    rollback: Rollback | None = None
    fallbacks: tuple[Fallback, ...] = ()
    skipped: tuple[str, ...] = ()
    """What was asked for and not rehearsed, with the reason."""
    schema: str = "understudy/drills/1"
