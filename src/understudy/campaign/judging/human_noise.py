"""People held against each other with the ruler that the candidate is held to: F8 and F9."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from understudy.campaign.judging.judgement import Evidence
from understudy.campaign.judging.two_views import view
from understudy.cost.clauses import breaches
from understudy.model.baseline import Baseline, BaselineSource
from understudy.model.business import Clauses, HumanNoise
from understudy.model.case import Case
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal

__all__ = ["as_proposal", "broken_by_people", "cost_alpha", "human_noise", "leave_one_out"]

AUDIT_SAMPLE = 150
"""Cases that two people must have handled before their own error cost counts as known."""
_STRANGERS, _SEED = 300, 20_261
_REFUSED = "the systems here refuse"

Against = Callable[[Case, Proposal, Baseline], int]
"""What a proposal costs against a baseline, in minor units."""


@dataclass(frozen=True, slots=True)
class _Double:
    """A case that several people answered."""

    case: Case
    humans: tuple[Baseline, ...]
    proposals: tuple[Proposal, ...]
    settled: bool
    """Whether somebody has adjudicated it."""


def human_noise(evidence: Evidence, policy: Policy, alone: Mapping[str, int]) -> HumanNoise:
    """What people's own answers cost against each other, and the candidate's against the same.

    `alone` are the reasons why cases could not be replayed, of which refused baselines are one.
    """
    prices = evidence.prices(policy)

    def against(case: Case, proposal: Proposal, baseline: Baseline) -> int:
        told = view(case, proposal, [baseline], prices, evidence.replay)
        return told.explanation.cost_minor

    doubles = list(_doubles(evidence))
    human, observed, contested, worst = [], [], [], 0
    pairs: list[tuple[str, float, float]] = []
    for double in doubles:
        theirs, ours = _between(double, against), _of_candidate(double, against)
        between = [cost for row in theirs for cost in row if cost is not None]
        observed += between
        outs = leave_one_out(theirs, ours)
        human.append(outs[0])
        if outs[1] is not None:
            pairs.append((double.case.cluster_id, outs[0], outs[1]))
        if max(between) > 0 and not double.settled:
            contested.append(double.case.case_id)
            worst += sum(max(row) - min(row) for row in ours)
    disputed = sum(count for reason, count in alone.items() if reason.startswith(_REFUSED))
    mean = _mean(human)
    return HumanNoise(
        double_handled=len(doubles),
        human_minor=mean,
        candidate_minor=_mean([ours for _, _, ours in pairs]),
        difference_minor=_mean([ours - theirs for _, theirs, ours in pairs]),
        cost_alpha=cost_alpha(observed, _expected(doubles, against)),
        contested=tuple(contested),
        worst_case_minor=worst,
        disputed=disputed,
        note=_note(len(doubles)),
        pairs=tuple(pairs),
    )


def leave_one_out(
    theirs: Sequence[Sequence[int | None]], ours: Sequence[Sequence[int]]
) -> tuple[float, float | None]:
    """F9: `E_h = mean_k cost(H_k | H_-k)` and `E_c = mean_k cost(C | H_-k)`.

    A row is what one answer costs against each person's; None stands at a person's own. The
    cheapest of several baselines counts. Whoever is judged is held against the same others, so
    that more baselines favour nobody.

    >>> leave_one_out([[None, 0, 24], [0, None, 24], [24, 24, None]], [[0, 0, 24]])
    (8.0, 0.0)
    """
    human = [min(cost for cost in row if cost is not None) for row in theirs]
    mine = [min((*row[:k], *row[k + 1 :])) for row in ours for k in range(len(theirs))]
    return sum(human) / len(human), _mean(mine)


def cost_alpha(observed: Sequence[int], expected: Sequence[int]) -> float | None:
    """F8: Krippendorff's alpha with the cost of the difference as its distance, `1 - D_o / D_e`.

    >>> cost_alpha([0, 0, 30, 0], [100, 50, 150, 60]), cost_alpha([0], [0]), cost_alpha([], [])
    (0.916667, None, None)
    """
    if not observed or not sum(expected):
        return None
    disagreement = sum(observed) / len(observed)
    return round(1 - disagreement / (sum(expected) / len(expected)), 6)


def broken_by_people(evidence: Evidence, policy: Policy) -> tuple[Clauses, ...]:
    """How often people themselves break each clause of the policy."""
    prices = evidence.prices(policy)
    broken = dict.fromkeys((clause.id for clause in policy.clauses), 0)
    count = 0
    for case in evidence.cases if policy.clauses else ():
        for baseline in evidence.baselines.get(case.case_id, ()):
            count += 1
            for name in {each.clause.id for each in breaches(case, baseline.actions, prices)}:
                broken[name] += 1
    return tuple(
        Clauses(clause=name, baselines=count, broken=number) for name, number in broken.items()
    )


def _doubles(evidence: Evidence) -> Iterable[_Double]:
    for case in evidence.cases:
        known = evidence.baselines.get(case.case_id, ())
        humans = tuple(one for one in known if one.source is BaselineSource.HUMAN)
        if len(humans) > 1:
            settled = len(humans) < len(known)
            yield _Double(case, humans, evidence.by_case.get(case.case_id, ()), settled)


def _between(double: _Double, against: Against) -> list[list[int | None]]:
    """What each person's answer costs against each other's."""
    return [
        [
            None if one is other else against(double.case, as_proposal(one), other)
            for other in double.humans
        ]
        for one in double.humans
    ]


def _of_candidate(double: _Double, against: Against) -> list[list[int]]:
    """What each of the candidate's answers costs against each person's."""
    return [
        [against(double.case, proposal, one) for one in double.humans]
        for proposal in double.proposals
    ]


def _expected(doubles: Sequence[_Double], against: Against) -> list[int]:
    """The same between answers to different cases, of which a seeded sample is taken."""
    if len(doubles) < 2:
        return []
    rng = random.Random(_SEED)  # a sample, nothing secret
    found = []
    for _ in range(min(_STRANGERS, len(doubles) * (len(doubles) - 1))):
        one, other = rng.sample(range(len(doubles)), 2)
        mine, theirs = doubles[one], doubles[other]
        found.append(against(mine.case, as_proposal(mine.humans[0]), theirs.humans[-1]))
    return found


def as_proposal(baseline: Baseline) -> Proposal:
    """What people did, as if a candidate had proposed it."""
    return Proposal(
        case_id=baseline.case_id,
        outcome=baseline.outcome,
        actions=baseline.actions,
        cycle_time_ms=baseline.cycle_time_ms,
        replies=baseline.reply_facts,
    )


def _mean(numbers: Sequence[float]) -> float | None:
    return round(sum(numbers) / len(numbers), 4) if numbers else None


def _note(count: int) -> str:
    if not count:
        return "human error cost unknown: no case was handled twice, so every difference is charged"
    if count < AUDIT_SAMPLE:
        return f"only {count:,} cases were handled twice; {AUDIT_SAMPLE:,} are needed to rely on it"
    return ""
