"""The pictures of the report, each with the figures it was drawn from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from understudy.gate.cost_evidence import CostEvidence, Look
from understudy.gate.interval import bounds
from understudy.gate.spread import gini, top_share
from understudy.gate.units import Units
from understudy.model.cost import CostLine
from understudy.model.printable import printable
from understudy.report.phrases import amount, percent
from understudy.report.svg import Frame, Point, Tick, drawing, label, line, ticks

__all__ = ["Chart", "bar_chart", "concentration_chart", "cost_chart", "evidence_chart"]

_MOST_LOOKS = 60


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, what it shows in a sentence, and its data as a table."""

    title: str
    caption: str
    picture: Markup
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def evidence_chart(evidence: CostEvidence) -> Chart:
    """Evidence for GO and for NO-GO over cases, with the boundaries at which each decides."""
    looks = _thinned(evidence.looks)
    frame = Frame(x_most=_last_case(looks), y_least=-2.0, y_most=4.0)
    bars = ((evidence.go_threshold, "GO", "good"), (evidence.harm_threshold, "NO-GO", "bad"))
    parts = frame.axes(
        [Tick(at, f"{at:,.0f}") for at in ticks(frame.x_most)],
        [Tick(power, f"{10.0**power:,g}") for power in (-2, -1, 0, 1, 2, 3, 4)],
        "cases",
    )
    for bar, name, css in bars:
        level = math.log10(bar)
        parts.append(line(frame, [(0, level), (frame.x_most, level)], f"boundary {css}"))
        above = frame.y(level) + (-4 if name == "GO" else 12)
        parts.append(label(frame.left + 4, above, f"{name} from {bar:,.0f}", css=css))
    parts.append(line(frame, [(0, 0.0), *_logs(looks, "go")], "curve good"))
    parts.append(line(frame, [(0, 0.0), *_logs(looks, "harm")], "curve bad dashed"))
    parts += _stop_mark(frame, evidence)
    return Chart(
        title="Evidence over cases",
        caption=(
            "Solid: evidence that the error cost lies below the limit. Dashed: evidence that it "
            "lies above. The first line to reach its boundary decides; the scale is logarithmic."
        ),
        picture=drawing("Evidence for GO and for NO-GO over the number of cases", parts),
        head=("cases", "for GO", "for NO-GO"),
        rows=tuple((f"{look.cases:,}", f"{look.go:.3g}", f"{look.harm:.3g}") for look in looks),
    )


def cost_chart(units: Units, evidence: CostEvidence, alpha: float, currency: str) -> Chart:
    """The mean error cost so far with its bounds, against the limit."""
    looks = _thinned(evidence.looks, 40)
    cap, limit = evidence.cap_minor, evidence.limit_minor
    limits = [bounds(units.until(look.units), alpha) for look in looks]
    most = max([limit * 2.2, *(look.mean_minor * 1.3 for look in looks[-20:])])
    frame = Frame(x_most=_last_case(looks), y_least=0.0, y_most=most)
    parts = frame.axes(
        [Tick(at, f"{at:,.0f}") for at in ticks(frame.x_most)],
        [Tick(at, amount(at, currency).split(" ")[0]) for at in ticks(most)],
        "cases",
    )
    parts.append(_band(frame, looks, limits, cap))
    parts.append(line(frame, [(0, limit), (frame.x_most, limit)], "boundary bad"))
    parts.append(label(frame.left + 4, frame.y(limit) - 4, f"limit {amount(limit, currency)}"))
    parts.append(line(frame, [(look.cases, look.mean_minor) for look in looks], "curve accent"))
    parts += _stop_mark(frame, evidence)
    return Chart(
        title=f"Error cost per case so far, in {currency}",
        caption=(
            f"The line is the mean, with each case counted up to {amount(cap, currency)}. The band "
            f"holds what the cases leave possible: each of its edges holds with {1 - alpha:.0%} "
            "confidence, however often it is looked at."
        ),
        picture=drawing("Mean error cost per case over the number of cases", parts),
        head=("cases", "mean", "at least", "at most"),
        rows=tuple(
            (
                f"{look.cases:,}",
                *(amount(v, currency) for v in (look.mean_minor, lo * cap, hi * cap)),
            )
            for look, (lo, hi) in zip(looks, limits, strict=True)
        ),
    )


def concentration_chart(costs: Sequence[int], currency: str) -> Chart:
    """How few cases hold how much of the cost."""
    ordered = np.sort(np.array(costs, dtype=float))[::-1]
    total, count = float(ordered.sum()), len(ordered)
    shares = np.cumsum(ordered) / (total or 1)
    places = sorted({round(place) for place in np.linspace(0, count - 1, 80)}) if count else []
    points: list[Point] = [(0, 0), *((100 * (i + 1) / count, float(shares[i])) for i in places)]
    frame = Frame(x_most=100, y_least=0, y_most=1)
    parts = frame.axes(
        [Tick(at, f"{at}%") for at in (0, 25, 50, 75, 100)],
        [Tick(at / 4, f"{at * 25}%") for at in range(5)],
        "share of the cases, the costliest first",
    )
    parts.append(line(frame, [(0, 0), (100, 1)], "grid dashed"))
    parts.append(line(frame, points, "curve accent"))
    steps = (1, 5, 10, 50, 100, 500)
    return Chart(
        title="Concentration of cost",
        caption=(
            f"The costliest 1% of the cases hold {percent(top_share(costs))} of all error cost "
            f"({amount(total, currency)}); the Gini coefficient is {gini(costs):.2f}, where 0 is "
            "even and 1 is all in one case."
        ),
        picture=drawing("Share of the error cost held by the costliest cases", parts),
        head=("costliest cases", "cost", "share of all cost"),
        rows=tuple(
            (f"{n:,}", amount(float(ordered[:n].sum()), currency), percent(float(shares[n - 1])))
            for n in steps
            if n <= count
        ),
    )


def bar_chart(title: str, caption: str, lines: Sequence[CostLine], currency: str) -> Chart:
    """Cost by group as bars, the costliest twelve."""
    shown = lines[:12]
    most = max((entry.cost_minor for entry in shown), default=0) or 1
    height = max(34, 34 * len(shown))
    parts = []
    for index, entry in enumerate(shown):
        y = 34 * index
        parts.append(label(2, y + 13, printable(entry.group, 40)))
        parts.append(label(398, y + 13, amount(entry.cost_minor, currency), anchor="end"))
        width = max(1.0, round(396 * entry.cost_minor / most, 1))
        parts.append(
            Markup('<rect class="bar" x="2" y="{}" width="{}" height="9"/>').format(y + 18, width)
        )
    return Chart(
        title=title,
        caption=caption,
        picture=drawing(title, parts, height=height),
        head=("group", "findings", "cases", "cost"),
        rows=tuple(
            (
                printable(entry.group, 80),
                f"{entry.findings:,}",
                f"{entry.cases:,}",
                amount(entry.cost_minor, currency),
            )
            for entry in lines[:40]
        ),
    )


def _thinned(looks: Sequence[Look], most: int = _MOST_LOOKS) -> list[Look]:
    if len(looks) <= most:
        return list(looks)
    places = sorted({round(place) for place in np.linspace(0, len(looks) - 1, most)})
    return [looks[place] for place in places]


def _last_case(looks: Sequence[Look]) -> int:
    return looks[-1].cases if looks else 1


def _logs(looks: Sequence[Look], side: str) -> list[Point]:
    return [(look.cases, math.log10(max(getattr(look, side), 1e-9))) for look in looks]


def _stop_mark(frame: Frame, evidence: CostEvidence) -> list[Markup]:
    decided = evidence.decided
    if decided is None:
        return []
    x = frame.x(decided.cases)
    mark = Markup('<line class="stop" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        x, frame.top, x, frame.height - frame.bottom
    )
    near_end = x > frame.width / 2
    text = label(
        x + (-4 if near_end else 4),
        frame.top + 9,
        f"decided at {decided.cases:,}",
        anchor="end" if near_end else "start",
    )
    return [mark, text]


def _band(
    frame: Frame, looks: Sequence[Look], bounds: Sequence[tuple[float, float]], cap: int
) -> Markup:
    upper = [(look.cases, high * cap) for look, (_, high) in zip(looks, bounds, strict=True)]
    lower = [(look.cases, low * cap) for look, (low, _) in zip(looks, bounds, strict=True)]
    path = " ".join(frame.point(point) for point in [*upper, *reversed(lower)])
    return Markup('<polygon class="band" points="{}"/>').format(path)
