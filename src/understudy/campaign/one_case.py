"""One case on the terminal: people beside candidate, and the price of each difference."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.campaign.judging.replays import Replay
from understudy.campaign.judging.two_views import View, view
from understudy.campaign.runs.files import open_run
from understudy.campaign.runs.folder import find_run
from understudy.campaign.side_by_side import side_by_side
from understudy.cost.price_list import PriceList
from understudy.cost.wording import action_line
from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Turn
from understudy.model.money import Money, minor_digits
from understudy.model.printable import printable
from understudy.model.proposal import (
    MODEL_COST,
    MODEL_CURRENCY,
    CaseRecord,
    FaultCount,
    Proposal,
)

__all__ = ["case_text", "describe_case"]

_WIDTH = 78
_PRINTED = 12


def describe_case(run: str, case_id: str, reports: Path) -> str:
    """One case of a run, whole; raises `RecordingError` where the run has no such case."""
    files = open_run(find_run(run, reports))
    case, records = files.of_case(case_id)
    baselines = files.evidence.baselines[case_id]
    prices = files.evidence.prices(files.rules.policy)
    replay = files.evidence.replay
    return "\n".join(case_text(case, record, baselines, prices, replay) for record in records)


def case_text(
    case: Case,
    record: CaseRecord,
    baselines: Sequence[Baseline],
    prices: PriceList,
    replay: Replay | None = None,
) -> str:
    """One proposal of a case, whole; a case that was run several times has several."""
    seen, currency = view(case, record.proposal, baselines, prices, replay), prices.policy.currency
    lines = [
        *_head(case, record),
        *side_by_side(seen.explanation, baselines, currency),
        *_rest(record),
        *_differences(seen, currency),
        "",
    ]
    return "\n".join(printable(line) for line in lines)


def _head(case: Case, record: CaseRecord) -> list[str]:
    trigger = case.trigger
    return [
        f"{case.case_id}  {case.scenario}, {case.tier} customer, cluster {case.cluster_id}",
        f"trigger: {trigger.type} in {trigger.system}",
        *map(_turn, (*case.opening[:6], *record.trace.turns[:12])),
        f"outcome of the candidate: {record.proposal.outcome}{_time(record.proposal)}",
        *_models(record.proposal.usage),
        "",
    ]


def _turn(turn: Turn) -> str:
    return f"  {turn.role}{' (simulated)' if turn.simulated else ''}: {_short(turn.text)}"


def _models(usage: Mapping[str, Any]) -> list[str]:
    """What it asked of models, and what that cost where it is known.

    >>> _models({"model_calls": 2, "model_tokens_in": 4_000, "model_cost_minor": 0.25,
    ...          "model_cost_currency": "EUR"})
    ['models: 2 calls, 4,000 tokens in, 0.0025 EUR']
    """
    counts = (("calls", "model_calls"), ("tokens in", "model_tokens_in"),
              ("tokens out", "model_tokens_out"))  # fmt: skip
    told = [f"{usage[key]:,} {name}" for name, key in counts if isinstance(usage.get(key), int)]
    cost, currency = usage.get(MODEL_COST), usage.get(MODEL_CURRENCY)
    if told and isinstance(cost, int | float) and isinstance(currency, str):
        told.append(f"{cost / 10 ** minor_digits(currency):,.4f} {currency}")
    return [f"models: {', '.join(told)}"] if told else []


def _time(proposal: Proposal) -> str:
    if proposal.cycle_time_ms is None:
        return ""
    told = f" after {proposal.cycle_time_ms / 1000:,.1f} s"
    if proposal.wall_time_ms is None:
        return told
    return f"{told} of the case's time, {proposal.wall_time_ms / 1000:,.1f} s of ours"


def _rest(record: CaseRecord) -> list[str]:
    """What the candidate said and left behind beside its actions."""
    proposal = record.proposal
    lines = [action_line(action) for action in proposal.actions if action.refused]
    if proposal.failure is not None:
        lines.append(f"failed: {proposal.failure.reason}: {proposal.failure.detail}")
    lines += [_fault(name, count) for name, count in record.faults.items()]
    lines += [_befallen(action) for action in proposal.actions if action.fault]
    for gap in record.gaps:
        lines.append(gap.told)
        lines += [f"  {line}" for line in gap.detail.splitlines()[:_PRINTED]]
    lines += [f"blocked by the wall: {place}" for place in record.wall.places[:_PRINTED]]
    if record.trace.rationale:
        lines += _whole("rationale: ", record.trace.rationale)
    printed = record.trace.printed.strip().splitlines()
    lines += [f"printed: {_short(line)}" for line in printed[:_PRINTED]]
    if len(printed) > _PRINTED:
        lines.append(f"… and {len(printed) - _PRINTED:,} more lines in the run's store")
    return [*lines, ""] if lines else []


def _fault(name: str, count: FaultCount) -> str:
    if count.idle is not None:
        return f"a planned fault did not act, {name}: {count.idle}"
    often = "once" if count.acted == 1 else f"{count.acted:,} times"
    return f"a planned fault acted {often}, {name}"


def _befallen(action: Action) -> str:
    """Which write a fault fell on, and whether the candidate could know what became of it."""
    seen = "" if action.candidate_saw_response is not False else ", whose answer it did not see"
    return f"  {action.fault} befell {action.operation}{seen}"


def _whole(head: str, text: str) -> list[str]:
    """A text in full, under its head."""
    told = text.split()
    lines = textwrap.wrap(" ".join(told), _WIDTH - len(head)) or [""]
    return [head + lines[0], *(" " * len(head) + line for line in lines[1:])]


def _differences(seen: View, currency: str) -> list[str]:
    findings = seen.explanation.findings
    notes = []
    if seen.alone is not None:
        notes.append(f"judged from the actions alone: {seen.alone}")
    if seen.forgiven:
        notes.append(
            f"{seen.forgiven:,} differences of actions cost nothing: both ways led to one state"
        )
    if not findings:
        return ["NO DIFFERENCE", *notes]
    lines = ["DIFFERENCES"]
    for finding in findings:
        cost = Money(finding.cost_minor, currency)
        lines.append(f"  {finding.kind} ({finding.severity}) {finding.operation or ''}: {cost}")
        lines += [f"    {finding.explanation}", f"    priced by {finding.rule}"]
    total = Money(sum(finding.cost_minor for finding in findings), currency)
    return [*lines, f"  in all {total}", *notes]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
