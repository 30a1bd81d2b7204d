"""What a world promises: a clean core that holds, and mess that is there, neither more nor less."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from understudy.world.expectation import Expectation, Suite
from understudy.world.integrity import first_rows, references_of, unexplained
from understudy.world.odds import Odds, odds_of
from understudy.world.profile import Profile
from understudy.world.schema import TABLES, column_of
from understudy.world.store import is_imported, read_manifest

__all__ = ["MESS", "SAMPLE", "world_suites"]

MESS = "mess"
"""The table of measures: one row, a column for each."""
SAMPLE = 100_000
_MOST_WORDS = 60
_SIGMAS = 5


def world_suites(world: Path, profile: Profile | None, folder: Path) -> list[Suite]:
    """The suites of a world: one for each dirty table's first rows, and one for its measures.

    Frames are written into `folder`. Without the profile the mess is held to the ledger alone. A
    company's own data is as it was found, so its references are not held to lead somewhere.
    """
    names = [name for name in TABLES if name in read_manifest(world).row_counts]
    suites = [_table_suite(world, name, profile, folder) for name in names]
    measures = list(_measures(world, names, profile))
    if not is_imported(world):
        measures = [*_references(world, names), *measures]
    frame = pa.table({name: [float(value)] for name, value, _ in measures})
    pq.write_table(frame, folder / f"{MESS}.parquet")
    expected = tuple(expectation for *_, expectation in measures)
    return [*suites, Suite(table=MESS, file=str(folder / f"{MESS}.parquet"), expectations=expected)]


def _table_suite(world: Path, name: str, profile: Profile | None, folder: Path) -> Suite:
    dirty = first_rows(world / "dirty" / f"{name}.parquet", SAMPLE)
    truth = first_rows(world / "truth" / f"{name}.parquet", SAMPLE)
    file = folder / f"{name}.parquet"
    pq.write_table(dirty, file)
    odds = odds_of(profile, name, truth, world) if profile else {}
    return Suite(table=name, file=str(file), expectations=tuple(_core(name, dirty, truth, odds)))


def _core(
    name: str, dirty: pa.Table, truth: pa.Table, odds: Mapping[str, Odds]
) -> Iterator[Expectation]:
    """What must hold whatever the mess: ids, words, money; and how much may be missing."""
    yield _expect("ColumnValuesToNotBeNull", "an object without an id cannot be asked for", "id")
    yield _expect("ColumnValuesToBeUnique", "an id names one object", "id")
    for column in dirty.column_names:
        vendor = column_of(name, column).vendor
        if column not in truth.column_names or not len(dirty):
            continue
        if vendor == "enum":
            words = pc.unique(truth[column]).drop_null().to_pylist()
            if 0 < len(words) <= _MOST_WORDS:
                why = "the vendor's field takes its own words only"
                yield _expect("ColumnValuesToBeInSet", why, column, value_set=sorted(words))
        elif vendor in ("money", "integer", "epoch") and not truth[column].null_count:
            yield _expect("ColumnValuesToNotBeNull", "the vendor always states it", column)
        if odds:
            yield _filled(column, dirty, truth, odds.get(column, Odds()))


def _filled(column: str, dirty: pa.Table, truth: pa.Table, odds: Odds) -> Expectation:
    """How many cells may hold something: the truth's, less those that the profile empties."""
    count = max(1, len(truth))
    there = 1 - truth[column].null_count / count
    slack = _SIGMAS * math.sqrt(0.25 / max(1, len(dirty)))
    least = there * (1 - odds.emptied_most) - odds.moved_most - slack
    most = there * (1 - odds.emptied_least) + odds.moved_most + slack
    return _expect(
        "ColumnProportionOfNonNullValuesToBeBetween",
        "as much is missing as the profile says, no more and no less", column,
        min_value=round(max(0.0, least), 4), max_value=round(min(1.0, max(most, 0.0)), 4),
    )  # fmt: skip


def _expect(kind: str, why: str, column: str, **arguments: object) -> Expectation:
    return Expectation(kind=f"Expect{kind}", arguments={"column": column, **arguments}, why=why)


Measure = tuple[str, float, Expectation]


def _measures(world: Path, names: Sequence[str], profile: Profile | None) -> Iterator[Measure]:
    for name in names:
        found = unexplained(world, name, SAMPLE)
        yield _measure(
            f"{name}: differences without a ledger entry", found, 0, 0,
            "the ledger tells of every damage",
        )  # fmt: skip
    if profile is not None:
        yield from _rates(world, names, profile)


def _references(world: Path, names: Sequence[str]) -> Iterator[Measure]:
    for reference in references_of(world / "truth", names):
        yield _measure(
            f"{reference.name} (truth) to {reference.target}: orphans", reference.orphans, 0, 0,
            "before the damage every reference leads somewhere",
        )  # fmt: skip


def _rates(world: Path, names: Sequence[str], profile: Profile) -> Iterator[Measure]:
    """Each operator's ledger entries against what the profile lets expect of these rows."""
    ledger = pq.read_table(world / "ledger.parquet", columns=["table", "column", "operator"])
    counts = {
        (row["table"], row["column"], row["operator"]): row["table_count"]
        for row in ledger.group_by(["table", "column", "operator"])
        .aggregate([("table", "count")])
        .to_pylist()
    }
    for name in names:
        truth = pq.read_table(world / "truth" / f"{name}.parquet")
        for column, odds in odds_of(profile, name, truth, world).items():
            for operator, (least, most) in odds.hits.items():
                found = counts.get((name, column, operator), 0)
                low, high = _range(least, most)
                yield _measure(
                    f"{name}.{column}: {operator}", found, low, high,
                    "the mess is as frequent as the profile says",
                )  # fmt: skip


def _range(least: float, most: float) -> tuple[int, int]:
    """Counts between which chance leaves a number whose expectation lies between two."""
    low = math.floor(least - _SIGMAS * math.sqrt(least) - 1)
    high = math.ceil(most + _SIGMAS * math.sqrt(most) + 3)
    return max(0, low), high


def _measure(name: str, value: float, low: float, high: float, why: str) -> Measure:
    arguments = {"column": name, "min_value": low, "max_value": high}
    shown = str(low) if low == high else f"{low:,} to {high:,}"
    expectation = Expectation(
        kind="ExpectColumnMaxToBeBetween", arguments=arguments, why=why, shown=shown
    )
    return name, value, expectation
