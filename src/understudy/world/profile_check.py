"""Whether a profile's text can be done to its tables: everything that cannot, with its place.

The text is looked at as it was written, so that a mistake in one step hides none in another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy.model.document import Place
from understudy.model.errors import nearest
from understudy.model.quantity import parse_share
from understudy.world.columns import is_number
from understudy.world.operators.registry import Operator, Works, operators
from understudy.world.schema import NULLABLE, TABLES, column_of

__all__ = ["PERSON", "WORLD", "Ground", "names_of", "problems"]

PERSON = "person."
"""Before a name: a column of the hidden person behind the row, as in `person.source`."""
_PLACES = {"table": Works.BLOCK, "rows": Works.ROWS, "cells": Works.CELLS}
_RULE = ("learned", "written")
_ALONE = ("duplicate_rows", "orphan_stale_fk")
"""Table operators that need no other table."""
_SLACK = 1.0001


@dataclass(frozen=True, slots=True)
class Ground:
    """The tables that a profile is for, by their columns; those of a world, or one that is alone.

    A table that is alone goes by the name of its file in what people are told.
    """

    tables: Mapping[str, Collection[str]] = field(default_factory=dict)
    alone: str = ""

    @property
    def world(self) -> bool:
        """Whether all tables of a world are there."""
        return not self.alone and bool(self.tables)


WORLD = Ground(TABLES)


@dataclass(frozen=True, slots=True)
class _Written:
    """A step as it was written: where it stands, on which column, and what it says.

    `whole` steps say themselves how often they strike; those of a signature do not.
    """

    place: Place
    works: Works
    said: Mapping[str, Any]
    column: str = ""
    whole: bool = True

    @property
    def operator(self) -> Operator | None:
        """The operator, where there is one of that name."""
        name = self.said.get("op")
        return operators().get(name) if isinstance(name, str) else None

    @property
    def options(self) -> Mapping[str, Any]:
        """Its options, as far as they are any."""
        return _mapping(self.said.get("options"))

    def named(self) -> Iterator[str]:
        """The columns that it reads or writes."""
        if self.column:
            yield self.column
        yield from (name for name in _items(self.said.get("columns")) if isinstance(name, str))
        other = self.options.get("column")
        if isinstance(other, str):
            yield other


def names_of(content: Any) -> list[str]:
    """The tables that a profile's text names."""
    return [str(name) for name in _mapping(_mapping(content).get("tables"))]


def problems(content: Any, ground: Ground) -> Iterator[tuple[Place, str]]:
    """What is impossible in a profile's text, whether or not the rest of it can be read."""
    for table, mess in _mapping(_mapping(content).get("tables")).items():
        here: Place = ("tables", table)
        if ground.world and table not in ground.tables:
            yield here, f"there is no table `{table}`{nearest(str(table), ground.tables)}"
            continue
        found = _of_table(str(table), _mapping(mess), ground)
        yield from (((*here, *place), problem) for place, problem in dict.fromkeys(found))


def _of_table(table: str, mess: Mapping[str, Any], ground: Ground) -> Iterator[tuple[Place, str]]:
    steps = list(_steps(mess))
    for step in steps:
        yield from ((step.place, problem) for problem in _misplaced(step))
    for place, said in _conditions(mess):
        if bool(said.get("on")) != bool(said.get("rates") or said.get("since") is not None):
            yield (
                place,
                "`on` and `rates` belong together: the column, and a rate per value"
                " (or `since`, the value from which on it is damaged)",
            )
        epoch = ground.world and column_of(table, str(said.get("on"))).vendor == "epoch"
        if epoch and said.get("since") is not None and not is_number(str(said["since"])):
            yield place, f"`{said['on']}` holds epoch seconds, so `since` is a number of them"
    signatures = [_mapping(each) for each in _items(mess.get("signatures"))]
    if sum(_share(each.get("rate")) for each in signatures) > _SLACK:
        yield ("signatures",), "the rates of the signatures add up to more than 100 %"
    if table in ground.tables:
        shown = ground.alone or table
        yield from _strangers(mess, steps, ground.tables[table], shown)
        for step in steps:
            yield from ((step.place, problem) for problem in _unfit(table, step, ground))


def _misplaced(step: _Written) -> Iterator[str]:
    """What a step says that cannot be, whatever the table."""
    operator, said = step.operator, step.said
    if operator is None:
        return
    name = operator.name
    if operator.works_on is not step.works:
        part = next(key for key, works in _PLACES.items() if works is step.works)
        where = f"`{part}`" if step.whole else f"a cell (`{step.column}`)"
        yield f"`{name}` works on {operator.works_on}, so it cannot stand in {where}"
        return
    columns = _items(said.get("columns"))
    if len(set(map(str, columns))) < operator.columns and operator.works_on is Works.ROWS:
        yield f"`{name}` needs at least {operator.columns} `columns`, each another one"
    if columns and operator.works_on is not Works.ROWS:
        yield f"`{name}` takes no `columns`"
    if said.get("longer_than") is not None and not (step.column and step.whole):
        yield "`longer_than` depends on the cell itself, so it can only stand in `cells`"
    if said.get("otherwise") and said.get("longer_than") is None and said.get("since") is None:
        yield (
            "`otherwise` is the rate of rows before `since`, or of cells that are not"
            " `longer_than`, which is missing"
        )
    if step.whole and said.get("rate") is None and not said.get("rates"):
        yield f"`{name}` never strikes: it has neither `rate` nor `rates`"


def _unfit(table: str, step: _Written, ground: Ground) -> Iterator[str]:
    """What an operator needs of a table, or writes into it, and the table has not or takes not."""
    operator = step.operator
    if operator is None or operator.works_on is not step.works:
        return
    mode = step.options.get("mode", "orphan")
    if ground.alone and operator.works_on is Works.BLOCK:
        if operator.name not in _ALONE or mode != "orphan":
            yield f"`{operator.name}` needs the tables of a world, not `{ground.alone}` alone"
        return
    missing = [name for name in operator.needs if name not in ground.tables[table]]
    if missing and ground.world:
        listed = ", ".join(f"`{name}`" for name in missing)
        yield f"`{operator.name}` needs {listed}, which `{table}` has not"
    elif step.place[:2] == _RULE:
        return  # a world's own tables are written by their vendors' rules
    elif ground.world and not (operator.name == "orphan_stale_fk" and mode == "deleted"):
        yield from _unheld(table, step, operator)


def _unheld(table: str, step: _Written, operator: Operator) -> Iterator[str]:
    for column in dict.fromkeys(step.named()):
        vendor = column_of(table, column).vendor
        fits = vendor in operator.fits or ("nullable" in operator.fits and column in NULLABLE)
        if column in TABLES[table] and not fits:
            yield (
                f"`{operator.name}` writes what `{table}.{column}` cannot hold: the vendor's "
                f"field takes {vendor}"
            )


def _strangers(
    mess: Mapping[str, Any], steps: Sequence[_Written], known: Collection[str], shown: str
) -> Iterator[tuple[Place, str]]:
    """Columns that are named and not there, each once."""
    found: dict[str, Place] = {}
    for place, column in (
        *((step.place, name) for step in steps for name in step.named()),
        *_looked_at(mess),
    ):
        if column not in known and not column.startswith(PERSON):
            found.setdefault(column, place)
    for column, place in found.items():
        listed = ", ".join(list(known)[:12])
        near = nearest(column, known) or f"; its columns: {listed}"
        yield place, f"`{shown}` has no column `{column}`{near}"


def _looked_at(mess: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """The columns that rates, groups and ways depend on."""
    for place, said in _conditions(mess):
        if isinstance(said.get("on"), str):
            yield place, said["on"]
    learned = _mapping(mess.get("learned"))
    for number, group in enumerate(_items(learned.get("groups"))):
        for column in _mapping(_mapping(group).get("when")):
            yield ("learned", "groups", number, "when", column), str(column)
    for part in ("written", "columns"):
        for column in _mapping(learned.get(part)):
            yield ("learned", part, column), str(column)


def _conditions(mess: Mapping[str, Any]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    yield from ((step.place, step.said) for step in _steps(mess))
    for number, signature in enumerate(_items(mess.get("signatures"))):
        yield ("signatures", number), _mapping(signature)


def _steps(mess: Mapping[str, Any]) -> Iterator[_Written]:
    """All steps of a table, wherever they stand."""
    for name in ("table", "rows"):
        for number, said in enumerate(_items(mess.get(name))):
            yield _Written((name, number), _PLACES[name], _mapping(said))
    for column, steps in _mapping(mess.get("cells")).items():
        for number, said in enumerate(_items(steps)):
            yield _Written(("cells", column, number), Works.CELLS, _mapping(said), str(column))
    for number, signature in enumerate(_items(mess.get("signatures"))):
        for column, said in _mapping(_mapping(signature).get("cells")).items():
            place: Place = ("signatures", number, "cells", column)
            step = {"op": said} if isinstance(said, str) else _mapping(said)
            yield _Written(place, Works.CELLS, step, str(column), whole=False)
    learned = _mapping(mess.get("learned"))
    for column, said in _mapping(learned.get("written")).items():
        place = ("learned", "written", column)
        yield _Written(place, Works.CELLS, _mapping(said), str(column), whole=False)
    yield from _ways(_mapping(learned.get("columns")))


def _ways(columns: Mapping[Any, Any]) -> Iterator[_Written]:
    for column, one in columns.items():
        for way, steps in _mapping(_mapping(one).get("ways")).items():
            for number, said in enumerate(_items(steps)):
                place: Place = ("learned", "columns", column, "ways", way, number)
                yield _Written(place, Works.CELLS, _mapping(said), str(column), whole=False)


def _share(value: Any) -> float:
    """A rate as it was written; 0 where it is none, which is told elsewhere."""
    try:
        return parse_share(value) if isinstance(value, str | int | float) else 0.0
    except ValueError:
        return 0.0


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
