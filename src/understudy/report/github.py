"""What a run tells GitHub's runners: a step summary, and at most ten annotations."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from understudy.model.printable import printable
from understudy.model.verdict import GateOutcome, VerdictWord
from understudy.report.input import ReportInput
from understudy.report.page import gate_rows, top_sentences

__all__ = ["MOST", "annotated", "append_summary", "tell_runner"]

MOST = 10
"""GitHub shows no more than ten annotations of a kind for a step."""
_LONGEST = 1_000_000
"""A step's summary may have at most 1 MiB; what is longer is refused whole."""


def tell_runner(facts: ReportInput, markdown: str) -> None:
    """Summary and annotations where this runs in a workflow; standard output stays the result's."""
    append_summary(markdown, os.environ)
    for command in annotated(facts, os.environ):
        sys.stderr.write(f"{command}\n")


def append_summary(markdown: str, environment: Mapping[str, str]) -> None:
    """Append the report to the step's summary, where a runner has named a file for it."""
    name = environment.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    with Path(name).open("a", encoding="utf-8") as file:
        file.write(markdown[:_LONGEST] + "\n")


def annotated(facts: ReportInput, environment: Mapping[str, str]) -> list[str]:
    """The workflow commands: failed gates first, then what is undecided and what cost most.

    None outside of a runner. Text from outside cannot begin a command of its own.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return []
    verdict, rows = facts.verdict, gate_rows(facts)
    told = [
        ("error", f"{row.id} {row.measure}", row.reason)
        for row in rows
        if row.outcome == GateOutcome.FAIL
    ]
    told += [
        ("warning", f"{row.id} {row.measure} is undecided", row.reason)
        for row in rows
        if row.outcome == GateOutcome.UNDECIDED
    ]
    if verdict.verdict is VerdictWord.INVALID:
        told.insert(0, ("error", "INVALID", "; ".join(verdict.reasons)))
    level = "notice" if verdict.verdict is VerdictWord.GO else "warning"
    told += [
        (level, f"cost {one.cost}, {one.severity}", f"{one.text}, for example {one.case_id}")
        for one in top_sentences(facts, MOST)
    ]
    return [
        f"::{kind} title={_property(title)}::{_data(text)}" for kind, title, text in told[:MOST]
    ]


def _data(text: str) -> str:
    plain = printable(text, 500)
    return plain.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
