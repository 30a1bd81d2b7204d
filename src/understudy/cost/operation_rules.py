"""What a policy says about one operation, by name or by pattern."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Self

from understudy.model.policy import OperationPolicy, Policy

__all__ = ["OperationRule", "OperationRules"]


@dataclass(frozen=True, slots=True)
class OperationRule:
    """The entry of `operations:` that applies, and the key it stands under."""

    key: str
    policy: OperationPolicy

    @property
    def clause(self) -> str:
        """How findings name it."""
        return f"operations.{self.key}"


@dataclass(frozen=True, slots=True)
class OperationRules:
    """The `operations:` of a policy; keys may be patterns such as `airline.*`.

    The exact name wins over any pattern, and a longer pattern over a shorter one.
    """

    patterns: tuple[tuple[str, OperationPolicy], ...]
    _known: dict[str | None, OperationRule | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    @classmethod
    def of_policy(cls, policy: Policy) -> Self:
        """The rules of one policy, the most specific first."""
        keys = sorted(policy.operations, key=lambda key: ("*" in key, -len(key), key))
        return cls(tuple((key, policy.operations[key]) for key in keys))

    def of(self, operation: str | None) -> OperationRule | None:
        """The rule for one operation, or None.

        >>> policy = Policy.model_validate(
        ...     {"version": 1, "operations": {"shop.*": {}, "shop.pay": {"severity": "high"}}})
        >>> rules = OperationRules.of_policy(policy)
        >>> rules.of("shop.pay").key, rules.of("shop.tag").key, rules.of("desk.escalate")
        ('shop.pay', 'shop.*', None)
        """
        if operation not in self._known:
            self._known[operation] = self._look_up(operation)
        return self._known[operation]

    def reading(self, operation: str) -> OperationRule | None:
        """The most specific rule that says how often an operation may be read, or None.

        >>> policy = Policy.model_validate(
        ...     {"version": 1, "operations": {"shop.*": {"reads": 3}, "shop.list": {}}})
        >>> OperationRules.of_policy(policy).reading("shop.list").policy.reads
        3
        """
        return next(
            (
                OperationRule(key, policy)
                for key, policy in self.patterns
                if policy.reads is not None and fnmatchcase(operation, key)
            ),
            None,
        )

    def _look_up(self, operation: str | None) -> OperationRule | None:
        if operation is None:
            return None
        for key, policy in self.patterns:
            if fnmatchcase(operation, key):
                return OperationRule(key, policy)
        return None
