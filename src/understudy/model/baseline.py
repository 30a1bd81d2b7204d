"""What people did about a case; there may be several acceptable answers."""

from __future__ import annotations

import enum

import msgspec

from understudy.model.action import Action

__all__ = ["Baseline", "BaselineSource", "Outcome"]


class Outcome(enum.StrEnum):
    """How somebody's handling of a case ended."""

    ACTED = "acted"
    ESCALATED = "escalated"
    ABSTAINED = "abstained"
    FAILED = "failed"


class BaselineSource(enum.StrEnum):
    """Who says that this answer is acceptable."""

    HUMAN = "human"
    ADJUDICATED = "adjudicated"
    POLICY = "policy"
    """Written down from the policy, as the reference actions of public benchmarks are."""


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """One acceptable handling of one case.

    `weight` is its share among the case's baselines (0 to 1). `reply_facts` are texts that a
    correct answer to the customer must contain.
    """

    case_id: str
    baseline_id: str
    source: BaselineSource = BaselineSource.HUMAN
    actor: str | None = None
    weight: float = 1.0
    outcome: Outcome = Outcome.ACTED
    cycle_time_ms: int | None = None
    actions: tuple[Action, ...] = ()
    reply_facts: tuple[str, ...] = ()
