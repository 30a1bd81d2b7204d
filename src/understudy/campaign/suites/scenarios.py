"""Hand-written cases: run one through a candidate, and say what differs from what is expected."""

from __future__ import annotations

import functools
import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from understudy.campaign.customers.customer import Customers
from understudy.campaign.models import ModelPlan, model_service
from understudy.campaign.one_case import case_text
from understudy.campaign.projects.mounting import mounted_systems, own_places, settings_of
from understudy.campaign.projects.pasted_keys import refuse_pasted_keys
from understudy.campaign.projects.project import project_folder
from understudy.campaign.projects.proofreading import proofread_suite
from understudy.campaign.reviewer import DeskReviewer
from understudy.campaign.suites.expectations import Expected, broken, expected_of
from understudy.campaign.suites.stage import Staged, staged
from understudy.cost.price_list import PriceList
from understudy.doors.gateway_wire import Exchange
from understudy.doors.self_test import self_test
from understudy.model.campaign import CandidateSpec, ModelMode, SystemUse
from understudy.model.case import Case, Trigger, Turn
from understudy.model.customer_settings import CustomerSettings
from understudy.model.document import Document, load_document, parse_document, read_document
from understudy.model.errors import ConfigurationError, SafetyError
from understudy.model.jsonl import read_lines
from understudy.model.package import resolve_document
from understudy.model.policy import Policy
from understudy.model.proposal import CaseRecord, FaultCount, Proposal
from understudy.model.suite import Scenario, Suite
from understudy.model.system_settings import SystemSettings
from understudy.model.world import World
from understudy.shadow.models import ModelService
from understudy.shadow.plan import ShadowPlan, ShadowReport
from understudy.shadow.runner import run_shadow
from understudy.shadow.standing import StandingCrews
from understudy.systems.odd_rows import odd_rows

__all__ = [
    "LoadedSuite",
    "Tried",
    "candidate_of",
    "load_suite",
    "scenario_of",
    "try_scenario",
    "whole_case",
]

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
    """The first run that did not hold, as a table; see `expectations`."""
    notes: tuple[str, ...] = ()
    """What should be known of it though it holds, as a fault that never acted."""
    records: tuple[CaseRecord, ...] = field(default=(), repr=False)
    """What each run left behind."""

    def __str__(self) -> str:
        often = f"held in {self.held} of {self.runs} runs, needed in {self.needed}"
        return "\n".join([often, *self.broken])

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """What the candidate did in each run."""
        return tuple(record.proposal for record in self.records)

    @property
    def passed(self) -> bool:
        """Whether it held often enough."""
        return self.held >= self.needed


@dataclass(frozen=True, slots=True)
class LoadedSuite:
    """A suite that has been read and proofread, with the policy that it is judged by."""

    suite: Suite
    folder: Path
    scenarios: Mapping[str, Scenario]
    """What is run, by id: each case, or each variant of one."""
    lines: Mapping[str, int]
    """The line on which each of them begins."""
    equipment: tuple[SystemSettings, ...]

    def policy(self, asked: str) -> Policy:
        """The suite's own policy, else the one that is asked for."""
        named = self.suite.policy or asked
        path = Path(resolve_document(named, "policies", folder=self.folder))
        return _policy(path, path.stat().st_mtime_ns if path.is_file() else 0)


@functools.lru_cache(8)
def _policy(path: Path, written: int) -> Policy:
    """A policy, read once for all scenarios as long as nobody writes it anew."""
    del written
    return load_document(path, Policy)


def load_suite(path: Path) -> LoadedSuite:
    """Read a suite; raises `ConfigurationError` with file and line."""
    document = read_document(path)
    refuse_pasted_keys(document)
    suite = parse_document(document, Suite)
    proofread_suite(suite, document)
    used = [each.settings for each in suite.systems.values() if isinstance(each, SystemUse)]
    folder = path.resolve().parent
    played = [
        (each, document.lines[("cases", index, *place)])
        for index, case in enumerate(suite.cases)
        for each, place in case.played()
    ]
    return LoadedSuite(
        suite,
        folder,
        {each.id: each for each, _ in played},
        {each.id: line for each, line in played},
        settings_of(dict.fromkeys(each for each in used if each is not None), folder),
    )


def scenario_of(written: Mapping[str, Any], folder: Path) -> LoadedSuite:
    """A suite of one case that is written in Python, with the keys that it has in YAML.

    Paths are relative to `folder`. Raises `ConfigurationError` with all that is wrong with it.
    """
    document = Document(f"case `{written.get('id')}`", {"version": 1, "cases": [dict(written)]})
    suite = parse_document(document, Suite)
    proofread_suite(suite, document)
    played = {each.id: each for case in suite.cases for each, _ in case.played()}
    return LoadedSuite(suite, folder, played, dict.fromkeys(played, 0), ())


def try_scenario(
    loaded: LoadedSuite,
    scenario: Scenario,
    use: str | None,
    policy: str = "standard",
    crews: StandingCrews | None = None,
) -> Tried:
    """Run a scenario in a sealed process as often as it asks for, and judge each run.

    `use` is the candidate, in place of the one that the suite names. `crews` keeps the process for
    the next scenario of the same candidate and settings.
    """
    rules = loaded.policy(policy)
    records: list[CaseRecord] = []
    play = _staged(loaded, scenario)
    with tempfile.TemporaryDirectory(prefix="scenario-") as place:
        plan = _plan(_Setting(loaded, scenario, rules, play), use, Path(place))
        report = run_shadow(plan, records.append, crews)
    if not report.valid:
        raise SafetyError(
            f"the wall does not hold here: {', '.join(report.self_test.leaks)}",
            code="U301",
            hint="understudy doctor",
        )
    prices, case = _prices(rules, play), _case(scenario)
    verdicts = [broken(scenario, case, record, prices) for record in records]
    return Tried(
        runs=scenario.repeats,
        held=sum(not each for each in verdicts),
        needed=scenario.passes or scenario.repeats,
        broken=next((each for each in verdicts if each), ()),
        notes=(
            *_notes(report, records),
            *(f"mess found nothing: {one}" for one in play.idle),
            *odd_rows(scenario.world),
        ),
        records=tuple(records),
    )


def whole_case(
    loaded: LoadedSuite, scenario: Scenario, tried: Tried, policy: str = "standard"
) -> str:
    """Every run of a scenario in full: trigger, both sides, what was tried, said and printed."""
    prices, case = _prices(loaded.policy(policy), _staged(loaded, scenario)), _case(scenario)
    wanted = [expected_of(scenario, record.proposal) for record in tried.records]
    return "\n".join(
        case_text(case, record, [one] if one else [], prices)
        for record, one in zip(tried.records, wanted, strict=True)
    )


def _staged(loaded: LoadedSuite, scenario: Scenario) -> Staged:
    return staged(scenario, int(_moment(scenario).timestamp()), loaded.suite.seed)


def _prices(policy: Policy, play: Staged) -> PriceList:
    stage = play.stage
    return PriceList.from_policy(policy, World(stage.rows, now=stage.now))


def candidate_of(loaded: LoadedSuite, use: str | None) -> CandidateSpec:
    """The candidate that a suite is run through: the one asked for, else the suite's own."""
    given = loaded.suite.candidate
    return given if use is None else given.model_copy(update={"use": use})


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


@dataclass(frozen=True, slots=True)
class _Setting:
    """A scenario with everything that it is played in."""

    loaded: LoadedSuite
    scenario: Scenario
    policy: Policy
    play: Staged


def _plan(setting: _Setting, use: str | None, place: Path) -> ShadowPlan:
    loaded, scenario, policy = setting.loaded, setting.scenario, setting.policy
    suite, folder, case = loaded.suite, loaded.folder, _case(scenario)
    candidate = candidate_of(loaded, use)
    return ShadowPlan(
        world=None,
        stage=setting.play.stage,
        cases=[case],
        candidate=candidate,
        systems=mounted_systems(suite.systems, folder),
        paths=own_places(suite.systems, folder),
        equipment=tuple(each.model_dump(mode="json") for each in loaded.equipment),
        run_folder=place / "run",
        project=project_folder(candidate.spec, folder),
        seed=suite.seed,
        repeats=scenario.repeats,
        writes=policy.write_modes(),
        decide=DeskReviewer(Expected(scenario, case.case_id), policy.review, suite.seed),
        models=_models(loaded, scenario, candidate, case.case_id),
        converse=Customers({case.case_id: case}, (), CustomerSettings().most_turns),
        tester=_tested,
    )


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
        _refuse_recorded(plan.recording, scenario, case_id)
    return model_service(plan, resumed=True)


def _refuse_recorded(recording: Path, scenario: Scenario, case_id: str) -> None:
    lines = read_lines(recording, Exchange) if recording.is_file() else ()
    if any(each.scope.partition("#")[0] == case_id for each in lines):
        raise ConfigurationError(
            f"`{recording}` holds recorded answers of case `{scenario.id}` already",
            code="U177",
            hint="replay them with `models: replay`, or remove the file",
        )


def _moment(scenario: Scenario) -> datetime:
    return scenario.trigger.at or _NOW


def _case(scenario: Scenario) -> Case:
    trigger, moment = scenario.trigger, _moment(scenario)
    return Case(
        # A candidate sees the case's id, and must not learn from it what is expected.
        case_id=hashlib.blake2b(scenario.id.encode(), digest_size=6).hexdigest(),
        scenario=scenario.scenario or scenario.id,
        cluster_id=scenario.id,
        trigger=Trigger(system=trigger.system, type=trigger.type, payload=trigger.payload),
        turns=tuple(Turn(role="customer", text=text, at=moment) for text in scenario.turns),
        received_at=moment,
        tier=scenario.tier,
        tags=scenario.tags,
    )
