"""The page of all runs, from what lies in the reports folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from understudy.campaign.pilot.states import states_of
from understudy.campaign.pilot.status import lines_of
from understudy.campaign.runs.folder import RunFolder, runs_in
from understudy.model.errors import UnderstudyError
from understudy.model.printable import printable
from understudy.report.ladder import ladder_table
from understudy.report.project import RunRow, render_project

__all__ = ["project_page"]


def project_page(reports: Path, named: RunFolder | None, token: str) -> str:
    """All runs with verdicts and costs, and the ladder; what is damaged is told."""
    known = runs_in(reports)
    if named is not None and all(one.path.resolve() != named.path.resolve() for one in known):
        known.append(named)
    ladder, wrong = _ladder(reports)
    return render_project([_row(run, token) for run in known], ladder, wrong)


def _ladder(reports: Path) -> tuple[list[Mapping[str, str]], list[str]]:
    """Where each class of each candidate stands; where the history is damaged, what is wrong."""
    try:
        lines = lines_of(states_of(reports), datetime.now(UTC))
    except UnderstudyError as error:
        return [], [printable(f"the promotion ladder cannot be told: {error.problem}", 300)]
    table = ladder_table(lines)
    rows = zip(lines, table.rows, strict=True)
    return [
        {"candidate": line.candidate, **dict(zip(table.head, row, strict=True))}
        for line, row in rows
    ], []


def _row(run: RunFolder, token: str) -> RunRow:
    try:
        manifest = run.read_manifest()
    except UnderstudyError as error:
        return RunRow(run.path.name, "", "", "", "", problem=_damage(error))
    row = RunRow(
        run_id=run.path.name,
        campaign=manifest.campaign,
        candidate=manifest.candidate,
        stage=manifest.stage,
        started_at=manifest.started_at,
        attempt=manifest.attempt,
        cases=manifest.planned,
    )
    if not run.verdict.is_file():
        return row
    return _judged(row, run, f"runs/{quote(run.path.name)}/?token={quote(token)}")


def _judged(row: RunRow, run: RunFolder, link: str) -> RunRow:
    try:
        verdict = run.read_verdict()
    except UnderstudyError as error:
        return replace(row, problem=_damage(error))
    cost = verdict.error_cost
    return replace(
        row,
        verdict=verdict.verdict.value,
        per_case=cost.per_case,
        limit=cost.limit,
        currency=cost.currency,
        cases=verdict.cases.judged,
        link=link,
    )


def _damage(error: UnderstudyError) -> str:
    return printable(f"damaged: {error.problem}", 200)
