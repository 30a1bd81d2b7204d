"""What was fixed before the first case, beside what was run."""

from __future__ import annotations

from collections.abc import Iterator

from understudy.report.business import Table
from understudy.report.input import ReportInput
from understudy.report.phrases import amount, counted

__all__ = ["registration_table"]


def registration_table(facts: ReportInput) -> Table:
    """Each thing that was registered, what came of it, and whether the two are the same."""
    rows = tuple(_rows(facts))
    changed = sum(row[3] != "as registered" for row in rows)
    note = (
        "everything was run as it had been registered"
        if not changed
        else f"{counted(changed, 'row')} differ from what had been registered"
    )
    return Table(
        "Pre-registration against the run",
        ("what", "registered before the first case", "run", ""),
        rows,
        (note,),
    )


def _rows(facts: ReportInput) -> Iterator[tuple[str, str, str, str]]:
    verdict, manifest, gates = facts.verdict, facts.manifest, facts.gates
    yield _row("cases", f"{verdict.cases.planned:,}", f"{verdict.cases.run:,}")
    yield _row("candidate", manifest.hashes.get("candidate"), verdict.hashes.candidate)
    for name in ("policy", "gates", "recording"):
        now = facts.rules_now.get(name, manifest.hashes.get(name))
        yield _row(f"hash of the {name}", manifest.hashes.get(name), now)
    currency = facts.cost.currency
    told = (
        f"limit {amount(gates.budget.minor, gates.budget.currency)} per case, each counted up to "
        f"{amount(gates.cap.minor, gates.cap.currency)}, error {gates.alpha:.0%} for GO and "
        f"{gates.alpha_harm:.0%} for NO-GO, a look every {gates.look_every:,} cases, at most "
        f"{gates.max_cases:,} cases"
    )
    cost = verdict.error_cost
    run = cost.limit == gates.budget.minor and cost.clipped_at == gates.cap.minor
    yield (
        "limits",
        told,
        "the same"
        if run
        else f"limit {amount(cost.limit, currency)}, cap {amount(cost.clipped_at, currency)}",
        "as registered" if run else "AMENDED",
    )
    yield _row("end", "after the last case", manifest.stopped or "after the last case")


def _row(name: str, registered: str | None, run: str | None) -> tuple[str, str, str, str]:
    same = "as registered" if registered == run else "AMENDED"
    return name, _short(registered), _short(run), same


def _short(text: str | None) -> str:
    """A hash by its first twelve letters, which tell it apart; anything else whole."""
    if text is None:
        return "none"
    plain = text.removeprefix("sha256:")
    return plain[:12] if len(plain) == 64 else text
