"""The simulated reviewer at the desk, who knows what people did about the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.policy import Review

__all__ = ["DeskReviewer"]


class Baselines(Protocol):
    """Something that knows what people did."""

    def baselines_of(self, case_id: str) -> Sequence[Baseline]:
        """What they did about a case."""


@dataclass(slots=True)
class DeskReviewer:
    """Decides approvals from a case's baselines; sees an error only so often.

    What people did as well is approved. Of anything else the share `catch_rate` is seen: another
    amount is modified into theirs, a case that they handed over is escalated, the rest rejected.
    What is not seen is approved. The draw depends on seed, case, repeat and number alone.
    """

    recording: Baselines
    review: Review
    seed: int

    def __call__(self, case_id: str, repeat: int, number: int, asked: Mapping[str, Any]) -> Any:
        """The fields of the approval that change with the decision, and after how many seconds."""
        wish = _Wish.of(asked.get("action"))
        baselines = self.recording.baselines_of(case_id)
        theirs = [action for baseline in baselines for action in baseline.actions]
        same = [action for action in theirs if wish.names(action)]
        decision: dict[str, Any] = {"status": "approved"}
        if not any(wish.equals(action) for action in same) and self._sees(case_id, repeat, number):
            decision = _objection(same, theirs)
        return {**decision, "after_seconds": self.review.delay.total_seconds()}

    def _sees(self, case_id: str, repeat: int, number: int) -> bool:
        text = f"{self.seed}\x1freview\x1f{case_id}\x1f{repeat}\x1f{number}"
        drawn = int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) / 2**64
        return drawn < self.review.catch_rate


@dataclass(frozen=True, slots=True)
class _Wish:
    """What an approval was asked for, as far as it says."""

    operation: str
    target: str | None
    amount: int | None

    @classmethod
    def of(cls, action: Any) -> _Wish:
        if isinstance(action, str):
            return cls(action.strip(), None, None)
        given = action if isinstance(action, Mapping) else {}
        target = given.get("target")
        target = target.get("id") if isinstance(target, Mapping) else target
        amount = given.get("amount_minor", given.get("amount"))
        return cls(
            str(given.get("operation", "")),
            None if target is None else str(target),
            amount if isinstance(amount, int) and not isinstance(amount, bool) else None,
        )

    def names(self, action: Action) -> bool:
        known = action.target.id if action.target else None
        return action.operation == self.operation and self.target in (None, known)

    def equals(self, action: Action) -> bool:
        return self.amount is None or self.amount == action.amount_minor


def _objection(same: list[Action], theirs: list[Action]) -> dict[str, Any]:
    if same:
        amended = {"operation": same[0].operation, "amount": same[0].amount_minor}
        return {"status": "modified", "approved_action": amended}
    if any(action.escalates for action in theirs):
        return {"status": "escalated"}
    return {"status": "rejected"}
