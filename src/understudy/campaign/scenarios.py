"""Hand-written cases: run one through a candidate, and say what differs from what is expected."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from understudy.campaign.project import project_folder
from understudy.cost.price_list import PriceList
from understudy.diff.explain import explain
from understudy.model.action import ESCALATION_OPERATION, Action, Effect, Target
from understudy.model.baseline import Baseline, BaselineSource, Outcome
from understudy.model.campaign import DEFAULT_SYSTEMS, CandidateSpec
from understudy.model.case import Case, Trigger, Turn
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError
from understudy.model.finding import Finding
from understudy.model.jsonl import read_json, write_json
from understudy.model.money import Money
from understudy.model.package import resolve_document
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal
from understudy.model.suite import Scenario, ScenarioAction, Suite
from understudy.model.world import World
from understudy.shadow.plan import ShadowPlan
from understudy.shadow.runner import run_shadow
from understudy.systems.routes import operations

__all__ = ["Tried", "load_rows", "load_suite", "try_scenario"]

_NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tried:
    """How often a scenario was run, how often it held, and what was wrong the first time."""

    runs: int
    held: int
    needed: int
    broken: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether it held often enough."""
        return self.held >= self.needed


def load_suite(path: Path) -> Suite:
    """Read a suite; raises `ConfigurationError` with file and line."""
    return load_document(path, Suite)


def try_scenario(scenario: Scenario, use: str, folder: Path, policy: str = "standard") -> Tried:
    """Run a scenario in a sealed process as often as it asks for, and judge each run."""
    _refuse_unserved(scenario)
    prices = PriceList.from_policy(
        load_document(resolve_document(policy, "policies", folder=folder), Policy)
    )
    proposals: list[Proposal] = []
    with tempfile.TemporaryDirectory(prefix="scenario-") as place:
        plan = _plan(scenario, use, folder, Path(place))
        report = run_shadow(plan, lambda record: proposals.append(record.proposal))
    if not report.valid:
        raise ConfigurationError(
            f"the wall does not hold here: {', '.join(report.self_test.leaks)}",
            code="U301",
            hint="understudy doctor",
        )
    verdicts = [_broken(scenario, proposal, prices) for proposal in proposals]
    broken = next((each for each in verdicts if each), ())
    return Tried(
        runs=len(verdicts),
        held=sum(not each for each in verdicts),
        needed=scenario.passes or scenario.repeats,
        broken=broken,
    )


def load_rows(path: Path) -> World:
    """The world of one scenario, in the candidate's process."""
    tables = read_json(path, dict[str, dict[str, dict[str, Any]]])
    return World(tables, now=int(_NOW.timestamp()))


def _plan(scenario: Scenario, use: str, folder: Path, place: Path) -> ShadowPlan:
    write_json(place / "world.json", _tables(scenario))
    return ShadowPlan(
        world=place / "world.json",
        world_loader="understudy.campaign.scenarios:load_rows",
        cases=[_case(scenario)],
        candidate=CandidateSpec(name="candidate", use=use),
        systems=DEFAULT_SYSTEMS,
        run_folder=place / "run",
        project=project_folder(use, folder),
        repeats=scenario.repeats,
        faults=scenario.faults,
    )


def _refuse_unserved(scenario: Scenario) -> None:
    """What a suite may say and nothing acts on yet is an error: silence would pass the case."""
    asked = {
        "mess": bool(scenario.mess),
        "expect.fallback": scenario.expect is not None and scenario.expect.fallback is not None,
    }
    for key, given in asked.items():
        if given:
            raise ConfigurationError(
                f"`{key}` of case `{scenario.id}` is not acted on yet",
                code="U119",
                hint="write the damaged rows under `world:`, or expect `escalated: true`",
            )


def _tables(scenario: Scenario) -> dict[str, dict[str, dict[str, Any]]]:
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    for name, rows in scenario.world.items():
        for row in rows:
            if not isinstance(row.get("id"), str):
                raise ConfigurationError(
                    f"a row of `{name}` in case `{scenario.id}` needs an `id` in quotation marks"
                )
            tables.setdefault(name, {})[row["id"]] = row
    return tables


def _case(scenario: Scenario) -> Case:
    trigger = scenario.trigger
    return Case(
        # A candidate sees the case's id, and must not learn from it what is expected.
        case_id=hashlib.blake2b(scenario.id.encode(), digest_size=6).hexdigest(),
        scenario=scenario.scenario or scenario.id,
        cluster_id=scenario.id,
        trigger=Trigger(system=trigger.system, type=trigger.type, payload=trigger.payload),
        turns=tuple(Turn(role="customer", text=text, at=_NOW) for text in scenario.turns),
        received_at=_NOW,
        tier=scenario.tier,
        tags=scenario.tags,
    )


def _broken(scenario: Scenario, proposal: Proposal, prices: PriceList) -> tuple[str, ...]:
    """Every expectation that does not hold, as a line each."""
    case = _case(scenario)
    lines = []
    if proposal.failure is not None:
        lines.append(f"the candidate failed: {proposal.failure.reason} {proposal.failure.detail}")
    baseline = _baseline(scenario, case.case_id)
    findings: tuple[Finding, ...] = ()
    if baseline is not None:
        findings = explain(case, proposal, [baseline], prices).findings
    limit = scenario.expect.cost_at_most if scenario.expect else None
    cost = sum(finding.cost_minor for finding in findings)
    if cost > (limit.minor if limit else 0):
        currency = prices.policy.currency
        lines += [
            f"{one.kind} ({one.severity}) {Money(one.cost_minor, currency)}: {one.explanation}"
            for one in findings
        ]
    return (*lines, *_unmet(scenario, proposal))


def _unmet(scenario: Scenario, proposal: Proposal) -> list[str]:
    expect = scenario.expect
    if expect is None:
        return []
    escalated = proposal.outcome is Outcome.ESCALATED
    lines = []
    if expect.escalated is not None and escalated is not expect.escalated:
        lines.append(f"escalated is {escalated}, expected {expect.escalated}")
    writes = [
        action.operation
        for action in proposal.actions
        if action.effect is not Effect.READ and not action.escalates and not action.refused
    ]
    if expect.no_writes and writes:
        lines.append(f"wrote {', '.join(writes)}, expected no writes")
    return lines


def _baseline(scenario: Scenario, case_id: str) -> Baseline | None:
    expected = scenario.baseline or scenario.expect
    if expected is None or expected.actions is None:
        return None
    known = {operation.name: operation for operation in operations()}
    actions = tuple(_action(each, known) for each in expected.actions)
    escalates = any(action.operation == ESCALATION_OPERATION for action in actions)
    return Baseline(
        case_id=case_id,
        baseline_id=f"{scenario.id}/expected",
        source=BaselineSource.POLICY,
        outcome=Outcome.ESCALATED if escalates else Outcome.ACTED,
        actions=actions,
        reply_facts=scenario.baseline.reply_facts if scenario.baseline else (),
    )


def _action(written: ScenarioAction, known: Mapping[str, Any]) -> Action:
    operation = known.get(written.operation)
    target = written.target
    return Action(
        system=written.operation.partition(".")[0],
        operation=written.operation,
        target=Target(type=target["type"], id=target.get("id")) if target else None,
        fields=written.fields,
        amount_minor=written.amount.minor if written.amount else None,
        currency=written.amount.currency if written.amount else None,
        effect=operation.effect if operation else Effect.WRITE,
        reversible_by=operation.reversible_by if operation else None,
    )
