"""What it is worth to let the candidate handle a case: F2 to F7, in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Self

from understudy.model.policy import Policy

__all__ = ["CaseEconomics"]


@dataclass(frozen=True, slots=True)
class CaseEconomics:
    """The costs around one case, in minor units of the policy's currency.

    Worked example, from the design's note: with H = 3.00, E_h = 0.80, M = 0.04, R = 0.75,
    catch rate 0.70, W = 0.05, X = 0.50 and an error cost of 1.10 a case is worth 2.66 automated,
    2.63 with approval, and -0.54 escalated.

    >>> costs = CaseEconomics(300, 80, 4, 75, Decimal("0.7"), 5, 50)
    >>> costs.automated(110), costs.with_approval(110), costs.escalated()
    (266, 263, -54)
    """

    human: int
    human_error: int
    model: int
    review: int
    catch_rate: Decimal
    rework: int
    overhead: int

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """The costs that a policy states; people's own error cost is 0 where it is unknown."""
        handling, review = policy.handling, policy.review
        error = handling.human_error_cost
        return cls(
            human=handling.human_cost.minor,
            human_error=error.minor if error else 0,
            model=handling.model_cost.minor,
            review=review.cost.minor,
            catch_rate=Decimal(str(review.catch_rate)),
            rework=review.rework.minor,
            overhead=handling.escalation_overhead.minor,
        )

    def automated(self, error_cost: int) -> int:
        """F2: `H + E_h - (E_c + M)`."""
        return self.human + self.human_error - error_cost - self.model

    def with_approval(self, error_cost: int) -> int:
        """F3: `H + E_h - (E_c * (1 - k) + R + W + M)`."""
        left = (error_cost * (1 - self.catch_rate)).to_integral_value(ROUND_HALF_EVEN)
        return self.human + self.human_error - int(left) - self.review - self.rework - self.model

    def escalated(self, error_cost: int = 0) -> int:
        """F4: `-(X + M)`, less what the candidate broke before it gave up."""
        return -(self.overhead + self.model) - error_cost

    def break_even(self) -> int:
        """F6: the error cost per case at which automation is worth nothing.

        >>> CaseEconomics(300, 80, 4, 75, Decimal("0.7"), 5, 50).break_even()
        376
        """
        return self.human + self.human_error - self.model
