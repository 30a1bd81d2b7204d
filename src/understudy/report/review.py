"""What reviewers decide about, as data for the page: findings and weak links, by cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy.model.decision import BINDING, finding_key
from understudy.model.finding import Finding
from understudy.model.printable import printable
from understudy.report.block import Block, packed
from understudy.report.input import ReportInput

__all__ = ["review_block"]

MOST = 3000
"""Findings that are put up for decision; the cheaper ones are counted only."""
_LONGEST_ID = 2_000


def review_block(facts: ReportInput, links: Sequence[str], *, served: bool) -> Block:
    """The queue, the costliest first, each finding once; whether decisions are sent or kept."""
    once: dict[tuple[str, str], Finding] = {}
    for finding in facts.findings:
        once.setdefault((finding.case_id, finding_key(finding)), finding)
    queue = sorted(once, key=lambda at: (-once[at].cost_minor, at))
    data = {
        "run": facts.verdict.run_id,
        "served": served,
        "items": [_item(*at, once[at]) for at in queue[:MOST]],
        "links": [_names(case_id) for case_id in links[:MOST]],
        "left_out": max(0, len(queue) - MOST),
    }
    return Block("review", packed(data))


def _item(case_id: str, key: str, finding: Finding) -> list[Any]:
    return [
        *_names(case_id),
        key,
        finding.kind.value,
        finding.severity.value,
        finding.cost_minor,
        printable(finding.operation or "the case", 80),
        printable(finding.explanation, 400),
        finding.kind in BINDING,
    ]


def _names(case_id: str) -> tuple[str, str | None]:
    """A case as it is shown, and its id to decide by where that is another one."""
    shown = printable(case_id, 120)
    return shown, None if shown == case_id or len(case_id) > _LONGEST_ID else case_id
