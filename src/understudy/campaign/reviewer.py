"""The simulated reviewer at the desk, who knows what people did about the case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Protocol

import msgspec

from understudy.model.action import Action, Effect
from understudy.model.baseline import Baseline
from understudy.model.policy import Review
from understudy.model.proposal import Reviewed

__all__ = ["DeskReviewer"]


class Baselines(Protocol):
    """Something that knows what people did."""

    def baselines_of(self, case_id: str) -> Sequence[Baseline]:
        """What they did about a case."""


@dataclass(slots=True)
class DeskReviewer:
    """Decides approvals from a case's baselines; sees an error only so often.

    What people did as well is approved, and so is what only reads; a question that names no
    action is where they acted without handing the case over. Of anything else the share
    `catch_rate` is seen: another amount is modified into theirs, a case that they handed over is
    escalated, the rest rejected. What is not seen is approved. The draw depends on seed, case,
    repeat and number alone.

    Beside the share `seeded` of approvals the reviewer is shown one with an error put into it, as
    an amount ten times as high or another target. The candidate never learns of it; how many of
    those are seen says what the oversight is worth.
    """

    recording: Baselines
    review: Review
    seed: int
    _looks: dict[tuple[str, int], list[Reviewed]] = field(default_factory=lambda: defaultdict(list))

    def __call__(self, case_id: str, repeat: int, number: int, asked: Mapping[str, Any]) -> Any:
        """The fields of the approval that change with the decision, and after how many seconds."""
        wish = _Wish.of(asked.get("action"))
        baselines = self.recording.baselines_of(case_id)
        theirs = [action for baseline in baselines for action in baseline.actions]
        place = f"{case_id}\x1f{repeat}\x1f{number}"
        looks = self._looks[case_id, repeat]
        if number == 1:
            looks.clear()  # a case that is done again begins anew
        decision, look = self._decided(wish, theirs, f"review\x1f{place}")
        looks.append(look)
        if self._drawn(f"seeded\x1f{place}") < self.review.seeded:
            _, look = self._decided(wish.spoilt(), theirs, f"seeded review\x1f{place}")
            looks.append(msgspec.structs.replace(look, seeded=True))
        return {**decision, "after_seconds": self.review.delay.total_seconds()}

    def reviews(self, case_id: str, repeat: int) -> tuple[Reviewed, ...]:
        """What was looked at in a case that has ended; it is told once."""
        return tuple(self._looks.pop((case_id, repeat), ()))

    def _decided(
        self, wish: _Wish, theirs: list[Action], draw: str
    ) -> tuple[dict[str, Any], Reviewed]:
        """The decision about one wish, and what kind of look it was."""
        same = [action for action in theirs if wish.names(action)]
        wrong = not wish.harmless(theirs) and not any(wish.equals(action) for action in same)
        decision: dict[str, Any] = {"status": "approved"}
        if wrong and self._drawn(draw) < self.review.catch_rate:
            decision = _objection(same, theirs)
        look = Reviewed(
            wrong=wrong,
            approved=decision["status"] == "approved",
            after_seconds=self.review.delay.total_seconds(),
        )
        return decision, look

    def _drawn(self, text: str) -> float:
        whole = f"{self.seed}\x1f{text}".encode()
        return int.from_bytes(blake2b(whole, digest_size=8).digest()) / 2**64


@dataclass(frozen=True, slots=True)
class _Wish:
    """What an approval was asked for, as far as it says."""

    operation: str
    target: str | None
    amount: int | None
    reads: bool = False

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
            given.get("effect") == Effect.READ,
        )

    def spoilt(self) -> _Wish:
        """The same with an error that costs something."""
        if self.amount and self.operation:
            return replace(self, amount=self.amount * 10, reads=False)
        return replace(self, target=f"{self.target or ''}0", amount=None, reads=False)

    def harmless(self, theirs: list[Action]) -> bool:
        """Whether nothing that people did speaks against it."""
        nameless = not self.operation and self.target is None
        acted = bool(theirs) and not any(action.escalates for action in theirs)
        return self.reads or (nameless and acted)

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
