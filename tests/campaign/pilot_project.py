"""A recording that is made in a moment, and recorded proposals on it, judged in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from understudy.campaign.finish import Finished
from understudy.campaign.judging.recorded import JudgeRequest, judge_recorded
from understudy.campaign.pilot.suites import enter_suites
from understudy.model.action import Action, Effect, Target
from understudy.model.baseline import Baseline, BaselineSource, Outcome
from understudy.model.case import Case, Trigger
from understudy.model.jsonl import write_lines
from understudy.model.pilot import SuiteResult
from understudy.model.proposal import Failure, Proposal
from understudy.model.verdict import Stage
from understudy.traffic.recording import Provenance, write_recording

GATES = "version: 1\ngates:\n  - {id: G1, metric: critical_findings, limit: 0}\n" + (
    "  - {id: G2, metric: error_cost_per_case}\n"
)
POLICY = """version: 1
owner: {name: Fred, role: finance, date: 2026-01-01}
operations: {stripe.payouts.create: {class: read_only}}
"""


def reply(number: int, text: str = "We look into it.") -> Action:
    """A public reply on the ticket of a case."""
    return Action(
        system="zendesk",
        operation="zendesk.tickets.public_reply",
        target=Target(type="ticket", id=str(number)),
        fields={"body": text},
        effect=Effect.WRITE,
        action_class="automated",
    )


def payout(number: int) -> Action:
    """What the policy lets nobody do."""
    return Action(
        system="stripe",
        operation="stripe.payouts.create",
        target=Target(type="payout", id=f"po_{number}"),
        fields={"amount": 500},
        amount_minor=500,
        currency="EUR",
        effect=Effect.PAY,
    )


class Desk:
    """A folder with a recording of equal cases, and judgements of proposals on it."""

    def __init__(self, folder: Path, cases: int = 400) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.cases = cases
        self.reports = folder / "reports"
        self.recording = folder / "rec"
        self.gates = folder / "gates.yaml"
        self.gates.write_text(GATES)
        self.policy = folder / "policy.yaml"
        self.policy.write_text(POLICY)
        self._record()

    def handled(self, number: int) -> tuple[Outcome, tuple[Action, ...]]:
        """What people did."""
        return Outcome.ACTED, (reply(number),)

    def customer(self, number: int) -> str:
        """Whose case it is."""
        return f"cus-{number}"

    def scenario(self, number: int) -> str:
        """What the case is called."""
        return "reply"

    def _record(self) -> None:
        trigger = Trigger(system="zendesk", type="ticket.created", payload={})
        cases = [
            Case(
                case_id=f"case-{n}",
                scenario=self.scenario(n),
                cluster_id=self.customer(n),
                trigger=trigger,
            )
            for n in range(self.cases)
        ]
        baselines = [
            Baseline(
                case_id=case.case_id,
                baseline_id=f"{case.case_id}-human",
                source=BaselineSource.HUMAN,
                outcome=self.handled(n)[0],
                actions=self.handled(n)[1],
            )
            for n, case in enumerate(cases)
        ]
        write_recording(
            self.recording,
            provenance=Provenance(format="jsonl", records=self.cases, kept=self.cases),
            cases=cases,
            baselines=baselines,
        )

    def judge(
        self,
        name: str = "agent",
        act: Callable[[int], Iterable[Action]] = lambda number: (reply(number),),
        policy: str | None = None,
        out: Path | None = None,
        stage: Stage = Stage.SHADOW,
        authors: tuple[str, ...] = (),
        failure: Failure | None = None,
        cases: int | None = None,
    ) -> Finished:
        """Judge what `act` proposes for each case."""
        proposed = self.folder / f"{name}.jsonl"
        write_lines(
            proposed,
            [
                Proposal(case_id=f"case-{n}", actions=tuple(act(n)), failure=failure)
                for n in range(self.cases if cases is None else cases)
            ],
        )
        request = JudgeRequest(
            self.recording,
            proposed,
            policy or str(self.policy),
            str(self.gates),
            out,
            self.reports,
            stage,
            authors,
        )
        return judge_recorded(request, lambda *_: None)

    def tried(self, run: Finished, held: int = 12) -> None:
        """Enter a suite of twelve scenarios for the candidate of a run."""
        candidate = run.folder.read_manifest().hashes["candidate"]
        result = SuiteResult(
            suite="scenarios/replies.yaml",
            digest="0" * 64,
            candidate_hash=str(candidate),
            scenarios=12,
            held=held,
        )
        enter_suites(self.reports, [result])

    def amend(self, path: Path, **changes: object) -> None:
        """Change keys of a JSON file."""
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
