"""The table of operations for people: what each does, puts at stake, and what undoes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from understudy.systems.operation import Operation
from understudy.systems.routes import operations

__all__ = ["OperationRow", "as_markdown", "operations_table"]


class OperationRow(NamedTuple):
    """One operation; the names of the fields are the table's head."""

    system: str
    operation: str
    request: str
    action_class: str
    effect: str
    exposure: str
    reversible_by: str


def operations_table(
    systems: Iterable[str] | Mapping[str, str] | None = None,
) -> list[OperationRow]:
    """Every operation of some systems, or of all that are built in, by name.

    >>> [row.exposure for row in operations_table(["stripe"])
    ...  if row.operation == "stripe.refunds.create"]
    ['money, customer sees it, destructive']
    """
    return sorted(map(_row, operations(systems)))


def as_markdown(rows: Iterable[OperationRow]) -> str:
    """The table as the documentation holds it.

    >>> print(as_markdown(operations_table(["desk"])).splitlines()[0])
    | system | operation | request | action class | effect | exposure | reversible by |
    """
    head = [name.replace("_", " ") for name in OperationRow._fields]
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(operation: Operation) -> OperationRow:
    return OperationRow(
        system=operation.system,
        operation=operation.name,
        request=f"{operation.method} {operation.template}",
        action_class=str(operation.action_class),
        effect=str(operation.effect),
        exposure=_exposure(operation),
        reversible_by=operation.reversible_by or "-",
    )


def _exposure(operation: Operation) -> str:
    found = {
        "money": operation.amount is not None,
        "customer sees it": operation.customer_visible,
        "destructive": operation.destructive,
    }
    return ", ".join(words for words, holds in found.items() if holds) or "-"
