"""What a recording promises before it is replayed: whole cases, baselines that say something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from understudy.model.action import ActionClass, Effect
from understudy.traffic.recording import Recording, read_recording
from understudy.world.expectation import Expectation, Suite

__all__ = ["recording_suites"]

_CURRENCY = r"^[A-Za-z]{3}$"
_MOST = 100_000


def recording_suites(path: Path, folder: Path) -> list[Suite]:
    """The suites of a recording's cases, actions and interactions; frames go into `folder`."""
    recording = read_recording(path)
    frames = {
        "cases": (_cases(recording), _case_expectations(recording)),
        "actions": (_actions(recording), _action_expectations()),
        "interactions": (_interactions(recording), _interaction_expectations()),
    }
    suites = []
    for name, (rows, expectations) in frames.items():
        if rows:
            file = folder / f"{name}.parquet"
            pq.write_table(pa.Table.from_pylist(rows), file)
            suites.append(Suite(table=name, file=str(file), expectations=tuple(expectations)))
    return suites


def _cases(recording: Recording) -> list[dict[str, Any]]:
    return [
        {
            "case_id": case.case_id,
            "scenario": case.scenario,
            "cluster_id": case.cluster_id,
            "trigger_system": case.trigger.system,
            "trigger_says": float(bool(case.trigger.payload or case.turns)),
            "baselines": float(len(recording.baselines_of(case.case_id))),
            "timed": float(case.received_at is not None),
        }
        for case in recording.cases
    ]


def _actions(recording: Recording) -> list[dict[str, Any]]:
    return [
        {
            "case_id": case.case_id,
            "system": action.system,
            "operation": action.operation,
            "effect": str(action.effect),
            "action_class": str(action.action_class),
            "amount_minor": None if action.amount_minor is None else float(action.amount_minor),
            "currency": action.currency,
            "priced_in": float(action.amount_minor is None or action.currency is not None),
            "in_time": float(
                action.at is None or case.received_at is None or action.at >= case.received_at
            ),
        }
        for case in recording.cases
        for baseline in recording.baselines_of(case.case_id)
        for action in baseline.actions
    ]


def _interactions(recording: Recording) -> list[dict[str, Any]]:
    rows = []
    for each in recording.interactions():
        status = each.response.status if each.response else None
        rows.append(
            {
                "interaction_id": each.interaction_id,
                "system": each.system,
                "method": each.request.method,
                "status": None if status is None else float(status),
            }
        )
        if len(rows) == _MOST:
            break
    return rows


def _case_expectations(recording: Recording) -> Iterator[Expectation]:
    yield from _named("case_id", "scenario", "cluster_id", "trigger_system")
    yield _expect("ColumnValuesToBeUnique", "a case stands once", "case_id")
    yield _expect(
        "ColumnValuesToBeInSet", "a candidate is given something to answer", "trigger_says",
        value_set=[1.0],
    )  # fmt: skip
    if recording.manifest.baselines:
        yield _expect(
            "ColumnMeanToBeBetween", "most cases say what people did", "baselines", min_value=0.5
        )
    timed = sum(case.received_at is not None for case in recording.cases)
    if timed:
        yield _expect(
            "ColumnValuesToBeInSet", "times are there for all cases or for none", "timed",
            value_set=[1.0], mostly=0.99,
        )  # fmt: skip


def _action_expectations() -> Iterator[Expectation]:
    yield from _named("case_id", "system", "operation")
    words: Sequence[tuple[str, list[str]]] = (
        ("effect", [str(each) for each in Effect]),
        ("action_class", [str(each) for each in ActionClass]),
    )
    for column, known in words:
        yield _expect("ColumnValuesToBeInSet", "the domain's own words", column, value_set=known)
    yield _expect(
        "ColumnValuesToMatchRegex", "a currency is three letters", "currency", regex=_CURRENCY
    )
    yield _expect(
        "ColumnValuesToBeInSet", "an amount without a currency cannot be priced", "priced_in",
        value_set=[1.0],
    )  # fmt: skip
    yield _expect(
        "ColumnValuesToBeInSet", "nobody answers before the trigger", "in_time",
        value_set=[1.0], mostly=0.99,
    )  # fmt: skip


def _interaction_expectations() -> Iterator[Expectation]:
    yield from _named("interaction_id", "system", "method")
    yield _expect("ColumnValuesToBeUnique", "an exchange stands once", "interaction_id")
    yield _expect(
        "ColumnValuesToBeBetween", "an answer has a status of HTTP", "status",
        min_value=100, max_value=599,
    )  # fmt: skip
    yield _expect(
        "ColumnProportionOfNonNullValuesToBeBetween", "most requests have their answer", "status",
        min_value=0.5, max_value=1.0,
    )  # fmt: skip


def _named(*columns: str) -> Iterator[Expectation]:
    for column in columns:
        yield _expect("ColumnValuesToNotBeNull", "nothing can be found without it", column)


def _expect(kind: str, why: str, column: str, **arguments: object) -> Expectation:
    return Expectation(kind=f"Expect{kind}", arguments={"column": column, **arguments}, why=why)
