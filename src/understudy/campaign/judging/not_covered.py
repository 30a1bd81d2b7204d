"""What the verdict of a run says nothing about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from understudy.campaign.judging.judgement import Judgement
from understudy.campaign.runs.files import RunFiles
from understudy.model.case import CUSTOMERS
from understudy.model.gates import Population
from understudy.model.proposal import FaultCount

__all__ = ["not_covered"]

_EARLY = {
    "harm": "a planned look showed that the error cost is above its limit",
    "futility": "a planned look showed that no further case could lead to GO",
}


def not_covered(end: RunFiles, judgement: Judgement) -> list[str]:
    """What a verdict says nothing about, a sentence each."""
    told = [*_unwalled(end), *_unsaid(end)]
    faults = sorted(set(end.manifest.faults))
    told.append(
        f"faults of the systems and of the model but {', '.join(faults)}"
        if faults
        else "faults of the systems and of the model: none were injected"
    )
    told += _idle_faults(end)
    told += _simulated_words(end)
    if end.manifest.unanswered:
        told.append(f"{end.manifest.unanswered:,} model calls: no answer was recorded for them")
    told += [f"a setting without effect: {each}" for each in end.manifest.without_effect]
    if end.stopped in _EARLY:
        told.append(f"the cases after the early stop: {_EARLY[end.stopped]}")
    if end.stopped == "asked":
        told.append("the cases after the automatic stop on critical findings")
    gaps: Counter[str] = Counter(
        f"{gap.method} {gap.path} at {gap.system}" for record in end.records for gap in record.gaps
    )
    told += [f"a request that nothing serves: {gap} ({n:,}x)" for gap, n in gaps.most_common(10)]
    told += [
        f"effects on the systems' state in {count:,} cases, judged from actions alone: {reason}"
        for reason, count in sorted(judgement.alone.items())
    ]
    told += [
        f"{count:,} cases: {reason}" for reason, count in _reasons(judgement.quarantined).items()
    ]
    return told


def _unwalled(end: RunFiles) -> Iterator[str]:
    """What the wall does not see of the candidate's process."""
    level = end.wall.level if end.wall else ""
    if level == "hook":
        yield "native code in the candidate: the wall is an audit hook without a namespace"
    if level == "netns":
        yield (
            "attempts of the candidate's process to get out: its network namespace refuses them, "
            "and nothing counts them, also for `on_egress` and `expect_blocked`"
        )
    if level == "witness":
        yield (
            "code of the candidate's process that sets out to deceive: it has no network of its "
            "own, and each address is read before the kernel reads it again"
        )
    if level == "none":
        yield "the candidate's process: wall: none, it could reach whatever it liked"


def _unsaid(end: RunFiles) -> Iterator[str]:
    """What policy and gates leave open."""
    if end.rules.policy.handling.human_error_cost is None:
        yield "people's own errors: their cost is unknown, so every difference is charged"
    if end.rules.gates.population is Population.RECORDING:
        yield "cases to come: what is shown is shown for the recorded ones alone"
    if end.rules.policy.owner is None:
        yield "prices: nobody answers for them, so they are illustrative"


def _simulated_words(end: RunFiles) -> list[str]:
    """What customers really say: where the candidate asked something that was not recorded."""
    said = [turn for record in end.records for turn in record.trace.turns]
    replies = [turn for turn in said if turn.role in CUSTOMERS]
    made = sum(turn.simulated for turn in replies)
    if not made:
        return []
    return [f"what customers say: {made:,} of {len(replies):,} replies to it were simulated"]


def _idle_faults(end: RunFiles) -> list[str]:
    """Faults that were planned and acted in no case: nothing is known of how they are met."""
    counts = dict.fromkeys(end.manifest.fault_plan, FaultCount())
    for record in end.records:
        for fault, count in record.faults.items():
            counts[fault] = counts.get(fault, FaultCount()) + count
    return [
        f"a planned fault that never acted, {fault}: {count.idle}"
        for fault, count in counts.items()
        if count.idle is not None
    ]


def _reasons(quarantined: Mapping[str, str]) -> dict[str, int]:
    return dict(sorted(Counter(quarantined.values()).items()))
