"""The report as Markdown, short enough for a review comment or a CI step summary."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from understudy.model.printable import printable
from understudy.report.business import Table
from understudy.report.page import Page
from understudy.report.phrases import amount
from understudy.report.tables import all_tables

__all__ = ["render_markdown"]

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&@]|(?<=:)//)")


def render_markdown(page: Page, run: str) -> str:
    """Verdict, gates, figures, costliest findings and what the verdict is bound to."""
    verdict = page.facts.verdict
    candidate = verdict.candidate
    title = f"{verdict.verdict}: {candidate.name} {candidate.version or ''}".strip()
    parts = [
        f"# {page.sign} {_inert(title)}",
        _missing(page),
        _reasons(verdict.reasons),
        _table(
            ("", "gate", "measure", "observed", "limit", "evidence"),
            [
                (
                    f"{row.sign} {row.outcome}",
                    row.id,
                    row.measure,
                    row.observed,
                    row.limit,
                    row.evidence,
                )
                for row in page.gates
            ],
        ),
        "\n".join(
            f"- **{figure.name}: {figure.value}** ({_inert('; '.join(figure.notes))})"
            for figure in page.figures
        ),
        "## Costliest findings",
        "\n".join(_finding(index, page, run) for index in range(len(page.sentences)))
        or "No finding has a cost.",
        "## What was not tested",
        "\n".join(f"- {_inert(item)}" for item in verdict.not_covered) or "- nothing was named",
        "## What stands behind this",
        _table(("", ""), [(name, value) for name, value in page.provenance]),
        _kinds(page),
        *(_business(table) for table in all_tables(page.facts)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _reasons(reasons: Sequence[str]) -> str:
    return "\n".join(
        f"{'' if index else '**'}{_inert(reason)}{'' if index else '**'}  "
        for index, reason in enumerate(reasons)
    )


def _missing(page: Page) -> str:
    if not page.facts.problems:
        return ""
    lines = "\n".join(f"- {_inert(problem)}" for problem in page.facts.problems)
    return f"## What is missing from this report\n\n{lines}"


def _finding(index: int, page: Page, run: str) -> str:
    sentence = page.sentences[index]
    case = printable(shlex.quote(sentence.case_id), 200).replace("`", "")
    return (
        f"{index + 1}. {_inert(sentence.text)} ({sentence.severity}): "
        f"`understudy case {shlex.quote(run)} {case}`"
    )


def _kinds(page: Page) -> str:
    currency = page.facts.verdict.error_cost.currency
    rows = [
        (line.group, f"{line.findings:,}", f"{line.cases:,}", amount(line.cost_minor, currency))
        for line in page.facts.cost.by_kind
    ]
    if not rows:
        return ""
    return "## Cost by kind\n\n" + _table(("kind", "findings", "cases", "cost"), rows)


def _business(table: Table) -> str:
    told = [f"## {table.name}", _table(table.head, table.rows)]
    told += ["\n".join(f"- {_inert(note)}" for note in table.notes)] if table.notes else []
    return "\n\n".join(told)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(_inert(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _inert(text: str) -> str:
    """Text that came from outside, with nothing left in it that Markdown would read as markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(printable(text, 1000).split()))
