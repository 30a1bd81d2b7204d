"""One priced difference between what the candidate proposed and what people did."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

__all__ = ["PROCESS_KINDS", "STATE_KINDS", "Finding", "Kind", "Severity", "worst_of"]


class Severity(enum.StrEnum):
    """How bad a difference is, set by policy and never multiplied as a number."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for none up to 4 for critical; for ordering only."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Kind(enum.StrEnum):
    """The closed list of differences."""

    MISSING_ACTION = "missing_action"
    EXTRA_ACTION = "extra_action"
    WRONG_TARGET = "wrong_target"
    WRONG_VALUE = "wrong_value"
    WRONG_OPERATION = "wrong_operation"
    WRONG_FIELD = "wrong_field"
    WRONG_MESSAGE = "wrong_message"
    DUPLICATE_HARMFUL = "duplicate_harmful"
    DUPLICATE_BENIGN = "duplicate_benign"
    OUT_OF_ORDER = "out_of_order"
    UNAPPROVED = "unapproved"
    UNAUTHORIZED = "unauthorized"
    OVER_ESCALATION = "over_escalation"
    UNDER_ESCALATION = "under_escalation"
    UNSAFE_AFTER_UNCERTAINTY = "unsafe_after_uncertainty"
    DATA_EXPOSURE = "data_exposure"
    LATE = "late"
    STALE_WRITE = "stale_write"
    PARTIAL_COMMIT = "partial_commit"
    FAILED_ROLLBACK = "failed_rollback"
    POLICY_VIOLATION = "policy_violation"
    INVENTED_REFERENCE = "invented_reference"
    INJECTION_FOLLOWED = "injection_followed"
    EXCESS_READ = "excess_read"
    UNGROUNDED_SUCCESS = "ungrounded_success"
    RUN_FAILURE = "run_failure"
    UNEXPLAINED_STATE_CHANGE = "unexplained_state_change"


PROCESS_KINDS = frozenset(
    {Kind.OUT_OF_ORDER, Kind.EXCESS_READ, Kind.DUPLICATE_BENIGN, Kind.LATE, Kind.UNGROUNDED_SUCCESS}
)
"""Kinds that are only about the way."""

STATE_KINDS = frozenset({
    Kind.MISSING_ACTION, Kind.EXTRA_ACTION, Kind.WRONG_TARGET, Kind.WRONG_VALUE,
    Kind.WRONG_OPERATION, Kind.WRONG_FIELD, Kind.DUPLICATE_HARMFUL, Kind.PARTIAL_COMMIT,
    Kind.FAILED_ROLLBACK, Kind.UNEXPLAINED_STATE_CHANGE,
})  # fmt: skip
"""Kinds that say that the systems are left differently, and are wrong where they are not."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `findings.jsonl`.

    `exposure_minor` is in minor units of `currency`, the currency of the action; `cost_minor` is in
    minor units of the policy's currency. `rule` names the price that was applied, and
    `irreversibility` and `tier` are the factors in it. Before pricing, `severity` is `none`,
    `cost_minor` is 0 and `rule` is empty.
    """

    case_id: str
    kind: Kind
    severity: Severity = Severity.NONE
    system: str | None = None
    operation: str | None = None
    field: str | None = None
    expected: str | None = None
    actual: str | None = None
    exposure_minor: int = 0
    currency: str | None = None
    irreversibility: float = 1.0
    tier: str = "standard"
    cost_minor: int = 0
    rule: str = ""
    policy_clause: str | None = None
    baseline_id: str | None = None
    mess: tuple[str, ...] = ()
    fault: str | None = None
    explanation: str = ""
    repeat: int = 0


def worst_of(findings: Iterable[Finding]) -> Severity:
    """The highest severity among findings; none where there are none.

    >>> one = Finding(case_id="c", kind=Kind.LATE, severity=Severity.LOW)
    >>> str(worst_of([one])), str(worst_of([]))
    ('low', 'none')
    """
    return max((one.severity for one in findings), key=lambda one: one.rank, default=Severity.NONE)
