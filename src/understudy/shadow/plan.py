"""What a shadow run is to do, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from understudy.candidates.handed import Inbound, inbound
from understudy.doors.self_test import SelfTest
from understudy.model.campaign import CandidateSpec, Fault
from understudy.model.case import Case, Turn
from understudy.model.drill import Halt
from understudy.model.proposal import Reviewed
from understudy.model.verdict import ModelTraffic, WallEvidence
from understudy.shadow.models import ModelService
from understudy.shadow.protocol import Question, Stage
from understudy.shadow.store import Sync

__all__ = ["Converse", "Decide", "Reviews", "ShadowPlan", "ShadowReport"]

Decide = Callable[[str, int, int, Mapping[str, Any]], Mapping[str, Any]]
"""Decides an approval: case, repeat, its number in the case, its row; gives what changes."""


Reviews = Callable[[str, int], tuple[Reviewed, ...]]
"""What was looked at in a case and repeat that has ended."""
Converse = Callable[[Question], Turn | None]
"""Says what a case's customer answers, or None where nobody can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowPlan:
    """Cases in their pre-registered order, one candidate, and where everything lies."""

    world: Path | None
    """Where it lies; None where there is a `stage`."""
    cases: Sequence[Case]
    candidate: CandidateSpec
    systems: Mapping[str, str]
    run_folder: Path
    project: Path
    seed: int = 0
    stage: Stage | None = None
    """What the cases are played on where no world lies on a disk, with the faults of the calls."""
    workers: int = 1
    repeats: int = 1
    resume: bool = False
    shard: str = "0"
    sync: Sync | None = None
    """When records are forced to the disk; None decides by how long a case takes."""
    most_blocked: int | None = None
    """How many refused attempts on the network stop the run; None lets it go on and reports."""
    faults: tuple[Fault, ...] = ()
    writes: Mapping[str, str] = field(default_factory=dict)
    """What becomes of a write, by operation or action class: `observe`, `queue` or `deny`."""
    decide: Decide | None = None
    """Who answers at the desk; without it approvals stay pending."""
    reviews: Reviews | None = None
    """What they have looked at."""
    converse: Converse | None = None
    """Who answers for the customers; without it no question is answered."""
    models: ModelService | None = None
    """What answers the candidate's model calls; without it none can be made."""
    tester: Callable[..., SelfTest] | None = None
    """Tests the wall in place of a test of this run's own, where many short runs share one."""
    namespace: bool = True
    """Whether a network namespace is entered where the system permits one."""
    paths: tuple[Path, ...] = ()
    """Folders in which systems of the user's own are found."""
    equipment: tuple[dict[str, Any], ...] = ()
    """What a company has defined in its systems: settings as they are read from YAML."""
    press_after: int | None = None
    """A drill: the number of accepted writes at which the kill switch is pressed."""
    speed: float | None = None
    """How many times as fast as they came in the cases are handed out; None waits for nothing."""
    world_loader: str = "understudy.world.store:load_world"

    def orders(self) -> list[tuple[str, int]]:
        """Every case and repeat, in the order in which they are judged."""
        return [(case.case_id, repeat) for case in self.cases for repeat in range(self.repeats)]

    def due(self, index: int, passed: float) -> bool:
        """Whether a position of `orders` has its turn after so many seconds, at the plan's pace."""
        at = self.cases[index // self.repeats].received_at
        if self.speed is None or at is None:
            return True
        first = next((c.received_at for c in self.cases if c.received_at is not None), at)
        return (at - first).total_seconds() <= passed * self.speed

    def order(self, index: int) -> Inbound:
        """What the candidate's process is told for one position of `orders`."""
        case, repeat = divmod(index, self.repeats)
        return inbound(self.cases[case], repeat)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowReport:
    """How a run went, apart from the records in its store."""

    self_test: SelfTest
    level: str
    planned: int
    run: int
    """Cases that ran now."""
    resumed: int
    """Cases that the store had already."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """Failed cases by reason, stored ones included."""
    network_attempts: int = 0
    process_attempts: int = 0
    expected_attempts: int = 0
    """Attempts on hosts that the campaign expects to be tried."""
    places: tuple[str, ...] = ()
    """What the wall refused, each place once."""
    stopped: str | None = None
    """`kill_switch`, `egress`, `budget`, `interrupted` or the callback's word; None at the end."""
    halts: tuple[Halt, ...] = ()
    """The cases that did anything after the kill switch was pressed.

    Those of which something was refused have no record, and a resumed run does them again.
    """
    needs: tuple[str, ...] = ()
    model_traffic: tuple[ModelTraffic, ...] = ()
    """What went to model providers in this run."""
    model_cost_minor: int = 0
    """What the model calls of this run have cost, where they have prices."""
    unanswered: int = 0
    """Model calls that no recorded or scripted answer was there for."""

    @property
    def halted(self) -> int:
        """Writes that were refused because the kill switch was pressed."""
        return sum(halt.refused for halt in self.halts)

    @property
    def halted_cases(self) -> int:
        """The cases that those were of."""
        return sum(halt.refused > 0 for halt in self.halts)

    @property
    def complete(self) -> bool:
        """Whether every planned case has a record."""
        return self.run + self.resumed == self.planned

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.stopped == "interrupted"

    @property
    def valid(self) -> bool:
        """Whether the wall held; without it no verdict can be given."""
        return self.self_test.passed

    def evidence(self) -> WallEvidence:
        """The wall's part of a verdict."""
        attempts = self.network_attempts + self.process_attempts
        return WallEvidence(
            level=self.level,
            self_test="passed" if self.self_test.passed else "failed",
            attempts=attempts,
            blocked=attempts,
            needs=self.needs,
            expected=self.expected_attempts,
        )
