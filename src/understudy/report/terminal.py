"""The end of a run on the terminal: gates, costliest findings, verdict, in 80 columns."""

from __future__ import annotations

import shlex
import textwrap

from understudy.model.exit_code import ExitCode
from understudy.model.printable import printable
from understudy.report.input import ReportInput
from understudy.report.page import GateRow, gate_rows, top_sentences

__all__ = ["terminal_summary"]

_WIDTH = 80
_WORDS = {"pass": "pass", "fail": "FAIL", "undecided": "open"}


def terminal_summary(facts: ReportInput, run: str) -> str:
    """The summary as plain text; `run` is what a person types to name the run.

    No line is wider than 80 columns but commands and paths, which are kept whole for pasting.
    """
    verdict = facts.verdict
    version = f"@{verdict.candidate.version}" if verdict.candidate.version else ""
    head = (
        f"{verdict.campaign} · candidate {verdict.candidate.name}{version} · "
        f"stage {verdict.stage} · {verdict.cases.judged:,} cases"
    )
    lines = [*_wrap(head, ""), "", "GATES"]
    for problem in facts.problems:
        lines[-2:-2] = _wrap(f"missing: {problem}", "  ")
    lines += [line for row in gate_rows(facts) for line in _gate(row)]
    lines += _costliest(facts, run)
    lines += ["", *_wrap(f"VERDICT {'; '.join(verdict.reasons[:1]) or verdict.verdict}", "  ")]
    for reason in verdict.reasons[1:5]:
        lines += _wrap(f"  - {reason}", "    ")
    if not verdict.prices_owned:
        lines += ["prices are illustrative: the policy names no owner"]
    lines += [f"report: {run}/report.html", _exit_line(verdict.exit_code)]
    return "\n".join(printable(line) for line in lines)


def _gate(row: GateRow) -> list[str]:
    text = (
        f"  {row.sign} {_WORDS[row.outcome]:<5}{row.id:<4}{row.measure:<22}"
        f"{row.observed:>13}  {row.limit}"
    )
    return [
        text[:_WIDTH],
        *([f"{'':13}evidence {row.evidence}"] if row.outcome == "undecided" else []),
    ]


def _costliest(facts: ReportInput, run: str) -> list[str]:
    sentences = top_sentences(facts, 3)
    if not sentences:
        return ["", "COSTLIEST", "  no finding has a cost"]
    lines = ["", "COSTLIEST"]
    for sentence in sentences:
        lines += _wrap(f"  - {sentence.text} ({sentence.severity})", "    ")
        case = shlex.quote(printable(sentence.case_id, 200))
        lines.append(f"    understudy case {shlex.quote(run)} {case}")
    return lines


def _exit_line(code: int) -> str:
    return f"exit {code} ({ExitCode(code).name.replace('_', '-')})"


def _wrap(text: str, indent: str) -> list[str]:
    """Lines of at most 80 columns; those after the first are indented."""
    words = printable(text, 1500)
    first = words[: len(words) - len(words.lstrip(" "))]
    return textwrap.wrap(
        " ".join(words.split()), _WIDTH, initial_indent=first, subsequent_indent=indent
    )
