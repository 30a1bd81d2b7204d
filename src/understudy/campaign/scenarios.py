"""Hand-written cases: run one through a candidate, and say what differs from what is expected."""

from __future__ import annotations

import functools
import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from understudy.campaign.customer import Customers
from understudy.campaign.models import ModelPlan, model_service
from understudy.campaign.mounting import mounted_systems, own_places, settings_of
from understudy.campaign.pasted_keys import refuse_pasted_keys
from understudy.campaign.project import project_folder
from understudy.campaign.proofreading import proofread_suite
from understudy.campaign.reviewer import DeskReviewer
from understudy.cost.price_list import PriceList
from understudy.diff.explain import explain
from understudy.doors.gateway_faults import is_about_models
from understudy.doors.gateway_wire import Exchange
from understudy.doors.self_test import self_test
from understudy.model.action import ESCALATION_OPERATION, Action, Effect, Target
from understudy.model.baseline import Baseline, BaselineSource, Outcome
from understudy.model.campaign import (
    CandidateSpec,
    ModelMode,
    ModelSettings,
    SystemUse,
)
from understudy.model.case import Case, Trigger, Turn
from understudy.model.customer_settings import CustomerSettings
from understudy.model.document import load_document, parse_document, read_document
from understudy.model.errors import ConfigurationError
from understudy.model.finding import Finding
from understudy.model.jsonl import read_json, read_lines, write_json
from understudy.model.money import Money
from understudy.model.package import resolve_document
from understudy.model.policy import Policy
from understudy.model.proposal import CaseRecord, FaultCount, Proposal
from understudy.model.suite import Scenario, ScenarioAction, Suite
from understudy.model.system_settings import SystemSettings
from understudy.model.world import World
from understudy.shadow.models import ModelService
from understudy.shadow.plan import ShadowPlan, ShadowReport
from understudy.shadow.runner import run_shadow
from understudy.systems.routes import operations

__all__ = ["LoadedSuite", "Tried", "load_rows", "load_suite", "try_scenario"]

# Once for all scenarios of a process: they follow each other on the same machine.
_tested = functools.cache(self_test)
_NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tried:
    """How often a scenario was run, how often it held, and what was wrong the first time."""

    runs: int
    held: int
    needed: int
    broken: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What should be known of it though it holds, as a fault that never acted."""

    @property
    def passed(self) -> bool:
        """Whether it held often enough."""
        return self.held >= self.needed


@dataclass(frozen=True, slots=True)
class LoadedSuite:
    """A suite that has been read and proofread, with the policy that it is judged by."""

    suite: Suite
    folder: Path
    lines: Mapping[str, int]
    """The line on which each scenario begins."""
    equipment: tuple[SystemSettings, ...]

    def policy(self, asked: str) -> Policy:
        """The suite's own policy, else the one that is asked for."""
        named = self.suite.policy or asked
        return load_document(resolve_document(named, "policies", folder=self.folder), Policy)


def load_suite(path: Path) -> LoadedSuite:
    """Read a suite; raises `ConfigurationError` with file and line."""
    document = read_document(path)
    refuse_pasted_keys(document)
    suite = parse_document(document, Suite)
    proofread_suite(suite, document)
    used = [each.settings for each in suite.systems.values() if isinstance(each, SystemUse)]
    folder = path.resolve().parent
    return LoadedSuite(
        suite,
        folder,
        {case.id: document.lines[("cases", index)] for index, case in enumerate(suite.cases)},
        settings_of(dict.fromkeys(each for each in used if each is not None), folder),
    )


def try_scenario(
    loaded: LoadedSuite, scenario: Scenario, use: str | None, policy: str = "standard"
) -> Tried:
    """Run a scenario in a sealed process as often as it asks for, and judge each run.

    `use` is the candidate, in place of the one that the suite names.
    """
    _refuse_unserved(scenario)
    rules = loaded.policy(policy)
    records: list[CaseRecord] = []
    with tempfile.TemporaryDirectory(prefix="scenario-") as place:
        plan = _plan(loaded, scenario, use, rules, Path(place))
        report = run_shadow(plan, records.append)
    if not report.valid:
        raise ConfigurationError(
            f"the wall does not hold here: {', '.join(report.self_test.leaks)}",
            code="U301",
            hint="understudy doctor",
        )
    prices = PriceList.from_policy(rules)
    verdicts = [_broken(scenario, record.proposal, prices) for record in records]
    return Tried(
        runs=scenario.repeats,
        held=sum(not each for each in verdicts),
        needed=scenario.passes or scenario.repeats,
        broken=next((each for each in verdicts if each), ()),
        notes=tuple(_notes(report, records)),
    )


def _notes(report: ShadowReport, records: Sequence[CaseRecord]) -> Iterator[str]:
    """What a result does not show by itself."""
    counts: dict[str, FaultCount] = {}
    for record in records:
        for fault, count in record.faults.items():
            counts[fault] = counts.get(fault, FaultCount()) + count
    for fault, count in counts.items():
        if count.idle is not None:
            yield f"a planned fault never acted, {fault}: {count.idle}"
    if report.unanswered:
        yield f"{report.unanswered:,} model calls: no answer was recorded or scripted for them"
    if report.stopped is not None:
        yield f"stopped by {report.stopped} after {report.run:,} of {report.planned:,} runs"


def load_rows(path: Path) -> World:
    """The world of one scenario, in the candidate's process."""
    tables = read_json(path, dict[str, dict[str, dict[str, Any]]])
    return World(tables, now=int(_NOW.timestamp()))


def _plan(
    loaded: LoadedSuite, scenario: Scenario, use: str | None, policy: Policy, place: Path
) -> ShadowPlan:
    suite, folder, case = loaded.suite, loaded.folder, _case(scenario)
    given = suite.candidate
    candidate = given if use is None else given.model_copy(update={"use": use})
    write_json(place / "world.json", _tables(scenario))
    return ShadowPlan(
        world=place / "world.json",
        world_loader="understudy.campaign.scenarios:load_rows",
        cases=[case],
        candidate=candidate,
        systems=mounted_systems(suite.systems, folder),
        paths=own_places(suite.systems, folder),
        equipment=tuple(each.model_dump(mode="json") for each in loaded.equipment),
        run_folder=place / "run",
        project=project_folder(candidate.spec, folder),
        seed=suite.seed,
        repeats=scenario.repeats,
        faults=tuple(fault for fault in scenario.faults if not is_about_models(fault)),
        writes=policy.write_modes(),
        decide=DeskReviewer(_Expected(scenario, case.case_id), policy.review, suite.seed),
        models=_models(loaded, scenario, candidate, case.case_id),
        converse=Customers({case.case_id: case}, (), CustomerSettings().most_turns),
        tester=_tested,
    )


@dataclass(frozen=True, slots=True)
class _Expected:
    """What a scenario expects, as what people did."""

    scenario: Scenario
    case_id: str

    def baselines_of(self, case_id: str) -> Sequence[Baseline]:
        """The one baseline, where the scenario says what is to be done."""
        known = _baseline(self.scenario, self.case_id) if case_id == self.case_id else None
        return [] if known is None else [known]


def _models(
    loaded: LoadedSuite, scenario: Scenario, candidate: CandidateSpec, case_id: str
) -> ModelService | None:
    """The scenario's models. Each scenario is a run of its own, and adds to what is recorded."""
    suite = loaded.suite
    settings = scenario.models or suite.models
    plan = ModelPlan(
        candidate, settings, loaded.folder, scenario.faults, suite.stop.budget, suite.seed
    )
    if candidate.models is ModelMode.RECORD and plan.serves_any:
        recording = loaded.folder / (settings or ModelSettings()).recording
        _refuse_recorded(recording, scenario, case_id)
    return model_service(plan, resumed=True)


def _refuse_recorded(recording: Path, scenario: Scenario, case_id: str) -> None:
    lines = read_lines(recording, Exchange) if recording.is_file() else ()
    if any(each.scope.partition("#")[0] == case_id for each in lines):
        raise ConfigurationError(
            f"`{recording}` holds recorded answers of case `{scenario.id}` already",
            code="U177",
            hint="replay them with `models: replay`, or remove the file",
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
