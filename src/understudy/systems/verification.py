"""How far the mocks agree with a recording: by operation, and in what the others differ."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from understudy.model.interaction import Interaction
from understudy.systems.likeness import Aspect, Unlike

__all__ = ["Difference", "OperationLikeness", "Tally", "Verification"]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which one answer of ours differs from the recorded one."""

    interaction_id: str
    operation: str
    aspect: Aspect
    detail: str


class OperationLikeness(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers of one operation agree, and in what the others differ."""

    operation: str
    played: int
    agreed: int
    differing: dict[Aspect, int] = {}

    @property
    def share(self) -> float:
        """The share that agrees."""
        return self.agreed / self.played


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What playing a recording has shown.

    `unanswered` requests have no recorded answer, `foreign` ones went to systems that are not
    mounted, and to `busy` ones the vendor said that it was busy or broken, which no request
    brings about. None of them is played.
    """

    operations: tuple[OperationLikeness, ...] = ()
    differences: tuple[Difference, ...] = ()
    unanswered: int = 0
    foreign: int = 0
    busy: int = 0

    @property
    def played(self) -> int:
        """How many requests were played."""
        return sum(each.played for each in self.operations)

    @property
    def agreed(self) -> int:
        """How many answers agree in status, fields, types and errors."""
        return sum(each.agreed for each in self.operations)

    @property
    def share(self) -> float | None:
        """The share of answers that agree, or None where nothing could be played."""
        return self.agreed / self.played if self.played else None


@dataclass(slots=True)
class Tally:
    """Sums up by operation."""

    played: dict[str, int] = field(default_factory=dict)
    agreed: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    unanswered: int = 0
    foreign: int = 0
    busy: int = 0

    def add(self, interaction: Interaction, operation: str, found: list[Unlike]) -> None:
        """Count one answer."""
        self.played[operation] = self.played.get(operation, 0) + 1
        self.agreed[operation] = self.agreed.get(operation, 0) + (not found)
        self.differences += [
            Difference(
                interaction_id=interaction.interaction_id,
                operation=operation,
                aspect=each.aspect,
                detail=each.detail,
            )
            for each in found
        ]

    def total(self) -> Verification:
        """Everything that was counted."""
        return Verification(
            operations=tuple(self._of(name) for name in sorted(self.played)),
            differences=tuple(self.differences),
            unanswered=self.unanswered,
            foreign=self.foreign,
            busy=self.busy,
        )

    def _of(self, operation: str) -> OperationLikeness:
        seen = {(d.interaction_id, d.aspect) for d in self.differences if d.operation == operation}
        aspects = [aspect for _, aspect in sorted(seen)]
        return OperationLikeness(
            operation=operation,
            played=self.played[operation],
            agreed=self.agreed[operation],
            differing={aspect: aspects.count(aspect) for aspect in dict.fromkeys(aspects)},
        )
