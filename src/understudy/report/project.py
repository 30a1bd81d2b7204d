"""The page of all runs of a project: verdicts, attempts, and how the cost per case went."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jinja2
from markupsafe import Markup

from understudy.report.html import environment, policy_of, read
from understudy.report.phrases import amount
from understudy.report.svg import Frame, Tick, dot, drawing, line, ticks

__all__ = ["RunRow", "Trend", "render_project", "trends_of"]


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as a row; `problem` says what of it is missing or damaged."""

    run_id: str
    campaign: str
    candidate: str
    stage: str
    started_at: str
    verdict: str = ""
    per_case: float | None = None
    """Error cost per case in minor units of `currency`."""
    limit: float | None = None
    currency: str = ""
    attempt: int = 1
    cases: int = 0
    problem: str = ""
    link: str = ""

    @property
    def cost(self) -> str:
        """The cost per case as it is read."""
        return "" if self.per_case is None else amount(self.per_case, self.currency)


@dataclass(frozen=True, slots=True)
class Trend:
    """The cost per case of one candidate in one campaign, run after run."""

    title: str
    picture: Markup
    rows: tuple[RunRow, ...]


def trends_of(rows: Sequence[RunRow]) -> tuple[Trend, ...]:
    """A trend for each campaign and candidate that was run, with the oldest run first."""
    groups: dict[tuple[str, str, str], list[RunRow]] = {}
    for row in rows:
        if row.per_case is not None:
            groups.setdefault((row.campaign, row.candidate, row.currency), []).append(row)
    return tuple(
        Trend(
            f"{campaign}, {candidate}: error cost per case, {currency}",
            _drawn(own, currency),
            tuple(own),
        )
        for (campaign, candidate, currency), own in groups.items()
    )


def render_project(
    rows: Sequence[RunRow], ladder: Sequence[Mapping[str, str]], notes: Sequence[str]
) -> str:
    """The page as HTML, the newest run first; `ladder` has a row for each entry of the pilot."""
    style = read("report.css")
    return _template().render(
        rows=tuple(reversed(rows)),
        trends=trends_of(rows),
        ladder=ladder,
        notes=notes,
        style=style,
        policy=policy_of(style, ()),
    )


@functools.cache
def _template() -> jinja2.Template:
    return environment().get_template("project.html.j2")


def _drawn(rows: Sequence[RunRow], currency: str) -> Markup:
    costs = [row.per_case or 0.0 for row in rows]
    limit = rows[-1].limit
    most = max([*costs, limit or 0.0, 1.0]) * 1.15
    frame = Frame(x_most=max(len(rows), 2), y_least=0.0, y_most=most)
    parts = frame.axes(
        [Tick(number, f"{number}") for number in _numbers(len(rows))],
        [Tick(at, amount(at, currency).split(" ")[0]) for at in ticks(most)],
        "run",
    )
    if limit:
        parts.append(line(frame, [(0, limit), (frame.x_most, limit)], "boundary bad"))
    parts.append(line(frame, list(enumerate(costs, 1)), "curve accent"))
    parts += [dot(frame, point) for point in enumerate(costs, 1)]
    return drawing("Error cost per case over the runs; the dotted line is the limit", parts)


def _numbers(count: int) -> list[int]:
    step = max(1, count // 8)
    return [1, *range(1 + step, count + 1, step)]
