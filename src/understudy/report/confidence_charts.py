"""What the candidate's confidence is worth, as pictures: risk against coverage, reliability."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from understudy.model.business import Calibration, Coverage
from understudy.report.charts import Chart
from understudy.report.input import ReportInput
from understudy.report.phrases import amount, percent
from understudy.report.svg import Frame, Tick, dot, drawing, label, line, ticks

__all__ = ["confidence_charts"]

_QUARTERS = [Tick(at / 4, f"{at * 25}%") for at in range(5)]


def confidence_charts(facts: ReportInput) -> Iterator[Chart]:
    """The charts that the run has figures for; without confidence there are none."""
    business = facts.cost.business
    if business is None:
        return
    if len([point for point in business.coverage if not point.name]) > 1:
        yield _risk_coverage(business.coverage, facts.cost.currency)
    if business.calibration is not None and business.calibration.bins:
        yield _reliability(business.calibration, facts.cost.currency)


def _risk_coverage(points: tuple[Coverage, ...], currency: str) -> Chart:
    curve = sorted((one for one in points if not one.name), key=lambda one: one.coverage)
    most = max(one.cost_per_case_minor for one in points) * 1.1
    frame = Frame(x_most=1, y_least=0, y_most=most)
    parts = frame.axes(
        _QUARTERS,
        [Tick(at, amount(at, currency).split(" ")[0]) for at in ticks(most)],
        "share of the cases that it handles alone",
    )
    parts.append(
        line(frame, [(one.coverage, one.cost_per_case_minor) for one in curve], "curve accent")
    )
    for one in points:
        if one.name in ("people alone", "optimum", "as run"):
            parts += _named(frame, one.coverage, one.cost_per_case_minor, one.name)
    return Chart(
        title=f"Risk and coverage, in {currency} per case",
        caption=(
            "If it acts alone only from some confidence on, and people do the rest: the share of "
            "cases it then handles, and what all cases cost, people's work and errors included. "
            "The lowest point is the cheapest threshold."
        ),
        picture=drawing("Cost per case over the share of cases handled alone", parts),
        head=("point", "from confidence", "handled alone", "cost per case"),
        rows=tuple(
            (
                one.name or "threshold",
                "" if one.threshold is None else f"{one.threshold:.3f}",
                percent(one.coverage),
                amount(one.cost_per_case_minor, currency),
            )
            for one in points
        ),
    )


def _reliability(calibration: Calibration, currency: str) -> Chart:
    frame = Frame(x_most=1, y_least=0, y_most=1)
    parts = frame.axes(_QUARTERS, _QUARTERS, "how sure it said it was")
    parts.append(line(frame, [(0, 0), (1, 1)], "grid dashed"))
    parts.append(
        line(frame, [(one.confidence, one.right) for one in calibration.bins], "curve accent")
    )
    parts += [dot(frame, (one.confidence, one.right)) for one in calibration.bins]
    weighted = (
        f"; weighted by cost {calibration.cost_weighted:.3f}"
        if calibration.cost_weighted is not None
        else ""
    )
    return Chart(
        title="Reliability of its confidence",
        caption=(
            "Each point holds as many cases as any other: how sure it was, and how often it was "
            "right. On the dashed line it is as often right as it says; below, it is too sure. "
            f"Mean distance (expected calibration error) {calibration.ece:.3f}{weighted}."
        ),
        picture=drawing("Share of right cases over stated confidence", parts),
        head=("cases", "said confidence", "right", "cost"),
        rows=tuple(
            (
                f"{one.cases:,}",
                percent(one.confidence),
                percent(one.right),
                amount(one.cost_minor, currency),
            )
            for one in calibration.bins
        ),
    )


def _named(frame: Frame, x: float, y: float, name: str) -> list[Markup]:
    right = x > 0.6
    at = frame.x(x) + (-6 if right else 6)
    return [
        dot(frame, (x, y)),
        label(at, frame.y(y) - 5, name, anchor="end" if right else "start"),
    ]
