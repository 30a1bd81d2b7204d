"""Where a run stands while it goes on: its cost, its evidence, and what stops it early."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from understudy.campaign.judging.judgement import Seen, seen, unfit
from understudy.campaign.judging.registered import registered_of
from understudy.campaign.judging.replays import Replay
from understudy.campaign.projects.settings import Rules
from understudy.cost.net_value import CaseEconomics
from understudy.cost.price_list import PriceList
from understudy.cost.summary import Judged, case_cost
from understudy.gate.cost_evidence import CostEvidence
from understudy.gate.decide import evidence_of
from understudy.gate.units import Registered, weighed_units
from understudy.model.case import Case
from understudy.model.cost import CaseCost
from understudy.model.finding import Severity
from understudy.model.limits import Stop
from understudy.model.money import Money
from understudy.model.proposal import CaseRecord, Proposal
from understudy.model.verdict import GateOutcome
from understudy.model.world import World
from understudy.traffic.recording import Recording

__all__ = ["Standing"]

_SHOWN = 3
_KEPT = 50_000
_DENSE = 20
"""Looks are taken at least so densely: once in a twentieth more cases."""


@dataclass(slots=True)
class Standing:
    """Judges each case as soon as its last repeat is done, exactly as the verdict will.

    `cases` are all that are planned, in their registered order: evidence is looked at along it.
    """

    recording: Recording
    replay: Replay
    rules: Rules
    stop: Stop
    cases: Sequence[Case]
    repeats: int = 1
    every: Sequence[Case] = ()
    """All that a claim about the recording is about, where they are more than the planned ones."""
    world: World | None = None
    """What the cases play in."""
    cost_minor: int = 0
    seen: dict[str, Seen] = field(default_factory=dict)
    """What was found in the first so many cases, so that nobody judges them twice."""
    evidence: CostEvidence | None = None
    """As of the last look."""
    _critical: int = 0
    _streak: int = 0
    _place: int = 0
    _look_at: int = 0
    _begun: float = field(default_factory=monotonic)
    _by_kind: Counter[str] = field(default_factory=Counter)
    _waiting: list[Proposal] = field(default_factory=list)
    _costs: list[CaseCost] = field(default_factory=list)
    _out: set[str] = field(default_factory=set)
    """The cases that cannot be judged."""
    _prices: PriceList = field(init=False)
    _registered: Registered = field(init=False)

    def __post_init__(self) -> None:
        self._prices = PriceList.from_policy(self.rules.policy, self.world)
        found = registered_of(self.cases, self.every or self.cases, self.rules.gates)
        planned = tuple((case.case_id, case.cluster_id) for case in self.cases)
        self._registered = replace(found, order=found.order or planned)

    def add(self, record: CaseRecord) -> str | None:
        """Take the next record in the plan's order; says why the run is to stop, where it is.

        `streak` and `asked` are limits on critical findings, `harm` and `futility` what a look at
        the evidence has shown.
        """
        self._waiting.append(record.proposal)
        if len(self._waiting) < self.repeats:
            return None
        proposals, self._waiting = self._waiting, []
        case = self.cases[self._place]
        self._place += 1
        baselines = self.recording.baselines_of(case.case_id)
        if unfit(proposals, baselines) is not None:
            self._out.add(case.case_id)
            return None
        found = seen(case, proposals, baselines, self._prices, self.replay)
        if len(self.seen) < _KEPT:
            self.seen[case.case_id] = found
        findings = found.findings
        judged = Judged(case, proposals, baselines, findings, 0)
        self._costs.append(case_cost(judged, CaseEconomics.of(self.rules.policy)))
        self.cost_minor += self._costs[-1].error_cost_minor
        for finding in judged.averaged():
            self._by_kind[finding.kind.value] += finding.cost_minor
        critical = sum(one.severity is Severity.CRITICAL for one in findings)
        return self._tripped(critical) or self._seen()

    def told(self) -> str:
        """Rate, cost, evidence and costliest findings so far, a line each, for the progress."""
        passed = max(1e-9, monotonic() - self._begun)
        cost = Money(self.cost_minor, self.rules.policy.currency)
        lines = [f"{self._place / passed:,.1f} cases/s, error cost {cost} so far"]
        look = self.evidence.last if self.evidence else None
        if self.evidence is not None and look is not None:
            lines.append(
                f"evidence {look.go:,.3g} of {self.evidence.go_threshold:,.0f} for GO and "
                f"{look.harm:,.3g} of {self.evidence.harm_threshold:,.0f} for NO-GO"
            )
        lines += self._costliest_told()
        return "\n".join(lines)

    def _costliest_told(self) -> list[str]:
        """The kinds of findings that cost most so far."""
        currency = self.rules.policy.currency
        dearest = sorted(self._by_kind.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
        told = ", ".join(
            f"{kind.replace('_', ' ')} {Money(cost, currency)}" for kind, cost in dearest if cost
        )
        return [f"costliest: {told}"] if told else []

    def _tripped(self, found: int) -> str | None:
        self._critical += found
        self._streak = self._streak + 1 if found else 0
        if self.stop.on_streak is not None and self._streak >= self.stop.on_streak:
            return "streak"
        most = self.stop.on_critical
        return "asked" if most is not None and self._critical >= most else None

    def _seen(self) -> str | None:
        """A look at the evidence, when it is time for one; what stands after it is a stop."""
        gates, count = self.rules.gates, len(self._costs)
        if self.rules.policy.currency != gates.budget.currency or count < self._look_at:
            return None
        self._look_at = count + max(gates.look_every, count // _DENSE)
        order = tuple(pair for pair in self._registered.order if pair[0] not in self._out)
        registered = replace(self._registered, order=order)
        self.evidence = evidence_of(weighed_units(self._costs, gates, registered), gates)
        if count < gates.burn_in or count >= len(self.cases) - len(self._out):
            return None
        if self.stop.harm and self.evidence.outcome is GateOutcome.FAIL:
            return "harm"
        return "futility" if self.stop.futility and self._is_futile(self.evidence) else None

    def _is_futile(self, evidence: CostEvidence) -> bool:
        if evidence.outcome is not GateOutcome.UNDECIDED:
            return False
        needed, most = evidence.cases_needed, min(len(self.cases), self.rules.gates.max_cases)
        return needed is None or needed > most
