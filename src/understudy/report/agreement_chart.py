"""How far people agree with each other, and the candidate with the same people, as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from understudy.model.business import HumanNoise
from understudy.model.money import minor_digits
from understudy.report.charts import Chart
from understudy.report.input import ReportInput
from understudy.report.phrases import amount, counted, percent
from understudy.report.svg import drawing, label

__all__ = ["agreement_charts"]

_STEPS = (1, 10, 100, 1000)
"""Major units at which a band ends; the last one is open."""
_ROW, _BAR, _LEFT, _WIDTH = 46, 11, 2, 396


def agreement_charts(facts: ReportInput) -> Iterator[Chart]:
    """One chart where several people answered the same cases, and none otherwise."""
    business = facts.cost.business
    if business is not None and business.human is not None and business.human.pairs:
        yield _agreement(business.human, facts.cost.currency)


def _agreement(human: HumanNoise, currency: str) -> Chart:
    names, limits = _bands(currency)
    people = _in_bands([theirs for _, theirs, _ in human.pairs], limits)
    candidate = _in_bands([ours for _, _, ours in human.pairs], limits)
    shown = [at for at in range(len(names)) if people[at] or candidate[at]]
    most = max(max(people[at], candidate[at]) for at in shown)
    parts = []
    for row, at in enumerate(shown):
        y = row * _ROW
        parts.append(label(_LEFT, y + 13, names[at]))
        parts += _bar(y + 18, people[at], most, "people", "bar")
        parts += _bar(y + 31, candidate[at], most, "candidate", "bar other")
    count = len(human.pairs)
    return Chart(
        title="How far people agree themselves",
        caption=(
            f"{counted(count, 'case was', 'cases were')} answered by several people. Each answer "
            "is held against the other people's, and the candidate's against the same: so many "
            f"cases differ by so much money. {_means(human, currency)}"
        ),
        picture=drawing(
            "Cases by how much an answer differs from other people's, people and candidate",
            parts,
            height=max(_ROW, _ROW * len(shown)),
        ),
        head=("difference from others", "people", "share", "candidate", "share"),
        rows=tuple(
            (
                names[at],
                *(f"{people[at]:,}", percent(people[at] / count)),
                *(f"{candidate[at]:,}", percent(candidate[at] / count)),
            )
            for at in shown
        ),
    )


def _bands(currency: str) -> tuple[list[str], list[float]]:
    """What the bands are called, and up to how many minor units each goes."""
    limits = [step * 10.0 ** minor_digits(currency) for step in _STEPS]
    told = [amount(limit, currency) for limit in limits]
    names = ["no difference that costs", *(f"up to {each}" for each in told)]
    return [*names, f"more than {told[-1]}"], [0.0, *limits, float("inf")]


def _in_bands(costs: Sequence[float], limits: Sequence[float]) -> list[int]:
    """How many costs lie in each band.

    >>> _in_bands([0.0, 0.0, 40.0, 5000.0], [0.0, 100.0, float("inf")])
    [2, 1, 1]
    """
    found = [0] * len(limits)
    for cost in costs:
        found[next(at for at, limit in enumerate(limits) if cost <= limit)] += 1
    return found


def _bar(y: int, count: int, most: int, who: str, css: str) -> list[Markup]:
    """A bar that leaves room for its count beside it."""
    width = max(1.0, round((_WIDTH - 110) * count / most, 1))
    return [
        Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
            css, _LEFT, y, width, _BAR
        ),
        label(_LEFT + width + 5, y + _BAR - 1, f"{who} {count:,}"),
    ]


def _means(human: HumanNoise, currency: str) -> str:
    if human.human_minor is None or human.candidate_minor is None:
        return ""
    people, own = amount(human.human_minor, currency), amount(human.candidate_minor, currency)
    return f"On average a person's answer costs {people} against the others, the candidate's {own}."
