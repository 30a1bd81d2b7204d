"""Which of a recording's cases are run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from understudy.campaign.projects.settings import Settings
from understudy.campaign.runs.folder import RunFolder, runs_in
from understudy.campaign.runs.replay import replayed
from understudy.campaign.runs.request import RunRequest
from understudy.campaign.runs.source import Source
from understudy.model.case import Case
from understudy.model.errors import ConfigurationError, NoCasesError, nearest
from understudy.model.gates import Population
from understudy.traffic.sampling import drawn, held_out

__all__ = ["Selection", "select"]


@dataclass(frozen=True, slots=True)
class Selection:
    """The cases in the order in which they are run, and how they came to be these."""

    cases: Sequence[Case]
    told: str = ""
    """A sentence, where they are not all."""
    chosen: bool = False
    """Whether they were chosen by hand or by what came of them: no evidence for a GO."""
    part: str = ""
    """`open` or `held_out`, where a part of the recording is held out."""


def select(source: Source, settings: Settings, request: RunRequest) -> Selection:
    """The cases that are run: one, those that failed last, or a stable sample of customers.

    Raises `NoCasesError` where that leaves none.
    """
    share = settings.campaign.held_out
    if not share:
        _refuse_nothing_held_out(request)
        return _selected(source.recording.cases, source, settings, request)
    kept = held_out(source.recording.cases, share, request.held_out)
    selected = _selected(kept, source, settings, request)
    told = f"the held-out part, {share:.1%} of the customers"
    if not request.held_out:
        told = f"without the {share:.1%} of the customers that are held out"
    told = ", ".join(each for each in (told, selected.told) if each)
    return replace(selected, told=told, part="held_out" if request.held_out else "open")


def _refuse_nothing_held_out(request: RunRequest) -> None:
    if request.held_out:
        raise ConfigurationError(
            "the campaign holds no part of its recording out",
            code="U179",
            where="--held-out",
            hint="held_out: 20% in the campaign file, before the first run",
        )


def _selected(
    cases: Sequence[Case], source: Source, settings: Settings, request: RunRequest
) -> Selection:
    if request.case_id is not None:
        return _one(cases, request.case_id)
    if not cases:
        raise NoCasesError(f"the recording `{source.recording.path}` has no cases")
    share = settings.campaign.sample if request.sample is None else request.sample
    sampled = replayed(cases, share, request.speed)
    if not sampled:
        raise NoCasesError(f"a sample of {share:.1%} of the customers has no cases")
    if request.last_failed:
        return _last_failed(sampled, settings, request)
    if settings.rules.gates.population is Population.RECORDING and request.speed is None:
        sampled = drawn(sampled)
    kept = sampled[: request.limit]
    if len(kept) == len(cases):
        return Selection(kept)
    first = f"the first {len(kept):,} of {len(sampled):,} cases" if len(kept) < len(sampled) else ""
    by_lot = f"a sample of {share:.1%} of the customers" if share < 1 else ""
    return Selection(kept, ", ".join(each for each in (by_lot, first) if each))


def _one(cases: Sequence[Case], case_id: str) -> Selection:
    ids = [case.case_id for case in cases]
    if case_id not in ids:
        raise NoCasesError(f"the recording has no case `{case_id}`{nearest(case_id, ids)}")
    kept = [case for case in cases if case.case_id == case_id]
    return Selection(kept, f"case `{case_id}` alone", chosen=True)


def _last_failed(cases: Sequence[Case], settings: Settings, request: RunRequest) -> Selection:
    last = _last_run(settings, request.reports)
    failed = {finding.case_id for finding in last.read_findings() if finding.cost_minor}
    kept = [case for case in cases if case.case_id in failed][: request.limit]
    if not kept:
        raise NoCasesError(f"nothing that costs anything was found in the last run, `{last.path}`")
    told = f"the {len(kept):,} cases that cost anything in run {last.path.name}"
    return Selection(kept, told, chosen=True)


def _last_run(settings: Settings, reports: Path) -> RunFolder:
    """The last judged run of this candidate over all that the campaign wanted."""
    name = settings.campaign.candidates[0].name
    for run in reversed(runs_in(reports / settings.campaign.name)):
        manifest = run.read_manifest()
        if manifest.candidate == name and not manifest.chosen and run.verdict.is_file():
            return run
    raise NoCasesError(
        f"no run of `{name}` has been judged yet in `{reports / settings.campaign.name}`",
        hint="run the campaign without --last-failed first",
    )
