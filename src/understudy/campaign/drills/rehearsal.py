"""The drills of a campaign: its candidate once more, over a few cases, while things go wrong."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from understudy.campaign.drills.fallbacks import Failing, failings_of, outcome_of
from understudy.campaign.judging.judgement import judge
from understudy.campaign.judging.replays import WorldReplay, replay_of
from understudy.campaign.models import ModelPlan, model_service
from understudy.campaign.progress import Progress
from understudy.campaign.projects.settings import Settings
from understudy.campaign.runs.files import RunFiles, evidence_of
from understudy.campaign.runs.folder import RunFolder
from understudy.campaign.runs.plan import plan_of
from understudy.campaign.runs.request import RunRequest
from understudy.campaign.runs.source import Source
from understudy.doors.self_test import self_test
from understudy.model.campaign import Campaign, CandidateSpec, Fault, ModelMode
from understudy.model.case import Case
from understudy.model.drill import DrillReport, Fallback, KillSwitchDrill
from understudy.model.money import Money
from understudy.model.proposal import CaseRecord
from understudy.shadow.plan import ShadowPlan
from understudy.shadow.runner import run_shadow
from understudy.shadow.switch import WRITES

__all__ = ["Rehearsal"]

_WORKERS = 2
"""The kill switch is to reach cases in other processes than the one that presses it."""


@dataclass(slots=True)
class Rehearsal:
    """Does the drills that need the candidate, after the run whose folder they are kept in."""

    settings: Settings
    source: Source
    request: RunRequest
    end: RunFiles
    cases: Sequence[Case] = field(init=False)
    _spent: int = field(init=False)
    """What model calls have cost so far, the run's own included."""

    def __post_init__(self) -> None:
        self.cases = self.end.evidence.cases[: self._campaign.drills.cases]
        self._spent = self.end.manifest.model_cost_minor

    @property
    def _campaign(self) -> Campaign:
        return self.settings.campaign

    def go(self, progress: Progress) -> None:
        """Do the drills and write what they have shown; those of a run that goes on are kept."""
        folder, shard = self.end.folder, self.request.shard
        if folder.drills.is_file() or (shard is not None and shard.number != 1):
            return
        if self.end.stopped is not None or not self.cases:
            why = f"the run was stopped: {self.end.stopped}" if self.cases else "no case was run"
            folder.write_drills(DrillReport(skipped=(f"the drills: {why}",)))
            return
        folder.write_drills(self._done(progress))

    def _done(self, progress: Progress) -> DrillReport:
        asked = self._campaign.drills
        failings = self._failings() if asked.fallback else []
        total, fallbacks, skipped = len(failings), [], list[str]()
        pressed = None if asked.kill_switch is None else self._kill_switch(asked.kill_switch)
        for number, failing in enumerate(failings):
            progress("drills", number, total, str(failing))
            left = self._left()
            if left is not None and left.minor == 0:
                skipped.append(f"{failing}: the budget for model calls is spent")
                continue
            fallbacks.append(self._fallback(failing))
        progress("drills", total, total)
        if asked.fallback and not self._serves_models:
            skipped.append("models down, slow, wrong, garbled or cut off: the campaign serves none")
        return DrillReport(kill_switch=pressed, fallbacks=tuple(fallbacks), skipped=tuple(skipped))

    @property
    def _serves_models(self) -> bool:
        return ModelPlan.of(self._campaign, Path()).serves_any

    def _failings(self) -> list[Failing]:
        replay = replay_of(self.end.manifest)
        systems = replay.served() if isinstance(replay, WorldReplay) else ()
        return failings_of(systems, models=self._serves_models)

    def _kill_switch(self, after: int) -> KillSwitchDrill:
        plan = self._plan("kill-switch", ())
        workers = max(_WORKERS, self.request.workers)
        report = run_shadow(replace(plan, press_after=after, workers=workers), lambda _record: None)
        self._spent += report.model_cost_minor
        counted = plan.run_folder / WRITES
        return KillSwitchDrill(
            after_writes=after,
            writes=counted.stat().st_size if counted.is_file() else 0,
            workers=workers,
            finished=report.run,
            halts=report.halts,
        )

    def _fallback(self, failing: Failing) -> Fallback:
        records: list[CaseRecord] = []

        def keep(record: CaseRecord) -> None:
            records.append(record)

        report = run_shadow(self._plan(failing.name, failing.faults), keep)
        self._spent += report.model_cost_minor
        proposals = [record.proposal for record in records]
        evidence = evidence_of(self.source.recording, proposals, None, replay_of(self.end.manifest))
        found = judge(evidence, self.settings.rules.policy).findings
        outcome = outcome_of(failing, self.cases, records, found, self.end)
        return msgspec.structs.replace(outcome, unanswered=report.unanswered)

    def _plan(self, name: str, faults: tuple[Fault, ...]) -> ShadowPlan:
        """The campaign's own plan over the drill's cases, in a folder of its own."""
        place = self.end.folder.path / "drills" / name
        if place.exists():
            shutil.rmtree(place)
        place.mkdir(parents=True)
        stop = self._campaign.stop.model_copy(update={"on_egress": None, "budget": self._left()})
        changes = {
            "faults": faults, "repeats": 1, "stop": stop,
            "candidates": (_unrecorded(self._campaign.candidates[0]),),
        }  # fmt: skip
        settings = replace(self.settings, campaign=self._campaign.model_copy(update=changes))
        models = model_service(ModelPlan.of(settings.campaign, settings.folder))
        request = replace(self.request, resume=None, speed=None, shard=None)
        plan = plan_of(settings, self.source, request, self.cases, RunFolder(place), models)
        return replace(plan, tester=_tested_once)

    def _left(self) -> Money | None:
        """What model calls may still cost; None where the campaign sets no limit."""
        budget = self._campaign.stop.budget
        if budget is None:
            return None
        return Money(max(0, budget.minor - self._spent), budget.currency)


def _unrecorded(candidate: CandidateSpec) -> CandidateSpec:
    """The candidate with its models asked and not recorded: a drill is nothing to replay later."""
    if candidate.models is not ModelMode.RECORD:
        return candidate
    return candidate.model_copy(update={"models": ModelMode.LIVE})


_tested_once = functools.cache(self_test)
"""The wall's test, which the many short runs of drills share."""
