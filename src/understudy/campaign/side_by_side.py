"""People and candidate in two columns, line by line, with what each line costs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from understudy.cost.wording import deed
from understudy.diff.explain import Explanation
from understudy.diff.lists import Row
from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.money import Money
from understudy.model.printable import printable

__all__ = ["beside", "compared_rows", "head", "remark", "side_by_side"]

_COLUMN, _PRICE, _WIDTH = 29, 14, 80


def side_by_side(
    explanation: Explanation, baselines: Sequence[Baseline], currency: str
) -> list[str]:
    """The rows of the cheapest explanation: what people did, what the candidate did, the price."""
    matched = next((one for one in baselines if one.baseline_id == explanation.baseline_id), None)
    who = f" by {matched.actor or matched.source}" if matched else ""
    lines = [
        f"people: {explanation.baseline_id}{who}; the candidate's actions were never executed",
        *head("CANDIDATE (proposed)"),
        *compared_rows(explanation.rows, currency),
    ]
    if not explanation.rows:
        lines.append(in_columns("did nothing", "did nothing", ""))
    if len(baselines) > 1:
        lines.append(f"the closest of {len(baselines):,} acceptable answers")
    return [*lines, ""]


def head(candidate: str = "CANDIDATE") -> tuple[str, str]:
    """The two lines above the table."""
    return (
        in_columns("PEOPLE", candidate, "COST"),
        in_columns("-" * _COLUMN, "-" * _COLUMN, "-" * _PRICE),
    )


def compared_rows(rows: Iterable[Row], currency: str) -> Iterator[str]:
    """What each side did, row by row, the cost of the difference, and its kind and severity."""
    for row in rows:
        yield from _row(row, currency)


def beside(left: str, right: str, price: str = "") -> Iterator[str]:
    """Two texts side by side, in as many lines as the longer one needs."""
    one, other = (textwrap.wrap(printable(side), _COLUMN) for side in (left, right))
    for number, (mine, theirs) in enumerate(zip_longest(one, other, fillvalue="")):
        yield in_columns(mine, theirs, "" if number else price)


def remark(text: str) -> list[str]:
    """What is said of the row above, in the table's width."""
    margin = " " * 4
    return textwrap.wrap(printable(text), _WIDTH, initial_indent=margin, subsequent_indent=margin)


def in_columns(left: str, right: str, price: str) -> str:
    """One line of the table."""
    return f"{left:<{_COLUMN}} | {right:<{_COLUMN}} | {price:>{_PRICE}}".rstrip()


def _row(row: Row, currency: str) -> Iterator[str]:
    cost = sum(draft.cost for draft in row.drafts)
    price = str(Money(cost, currency)) if row.drafts else "equal" if _paired(row) else "left to it"
    yield from beside(_deed(row.baseline), _deed(row.proposed), price)
    for draft in row.drafts:
        why = draft.detail().explanation
        yield from remark(f"{draft.kind.value} ({draft.price.severity.value}): {why}")


def _paired(row: Row) -> bool:
    return row.proposed is not None and row.baseline is not None


def _deed(action: Action | None) -> str:
    return "-" if action is None else deed(action)
