"""The one document that a release manager signs: `verdict.json`."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from understudy.model.exit_code import ExitCode

__all__ = [
    "VERDICT_SCHEMA",
    "ActionClassEvidence",
    "CandidateRef",
    "CaseCounts",
    "Control",
    "ErrorCost",
    "FindingCount",
    "Funnel",
    "GateOutcome",
    "GateResult",
    "Hashes",
    "ModelTraffic",
    "NetValue",
    "Oversight",
    "Sensitivity",
    "Stage",
    "Verdict",
    "VerdictWord",
    "WallEvidence",
]

VERDICT_SCHEMA = "understudy/verdict/1"


class VerdictWord(enum.StrEnum):
    """The four answers."""

    GO = "GO"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a run that ends in this verdict."""
        return ExitCode[self.name]


class GateOutcome(enum.StrEnum):
    """What one gate says."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"


class Stage(enum.StrEnum):
    """The rung of the promotion ladder that a campaign asks for."""

    SHADOW = "shadow"
    DRAFT_ONLY = "draft_only"
    APPROVAL_REQUIRED = "approval_required"
    LIMITED_AUTONOMY = "limited_autonomy"
    FULL = "full"


class CandidateRef(msgspec.Struct, frozen=True, kw_only=True):
    """Which candidate was judged."""

    name: str
    version: str | None = None
    hash: str | None = None


class CaseCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many cases were planned and what became of them."""

    planned: int
    run: int
    judged: int
    failed: int = 0
    quarantined: int = 0
    contested: int = 0


class ErrorCost(msgspec.Struct, frozen=True, kw_only=True):
    """Error cost in minor units; `per_case` and `interval` are of the clipped cost."""

    currency: str
    total_minor: int
    per_case: float
    interval: tuple[float, float]
    limit: float
    human_per_case: float | None
    clipped_at: int


class NetValue(msgspec.Struct, frozen=True, kw_only=True):
    """What handing the work over would be worth, in minor units of the policy's currency."""

    per_case: float
    monthly: float | None = None
    payback_months: float | None = None


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """One limit on one measure, with its evidence."""

    id: str
    metric: str
    observed: float | int | None
    limit: float | int | None
    outcome: GateOutcome
    e_value: float | None = None
    cases_needed: int | None = None
    reason: str = ""


class ActionClassEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the run shows about one operation, in minor units."""

    operation: str
    cases: int
    error_cost: int
    recommended_class: str
    evidence: str


class FindingCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often one kind was found at one severity, and what it cost."""

    kind: str
    severity: str
    count: int
    cost_minor: int


class WallEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What stood between the candidate and the outside."""

    level: str
    self_test: str
    attempts: int = 0
    blocked: int = 0
    needs: tuple[str, ...] = ()
    expected: int = 0
    """Attempts on hosts that the campaign expects to be tried; blocked too, and counted apart."""


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """From what was imported to what was judged."""

    imported: int
    cases: int
    quarantined: int
    judged: int


class ModelTraffic(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent to one model provider."""

    provider: str
    requests: int
    bytes_out: int


class Hashes(msgspec.Struct, frozen=True, kw_only=True):
    """What the verdict is bound to."""

    policy: str | None = None
    gates: str | None = None
    prices: str | None = None
    recording: str | None = None
    world: str | None = None
    candidate: str | None = None
    prompt: str | None = None
    model: str | None = None
    tools: str | None = None
    harness: str | None = None


class Control(msgspec.Struct, frozen=True):
    """A candidate made from the baselines whose verdict is known beforehand.

    `told_apart` is None where the control could not be built; `note` says why, or what it showed.
    """

    name: str
    told_apart: bool | None
    note: str = ""


class Sensitivity(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict at other prices, with the same explanations of the differences."""

    prices: str
    verdict: str
    error_cost_per_case: float
    """Clipped, in minor units."""


class Oversight(msgspec.Struct, frozen=True, kw_only=True):
    """What the reviewer at the desk saw of the errors that came before them."""

    asked: int
    """Approvals that the candidate asked for."""
    wrong: int
    """Those of them that people did otherwise, and `caught` of these."""
    caught: int
    seeded: int
    """Errors that were put before the reviewer to measure them, and how many were seen."""
    seeded_caught: int
    catch_rate: float | None
    interval: tuple[float, float] | None
    mean_seconds: float


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`verdict.json`, whole."""

    verdict: VerdictWord
    exit_code: int
    reasons: tuple[str, ...]
    campaign: str
    run_id: str
    candidate: CandidateRef
    stage: Stage
    cases: CaseCounts
    error_cost: ErrorCost
    net_value: NetValue
    gates: tuple[GateResult, ...]
    action_classes: tuple[ActionClassEvidence, ...]
    findings: tuple[FindingCount, ...]
    wall: WallEvidence
    scope: str
    not_covered: tuple[str, ...]
    expires: str | None
    attempt: int
    prices_owned: bool
    funnel: Funnel
    model_traffic: tuple[ModelTraffic, ...]
    largest_uncapped_minor: int
    hashes: Hashes
    schema: str = VERDICT_SCHEMA
    external: dict[str, Any] | None = None
    """How the figures compare with verdicts that an imported log carries, where it does."""
    oversight: Oversight | None = None
    """What the approvals of this run were worth, where any were asked for."""
    controls: tuple[Control, ...] = ()
    """Whether the gates tell candidates apart whose verdict is known."""
    sensitivity: tuple[Sensitivity, ...] = ()
    amendments: tuple[str, ...] = ()
    """What was changed of the rules after the first case."""
