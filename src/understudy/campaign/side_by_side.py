"""People and candidate in two columns, line by line, with what each line costs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from understudy.cost.wording import deed
from understudy.diff.explain import Explanation
from understudy.diff.lists import Row
from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.money import Money

__all__ = ["side_by_side"]

_COLUMN, _PRICE = 29, 14


def side_by_side(
    explanation: Explanation, baselines: Sequence[Baseline], currency: str
) -> list[str]:
    """The rows of the cheapest explanation: what people did, what the candidate did, the price."""
    matched = next((one for one in baselines if one.baseline_id == explanation.baseline_id), None)
    who = f" by {matched.actor or matched.source}" if matched else ""
    lines = [
        f"people: {explanation.baseline_id}{who}; the candidate's actions were never executed",
        _columns("PEOPLE", "CANDIDATE (proposed)", "COST"),
        _columns("-" * _COLUMN, "-" * _COLUMN, "-" * _PRICE),
    ]
    for row in explanation.rows:
        lines += _row(row, currency)
    if not explanation.rows:
        lines.append(_columns("did nothing", "did nothing", ""))
    if len(baselines) > 1:
        lines.append(f"the closest of {len(baselines):,} acceptable answers")
    return [*lines, ""]


def _row(row: Row, currency: str) -> Iterator[str]:
    cost = sum(draft.cost for draft in row.drafts)
    price = str(Money(cost, currency)) if row.drafts else "equal" if _paired(row) else "left to it"
    theirs, mine = (_wrapped(action) for action in (row.baseline, row.proposed))
    for number, (left, right) in enumerate(zip_longest(theirs, mine, fillvalue="")):
        yield _columns(left, right, price if not number else "")
    for draft in row.drafts:
        yield f"    {draft.kind.value} ({draft.price.severity.value}): {draft.detail().explanation}"


def _paired(row: Row) -> bool:
    return row.proposed is not None and row.baseline is not None


def _wrapped(action: Action | None) -> list[str]:
    return ["-"] if action is None else textwrap.wrap(deed(action), _COLUMN) or [""]


def _columns(left: str, right: str, price: str) -> str:
    return f"{left:<{_COLUMN}} | {right:<{_COLUMN}} | {price:>{_PRICE}}".rstrip()
