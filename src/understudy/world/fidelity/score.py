"""F1 to F10 for a generated table against a real one, each with what it means and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from understudy.model.errors import ConfigurationError
from understudy.world.alignment import Pairs, match_columns
from understudy.world.fidelity import measures
from understudy.world.fidelity.detector import detect, require_detector
from understudy.world.fidelity.features import Cells
from understudy.world.fidelity.outcome import (
    FAIL,
    PASS,
    UNDECIDED,
    WARN,
    Link,
    Measure,
    Outcome,
    Score,
)
from understudy.world.fidelity.rates import error_masks, rate_excess, rate_gaps, rates
from understudy.world.fidelity.yardsticks import Yardsticks, paired, yardsticks
from understudy.world.sample import Sample

__all__ = ["score"]

_FEWEST = 100
_ALIKE = 0.5
_FLOOR = (0.45, 0.55)
Compare = Callable[[Cells, Cells], Mapping[str, float]]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class _Sides:
    """All tables of a comparison, with the columns they share."""

    real: Cells
    generated: Cells
    yard: Yardsticks
    clean: Cells | None
    pairs: tuple[Pairs | None, Pairs | None]
    links: Sequence[Link]
    seeds: int

    @property
    def others(self) -> dict[str, tuple[Cells, Cells]]:
        """What is compared with what, by name; the clean table only where it is known."""
        made = {
            "generated": (self.real, self.generated),
            "naive": (self.real, self.yard.naive),
            "real": self.yard.halves,
        }
        return made if self.clean is None else {**made, "clean": (self.real, self.clean)}


def score(
    real: Sample,
    generated: Sample,
    clean: Sample | None = None,
    *,
    seeds: int = 1,
    links: Sequence[Link] = (),
    progress: Progress = lambda *_: None,
) -> Score:
    """Compare two tables on the columns that they share.

    `seeds` is how often F9 is drawn anew; its median counts. Raises `ConfigurationError` where the
    tables have no column in common.
    """
    sides = _sides(real, generated, clean, seeds, links)
    tasks = (_f1, _f2, _f3, _f4, _f5, _f6, _f7, _f8, _f9, _f10)
    found = []
    for done, task in enumerate(tasks):
        progress("score", done, len(tasks))
        found.append(task(sides))
    progress("score", len(tasks), len(tasks))
    outcome, reason = _verdict(found, real.name)
    return Score(
        str(real.source.path),
        str(generated.source.path),
        (len(real), len(generated)),
        outcome,
        reason,
        sides.yard.naive_how,
        tuple(found),
    )


def _sides(
    real: Sample, generated: Sample, clean: Sample | None, seeds: int, links: Sequence[Link]
) -> _Sides:
    """All tables under the real table's column names."""
    generated = _renamed(generated, real)
    names = [name for name in real.columns if name in generated.columns]
    if clean is not None:
        clean = _renamed(clean, real)
        names = [name for name in names if name in clean.columns]
    only = [
        Sample(one.source, {n: one.columns[n] for n in names}, one.sha256)
        for one in (real, generated)
    ]
    twin = Sample(clean.source, {n: clean.columns[n] for n in names}, "") if clean else None
    pairs = (paired(only[0], twin), paired(only[1], twin))
    yard = yardsticks(only[0], pairs[0], twin, 0)
    return _Sides(
        only[0].columns, only[1].columns, yard, twin.columns if twin else None, pairs, links, seeds
    )


def _renamed(other: Sample, real: Sample) -> Sample:
    """A table under the real one's names, so that `Id` and `id` are one column."""
    names = match_columns(real, other)
    columns = {mine: other.columns[theirs] for mine, theirs in names.items()}
    return Sample(replace(other.source, columns=tuple(columns)), columns, other.sha256)


def _compared(sides: _Sides, compare: Compare) -> dict[str, Mapping[str, float]]:
    return {name: compare(one, two) for name, (one, two) in sides.others.items()}


def _measure(
    name: tuple[str, str],
    found: Mapping[str, Mapping[str, float]],
    limits: tuple[float, float],
    whole: Callable[[Sequence[float]], float] = max,
    floor: float = 0.0,
) -> Measure:
    """A measure of columns: passes up to the limit, or where real differs from real as much."""
    values = {side: whole(list(by.values())) if by else 0.0 for side, by in found.items()}
    value = values.pop("generated")
    base = values.get("real") or 0.0
    limit, warn = (max(edge, base) if not floor else base + edge for edge in limits)
    outcome = PASS if value <= limit else WARN if value <= warn else FAIL
    worst = max(found["generated"], key=lambda n: found["generated"][n], default="no column")
    reason = f"{value:.3f}, at most {limit:.3f} allowed; worst: {worst}"
    return Measure(*name, outcome, reason, value, limit, values, found["generated"])


def _unknown(name: tuple[str, str], reason: str) -> Measure:
    return Measure(*name, UNDECIDED, reason)


def _f1(sides: _Sides) -> Measure:
    name = ("F1", "rate gap")
    measure = _measure(
        name, _compared(sides, lambda one, two: rate_gaps(rates(one), rates(two))), (1.0, 1.0)
    )
    over = rate_excess(rates(sides.real), rates(sides.generated))
    far = [rate for rate, times in over.items() if times > 1]
    outcome = FAIL if any(over[rate] > 2 for rate in far) else WARN if far else PASS
    told = ", ".join(sorted(far, key=lambda rate: -over[rate])[:4])
    reason = f"beyond what chance allows: {told}" if far else "all within what chance allows"
    return replace(measure, outcome=outcome, reason=reason, limit=None)


def _f2(sides: _Sides) -> Measure:
    found = _compared(
        sides,
        lambda one, two: {name: measures.format_distance(one[name], two[name]) for name in one},
    )
    return _measure(
        ("F2", "format distance"), found, (0.04, 0.08), lambda all_: float(np.mean(all_)), floor=1.0
    )


def _f3(sides: _Sides) -> Measure:
    name = ("F3", "nulls together")
    found = _compared(sides, measures.co_occurrence)
    if not found["generated"]:
        return _unknown(name, "fewer than two columns of the real table have nulls in some rows")
    return _measure(name, found, (0.15, 0.25))


def _f4(sides: _Sides) -> Measure:
    name = ("F4", "errors per row")
    real, made = sides.pairs
    if real is None or made is None:
        why = "no clean table was given" if sides.clean is None else "rows cannot be paired with it"
        return _unknown(name, f"errors can only be counted beside clean rows: {why}")
    counts = measures.error_counts(real.dirty, real.clean)
    naive = {column: values[: len(real)] for column, values in sides.yard.naive.items()}
    clean = {
        column: values[: len(next(iter(naive.values())))] for column, values in real.clean.items()
    }
    others = {
        "generated": measures.error_counts(made.dirty, made.clean),
        "naive": measures.error_counts(naive, clean),
        "clean": {0: 1},
    }
    found = {
        side: {"errors per row": measures.histogram_gap(counts, other)}
        for side, other in others.items()
    }
    found["real"] = {"errors per row": measures.histogram_gap(*_halved(real))}
    return _measure(name, found, (0.05, 0.10))


def _halved(pairs: Pairs) -> list[Counter[int]]:
    """The errors per row of every other row, and of those between."""
    rows = [np.arange(start, len(pairs), 2) for start in (0, 1)]
    return [
        measures.error_counts(
            {name: values.take(half) for name, values in pairs.dirty.items()},
            {name: values.take(half) for name, values in pairs.clean.items()},
        )
        for half in rows
    ]


def _f5(sides: _Sides) -> Measure:
    name = ("F5", "duplicates")
    if measures.repeated_share(sides.real) > _ALIKE:
        return _unknown(name, "most rows of the real table equal another one, so none is a copy")

    # A gap of shares of 0.02 weighs as much as a distance of histograms of 0.05.
    def compare(one: Cells, two: Cells) -> dict[str, float]:
        sizes, share = measures.duplicate_gap(one, two)
        return {"cluster sizes": sizes, "share of repeated rows": share * 2.5}

    return _measure(name, _compared(sides, compare), (0.05, 0.10))


def _f6(sides: _Sides) -> Measure:
    name = ("F6", "orphans")
    held = [link for link in sides.links if link.column in sides.real]
    if not held:
        return _unknown(name, "no link was named; name one with `--link COLUMN=PARENTS.csv:ID`")
    found = _compared(
        sides,
        lambda one, two: {
            link.column: abs(
                measures.orphan_share(one[link.column], link.ids)
                - measures.orphan_share(two[link.column], link.ids)
            )
            for link in held
        },
    )
    return _measure(name, found, (0.005, 0.02))


def _f7(sides: _Sides) -> Measure:
    name = ("F7", "keyed mess")
    keys = _whole_columns(sides)
    found = _compared(
        sides,
        lambda one, two: measures.keyed_gap(one, two, [error_masks(one), error_masks(two)], keys),
    )
    if not found["generated"]:
        return _unknown(name, "no column has few enough values to be a source or batch")
    return _measure(name, found, (0.10, 0.20))


def _whole_columns(sides: _Sides) -> list[str]:
    """Columns that are not damaged themselves, as far as that is known."""
    pairs = sides.pairs[0]
    if pairs is not None:
        return [name for name in pairs.clean if pairs.clean[name].equals(pairs.dirty[name])]
    return [name for name, values in sides.real.items() if not measures.missing(values).any()]


def _f8(sides: _Sides) -> Measure:
    name = ("F8", "text")

    def compare(one: Cells, two: Cells) -> dict[str, float]:
        return {
            f"{column}, {trait}": gap
            for column in one
            for trait, gap in (measures.text_distance(one[column], two[column]) or {}).items()
        }

    found = _compared(sides, compare)
    if not found["generated"]:
        return _unknown(name, "no column holds texts of 40 letters and more on average")
    return _measure(name, found, (0.05, 0.10))


def _f9(sides: _Sides) -> Measure:
    name = ("F9", "detector")
    rows = min(len(next(iter(side.values()))) for side in (sides.real, sides.generated))
    if rows < _FEWEST:
        return _unknown(name, f"a detector needs {_FEWEST} rows of each side, there are {rows}")
    try:
        found = {
            side: _medians(one, two, sides.seeds if side == "generated" else 0)
            for side, (one, two) in sides.others.items()
        }
    except ConfigurationError as error:
        return _unknown(name, f"{error.problem}; {error.hint}")
    measure = _measure(name, found, (0.60, 0.70))
    floor = measure.yardsticks["real"] or 0.0
    if not _FLOOR[0] <= floor <= _FLOOR[1]:
        reason = f"real against real is {floor:.2f}, outside 0.45 to 0.55, so nothing is measured"
        return replace(measure, outcome=UNDECIDED, reason=reason)
    reason = f"AUC {measure.value:.2f} where guessing is 0.50 and real against real {floor:.2f}"
    return replace(measure, reason=reason)


def _medians(one: Cells, two: Cells, seeds: int) -> dict[str, float]:
    """The median of so many detections, three times three folds each; a quick one for 0."""
    require_detector()
    found = [detect(one, two, list(one), seed) for seed in range(seeds)]
    found = found or [detect(one, two, list(one), repeats=1)]
    worst = sorted(found, key=lambda one: one.worst)[len(found) // 2]
    return {"logistic regression": worst.logistic, "gradient boosting": worst.boosting}


def _f10(sides: _Sides) -> Measure:
    name = ("F10", "leaked values")
    if sides.clean is None:
        return _unknown(
            name, "what the clean table gave cannot be told from what leaked; give it with --clean"
        )
    clean = sides.clean
    found = {"generated": measures.leaks(sides.real, sides.generated, clean)}
    measure = _measure(name, found, (0.0, 0.0))
    return replace(measure, yardsticks={})


def _verdict(found: Sequence[Measure], name: str) -> tuple[Outcome, str]:
    by = {
        outcome: [one.id for one in found if one.outcome == outcome]
        for outcome in (FAIL, WARN, UNDECIDED)
    }
    if by[FAIL]:
        return FAIL, f"can be told from `{name}` by {', '.join(by[FAIL])}"
    detector = next(one for one in found if one.id == "F9")
    if detector.outcome == UNDECIDED:
        return UNDECIDED, f"the detector is not decidable: {detector.reason}"
    if by[WARN]:
        return WARN, f"close to `{name}`, but for {', '.join(by[WARN])}"
    return PASS, f"production-like with respect to the sample `{name}`"
