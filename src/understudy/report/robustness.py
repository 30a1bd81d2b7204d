"""How far a verdict can be relied on: its controls, and what it would be at other prices."""

from __future__ import annotations

from understudy.model.verdict import Verdict
from understudy.report.business import Table
from understudy.report.phrases import amount

__all__ = ["robustness_tables"]

_WORDS = {True: "told apart", False: "NOT told apart", None: "not run"}


def robustness_tables(verdict: Verdict) -> tuple[Table, ...]:
    """The tables that have anything in them."""
    currency = verdict.error_cost.currency
    prices = tuple(
        (each.prices, each.verdict, amount(each.error_cost_per_case, currency))
        for each in verdict.sensitivity
    )
    flips = sorted({each.verdict for each in verdict.sensitivity} - {verdict.verdict.value})
    note = "the verdict stands at all of these prices"
    if flips:
        note = f"the verdict depends on the price list: it would be {' or '.join(flips)}"
    controls = tuple(
        (each.name, _WORDS[each.told_apart], each.note.removeprefix("not run: "))
        for each in verdict.controls
    )
    changes = tuple((each,) for each in verdict.amendments)
    found = (
        Table("Sensitivity to prices", ("at", "verdict", "error cost per case"), prices, (note,)),
        Table("Controls", ("candidate made from the baselines", "outcome", "what it showed"),
              controls),
        Table("Amendments", ("since the first case",), changes),
    )  # fmt: skip
    return tuple(table for table in found if table.rows)
