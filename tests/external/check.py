"""One run file judged by effects, beside the verdicts that the file carries for itself."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.external.airline import Airline
from tests.external.books import Books, Dialect
from tests.external.retail import Retail

from understudy.cost.price_list import PriceList
from understudy.diff.consistency import Reconciled, reconcile
from understudy.diff.effects import Effects, compare_effects
from understudy.diff.explain import explain
from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.document import load_document
from understudy.model.package import resolve_document
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal
from understudy.redact.key import RedactionKey
from understudy.traffic.dialogues.tau import import_tau
from understudy.traffic.proposals import read_proposals
from understudy.traffic.recording import read_recording
from understudy.traffic.report import ImportReport

__all__ = ["STATES", "Checked", "Run", "check_file", "missing_states"]

STATES = Path(__file__).parents[3] / "shared" / "data" / "tau"
_FILES = {
    "retail": ("tau2-retail-db.json",),
    "airline": ("airline-flights.json", "airline-reservations.json", "airline-users.json"),
}
_SYSTEMS: Mapping[str, type[Books]] = {"retail": Retail, "airline": Airline}
_PASSED = 1 - 1e-6


@dataclass(frozen=True, slots=True)
class Run:
    """One recorded run: our view of it, and the log's."""

    case: Case
    proposal: Proposal
    effects: Effects
    judged: Reconciled

    @property
    def state_agrees(self) -> bool | None:
        """Whether our verdict on the end state is the log's; None where the log has none."""
        recorded = self.proposal.recorded.state_match if self.proposal.recorded else None
        return None if recorded is None else recorded is self.effects.equal

    @property
    def passed(self) -> bool:
        """What the log's own reward says."""
        reward = self.proposal.recorded.reward if self.proposal.recorded else None
        return (reward or 0) >= _PASSED

    @property
    def reward_agrees(self) -> bool:
        """Whether the outcome costs nothing exactly where the log's reward is whole."""
        return self.passed is (self.judged.outcome_cost_minor == 0)


@dataclass(frozen=True, slots=True)
class Checked:
    """A whole file."""

    path: Path
    dialect: Dialect
    report: ImportReport
    runs: tuple[Run, ...]
    foreign: int = 0
    """Runs of domains that have no system here."""

    def lines(self) -> Iterator[str]:
        """The table's lines for a terminal, with every disagreement in words."""
        stated = [run.state_agrees for run in self.runs if run.state_agrees is not None]
        costs = sum(run.judged.outcome_cost_minor for run in self.runs)
        yield f"{self.path.name}: {len(self.runs)} runs of {self.report.manifest.records} records"
        if stated:
            yield f"  end state agrees with the log's in {sum(stated)} of {len(stated)}"
        agreeing = sum(run.reward_agrees for run in self.runs)
        yield f"  outcome costs 0 exactly where the log passes in {agreeing} of {len(self.runs)}"
        yield f"  {self.report.remarks[-1]}"
        yield f"  outcome error cost {costs / 100:.2f}; process findings apart: {self._process()}"
        if self.foreign:
            yield f"  {self.foreign} runs of other domains, which have no system here"
        for run in self.runs:
            if run.state_agrees is False or not run.reward_agrees:
                yield from _told(run)
        yield from (f"  not used: {place}: {why}" for place, why in self.report.quarantined)

    def _process(self) -> str:
        kinds = Counter(one.kind.value for run in self.runs for one in run.judged.process)
        return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"


def check_file(path: Path, states: Path = STATES) -> Checked:
    """Judge every run of a tau-bench or tau²-bench file of the two domains."""
    with tempfile.TemporaryDirectory() as folder:
        out, proposed = Path(folder) / "recording", Path(folder) / "proposed.jsonl"
        report = import_tau(path, out, proposed, key=RedactionKey())
        recording = read_recording(out)
        proposals = {one.case_id: one for one in read_proposals(proposed)}
    dialect = Dialect(report.format)
    prices = PriceList.from_policy(
        load_document(resolve_document("standard", "policies", folder=Path.cwd()), Policy)
    )
    runs = tuple(
        _run(case, proposals[case.case_id], recording.baselines_of(case.case_id), prices,
             opening(case.scenario, dialect, states))
        for case in recording.cases if case.scenario in _SYSTEMS
    )  # fmt: skip
    return Checked(path, dialect, report, runs, len(recording.cases) - len(runs))


def opening(domain: str, dialect: Dialect, states: Path = STATES) -> Callable[[], Books]:
    """What opens the domain's system in its initial state."""
    return partial(_SYSTEMS[domain], initial_state(domain, states), dialect)


@cache
def initial_state(domain: str, states: Path = STATES) -> Mapping[str, Mapping[str, Any]]:
    """The tables of one domain, read once and never written to."""
    files = [json.loads((states / name).read_text(encoding="utf-8")) for name in _FILES[domain]]
    if domain == "airline":
        return dict(zip(("flights", "reservations", "users"), files, strict=True))
    whole: Mapping[str, Mapping[str, Any]] = files[0]
    return whole


def missing_states(states: Path = STATES) -> list[str]:
    """The files of initial states that are not there."""
    names = [name for files in _FILES.values() for name in files]
    return [name for name in names if not (states / name).is_file()]


def _run(
    case: Case,
    proposal: Proposal,
    baselines: Sequence[Baseline],
    prices: PriceList,
    opened: Callable[[], Books],
) -> Run:
    effects = compare_effects(opened, baselines[0].actions, proposal.actions)
    explanation = explain(case, proposal, baselines, prices)
    return Run(case, proposal, effects, reconcile(case, explanation, effects, prices))


def _told(run: Run) -> Iterator[str]:
    recorded = run.proposal.recorded
    yield f"  - {run.case.case_id}: the log says {recorded}; our findings:"
    yield from (f"      {one.kind.value}: {one.explanation}" for one in run.judged.outcome)
    yield from (f"      {each}" for each in run.effects.differences)
