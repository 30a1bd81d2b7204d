"""A judged run of any size, made from nothing but the domain's types."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from understudy.gate.decide import decide
from understudy.gate.facts import RunFacts
from understudy.model.action import Action, Effect, Target
from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case, Trigger, Turn
from understudy.model.cost import BusinessMetrics, CaseCost, CostLine, CostSummary
from understudy.model.document import load_document
from understudy.model.finding import Finding, Kind, Severity
from understudy.model.gates import Gates
from understudy.model.manifest import RecordingManifest, RunManifest
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal, Trace
from understudy.model.verdict import (
    CandidateRef,
    CaseCounts,
    Funnel,
    Hashes,
    Verdict,
    WallEvidence,
)
from understudy.report.input import ReportInput

POLICIES = Path(__file__).parents[2] / "src" / "understudy" / "data" / "policies"
ERRORS = (
    (Kind.WRONG_VALUE, Severity.MEDIUM, "stripe.refunds.create", "amount"),
    (Kind.MISSING_ACTION, Severity.LOW, "zendesk.tickets.public_reply", None),
    (Kind.OVER_ESCALATION, Severity.LOW, "desk.escalate", None),
    (Kind.WRONG_FIELD, Severity.LOW, "hubspot.objects.update", "phone"),
    (Kind.UNAPPROVED, Severity.CRITICAL, "stripe.refunds.create", None),
)
AT = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def _action(operation: str, number: int, fields: dict[str, object], minor: int | None) -> Action:
    return Action(
        system=operation.split(".", maxsplit=1)[0],
        operation=operation,
        target=Target(type=operation.split(".")[1], id=f"obj_{number:06d}"),
        fields=fields,
        amount_minor=minor,
        currency="eur" if minor else None,
        effect=Effect.PAY if minor else Effect.WRITE,
    )


def _people(number: int, rng: random.Random) -> tuple[Action, ...]:
    minor = rng.randrange(500, 40_000)
    return (
        _action("stripe.refunds.create", number, {"amount": minor, "reason": "duplicate"}, minor),
        _action("hubspot.objects.update", number, {"phone": f"+49 30 {number:06d}"}, None),
        _action(
            "zendesk.tickets.public_reply",
            number,
            {"body": f"Your refund {number} of {minor / 100:.2f} EUR is on its way."},
            None,
        ),
    )


def _finding(case_id: str, choice: int, rng: random.Random, text: str) -> Finding:
    kind, severity, operation, name = ERRORS[choice]
    cost = {"low": 230, "medium": 3600, "critical": 150_000}[severity.value]
    return Finding(
        case_id=case_id,
        kind=kind,
        severity=severity,
        system=operation.split(".")[0],
        operation=operation,
        field=name,
        expected="80.00 EUR",
        actual="96.00 EUR",
        exposure_minor=1600,
        currency="EUR",
        cost_minor=cost + rng.randrange(200),
        rule=f"{severity.value} floor, tier standard",
        baseline_id="human-1",
        mess=("stale_copy",) if rng.random() < 0.5 else ("duplicate_contact", "money_as_text"),
        explanation=f"{operation}: {name or 'action'} was not what people did {text}".strip(),
    )


def _lines(findings: Sequence[Finding], key: Callable[[Finding], str]) -> tuple[CostLine, ...]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(key(finding), []).append(finding)
    lines = [
        CostLine(
            group=name,
            findings=len(own),
            cases=len({one.case_id for one in own}),
            cost_minor=sum(one.cost_minor for one in own),
        )
        for name, own in groups.items()
    ]
    return tuple(sorted(lines, key=lambda line: -line.cost_minor))


def _metrics(cases: int, escalated: int, cost: int) -> BusinessMetrics:
    return BusinessMetrics(
        cases=cases,
        acted=cases - escalated,
        escalated=escalated,
        abstained=0,
        failed=0,
        mean_cycle_time_ms=41_250,
        mean_wall_time_ms=2_410,
        cost_per_case_minor=cost,
    )


def _cost(findings: Sequence[Finding], cases: int) -> CostSummary:
    by_case: dict[str, list[Finding]] = {}
    for finding in findings:
        by_case.setdefault(finding.case_id, []).append(finding)
    per_case = []
    for number in range(cases):
        own = by_case.get(f"refund-{number:05d}", [])
        cost = sum(one.cost_minor for one in own)
        per_case.append(
            CaseCost(
                case_id=f"refund-{number:05d}",
                cluster_id=f"thread-{number}",
                error_cost_minor=cost,
                net_value_minor=296 - cost,
                critical=sum(one.severity is Severity.CRITICAL for one in own),
                agrees=not own,
            )
        )
    return CostSummary(
        currency="EUR",
        cases=cases,
        error_cost_minor=sum(one.error_cost_minor for one in per_case),
        net_value_minor=sum(one.net_value_minor for one in per_case),
        actions_proposed=3 * cases,
        actions_agreeing=3 * cases - len(findings),
        per_case=tuple(per_case),
        by_kind=_lines(findings, lambda one: one.kind.value),
        by_severity=_lines(findings, lambda one: one.severity.value),
        by_operation=_lines(findings, lambda one: one.operation or "the case"),
        by_mess=_lines(findings, lambda one: one.mess[0]),
        by_action_class=(),
        candidate=_metrics(cases, cases // 20, 120),
        people=_metrics(cases, cases // 25, 300),
        largest_uncapped_minor=812_345,
    )


def make_input(cases: int = 400, *, critical: bool = False, text: str = "") -> ReportInput:
    """A run of so many cases, of which about one in twelve differs from what people did.

    `text` is put into every place that text from outside reaches.
    """
    rng = random.Random(7)
    gates = load_document(POLICIES / "gates-standard.yaml", Gates)
    policy = Policy(version=1)
    findings, known, proposals, baselines = [], {}, {}, {}
    for number in range(cases):
        case_id = f"refund-{number:05d}"
        people = _people(number, rng)
        known[case_id] = Case(
            case_id=case_id,
            scenario=f"refund-request{text}",
            cluster_id=f"thread-{number}",
            trigger=Trigger(system="zendesk", type=f"ticket.created{text}"),
            turns=(Turn(role="customer", text=f"I was charged twice, order {number}. {text}"),),
            received_at=AT,
        )
        baselines[case_id] = (
            Baseline(case_id=case_id, baseline_id="human-1", actor=f"maria{text}", actions=people),
        )
        actions = people
        if rng.random() < 1 / 12:
            choice = rng.randrange(5 if critical else 4)
            findings.append(_finding(case_id, choice, rng, text))
            changed = people[0].fields | {"amount": 9_999, "note": text}
            actions = (replace_fields(people[0], changed), *people[1:])
        proposals[case_id] = (
            Proposal(case_id=case_id, outcome=Outcome.ACTED, actions=actions, confidence=0.9),
        )
    cost = _cost(findings, cases)
    facts = RunFacts(
        planned=cases,
        run=cases,
        judged=cases,
        prices_owned=False,
        monthly_cases=15_000,
        integration_cost_minor=7_500_000,
        scope=f"refund requests in English{text}",
    )
    return ReportInput(
        verdict=_verdict(cost, gates, facts, text),
        cost=cost,
        findings=tuple(findings),
        manifest=RunManifest(
            campaign="refund-pilot",
            run_id="20261101T093000Z-hasty-1a2b",
            candidate="hasty",
            candidate_spec="demo:hasty",
            seed=7,
            stage="shadow",
            planned=cases,
            started_at="2026-11-01T09:30:00Z",
            harness_version="0.1.0",
            recording=f"fixtures/recordings/july{text}",
            hashes={},
        ),
        policy=policy,
        gates=gates,
        cases=known,
        proposals=proposals,
        baselines=baselines,
        traces={case_id: Trace(rationale=f"looked it up {text}") for case_id in known},
        recording=RecordingManifest(source_files=(), records=cases * 4, kept=cases * 4),
        monthly_cases=15_000,
    )


def replace_fields(action: Action, fields: dict[str, object]) -> Action:
    import msgspec

    return msgspec.structs.replace(action, fields=fields, amount_minor=9_999)


def _verdict(cost: CostSummary, gates: Gates, facts: RunFacts, text: str) -> Verdict:
    decision = decide(cost, gates, facts)
    return Verdict(
        verdict=decision.verdict,
        exit_code=int(decision.exit_code),
        reasons=decision.reasons,
        campaign=f"refund-pilot{text}",
        run_id="20261101T093000Z-hasty-1a2b",
        candidate=CandidateRef(name=f"hasty{text}", version="1.4.0", hash="ab" * 32),
        stage=facts.stage,
        cases=CaseCounts(planned=facts.planned, run=facts.run, judged=facts.judged, failed=2),
        error_cost=decision.error_cost,
        net_value=decision.net_value,
        gates=decision.gates,
        action_classes=(),
        findings=(),
        wall=WallEvidence(level="hook", self_test="passed", needs=("127.0.0.1:5432",)),
        scope=facts.scope,
        not_covered=("chargebacks", "outages of the systems", f"languages but English{text}"),
        expires=None,
        attempt=2,
        prices_owned=facts.prices_owned,
        funnel=Funnel(
            imported=4 * facts.judged, cases=facts.judged, quarantined=0, judged=facts.judged
        ),
        model_traffic=(),
        largest_uncapped_minor=cost.largest_uncapped_minor,
        hashes=Hashes(policy="cd" * 32, gates="ef" * 32, harness="01" * 32),
    )


@pytest.fixture
def make() -> Callable[..., ReportInput]:
    """The maker of runs."""
    return make_input


@pytest.fixture
def run() -> ReportInput:
    """A run of 400 cases."""
    return make_input()


@pytest.fixture
def empty(run: ReportInput) -> ReportInput:
    """A run in which nothing was judged."""
    gates = run.gates
    cost = _cost((), 0)
    facts = RunFacts(planned=10, run=0, judged=0, prices_owned=False)
    verdict = _verdict(cost, gates, facts, "")
    return replace(
        run, verdict=verdict, cost=cost, findings=(), cases={}, proposals={}, baselines={}
    )
