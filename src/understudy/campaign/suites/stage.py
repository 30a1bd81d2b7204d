"""The world of one hand-written case: its rows, with the mess that it asks for, and its faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.doors.gateway_faults import is_about_models
from understudy.model.document import Place
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.suite import Scenario, ScenarioMess
from understudy.shadow.protocol import Rows, Stage

__all__ = ["Staged", "mess_problems", "staged"]


@dataclass(frozen=True, slots=True)
class Staged:
    """What a case is played on, and which of its mess found nothing to damage."""

    stage: Stage
    idle: tuple[str, ...] = ()


def staged(scenario: Scenario, now: int, seed: int) -> Staged:
    """The rows of a case after its mess; `now` is in epoch seconds.

    Each mess is drawn from `seed` and its place in the list, so it is the same in every run and
    whatever else the suite holds. Raises `ConfigurationError` for rows without an id.
    """
    rows, idle = _rows(scenario), []
    for number, mess in enumerate(scenario.mess):
        rows, struck = _messed(rows, mess, seed + number, now)
        if not struck:
            idle.append(f"`{mess.op}` on `{mess.table}`")
    faults = [fault for fault in scenario.faults if not is_about_models(fault)]
    told = tuple(fault.model_dump(mode="json") for fault in faults)
    return Staged(Stage(rows=rows, now=now, faults=told), tuple(idle))


def mess_problems(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    """What is impossible in the mess of a case, with its place in the case."""
    for number, mess in enumerate(scenario.mess):
        found = list(_impossible(mess)) or list(_pointless(mess, scenario))
        yield from ((("mess", number), problem) for problem in found)


def _impossible(mess: ScenarioMess) -> Iterator[str]:
    """What no table of that name could bear."""
    import pydantic

    from understudy.world.operators.registry import Works, operators
    from understudy.world.profile import TableMess
    from understudy.world.profile_check import WORLD, problems

    operator = operators().get(mess.op)
    if operator is None:
        yield f"unknown operator `{mess.op}`{nearest(mess.op, operators())}"
        return
    if operator.works_on is Works.CELLS and not mess.columns:
        yield f"`{mess.op}` damages cells, and needs the `columns` that they stand in"
    if operator.works_on is Works.BLOCK and mess.columns:
        yield f"`{mess.op}` works on the whole table, so it takes no `columns`"
    content = _as_written(mess)
    yield from (problem for _, problem in problems({"tables": {mess.table: content}}, WORLD))
    try:
        TableMess.model_validate(content)
    except pydantic.ValidationError as error:
        yield from (each["msg"].removeprefix("Value error, ") for each in error.errors())


def _pointless(mess: ScenarioMess, scenario: Scenario) -> Iterator[str]:
    """What this case has nothing for."""
    known = {str(row.get("id")) for row in scenario.world.get(mess.table, ())}
    if not known:
        yield f"`{mess.op}` has nothing to damage: the case has no rows of `{mess.table}`"
        return
    for row_id in mess.ids:
        if row_id not in known:
            yield f"`{mess.table}` has no row `{row_id}`{nearest(row_id, known)}"


def _rows(scenario: Scenario) -> Rows:
    tables: Rows = {}
    for name, rows in scenario.world.items():
        for row in rows:
            if not isinstance(row.get("id"), str):
                raise ConfigurationError(
                    f"a row of `{name}` in case `{scenario.id}` needs an `id` in quotation marks"
                )
            tables.setdefault(name, {})[row["id"]] = row
    return tables


def _messed(rows: Rows, mess: ScenarioMess, seed: int, now: int) -> tuple[Rows, int]:
    """The rows after one operator, and how many damages it noted."""
    from understudy.world.damage import damage_draft
    from understudy.world.draft import Draft
    from understudy.world.profile import Profile, TableMess
    from understudy.world.schema import TABLES
    from understudy.world.table import table_of

    before = {name: table_of(name, list(rows.get(name, {}).values())) for name in {*TABLES, *rows}}
    asked = TableMess.model_validate(_as_written(mess))
    draft = Draft(dict(before))
    damage_draft(draft, Profile(name=mess.op, tables={mess.table: asked}), seed, 0, now)
    changed = {
        name: _kept(rows.get(name, {}), list(before[name].rows()), list(table.rows()))
        for name, table in draft.tables.items()
        if table is not before[name]
    }
    return {**rows, **changed}, sum(len(entry) for entry in draft.entries)


def _kept(
    written: Mapping[str, dict[str, Any]],
    before: Sequence[dict[str, Any]],
    after: Sequence[dict[str, Any]],
) -> dict[str, dict[str, Any]]:
    """The rows of a damaged table; those that were not touched stand as they were written."""
    clean = {row["id"]: row for row in before}
    return {row["id"]: written[row["id"]] if clean.get(row["id"]) == row else row for row in after}


def _as_written(mess: ScenarioMess) -> dict[str, Any]:
    """The mess as a profile says it of a table."""
    from understudy.world.operators.registry import Works, operators

    step: dict[str, Any] = {"op": mess.op, "options": dict(mess.options)}
    step |= {"on": "id", "rates": dict.fromkeys(mess.ids, mess.rate)} if mess.ids else {}
    step |= {} if mess.ids else {"rate": mess.rate}
    operator = operators().get(mess.op)
    if operator is None or operator.works_on is Works.BLOCK:
        return {"table": [step]}
    if operator.works_on is Works.ROWS:
        return {"rows": [{**step, "columns": list(mess.columns)}]}
    return {"cells": {column: [step] for column in mess.columns}}
