"""What it is worth to let the candidate handle a case: F2 to F7, in minor units."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

from understudy.cost.price_list import PriceList, half_even
from understudy.model.action import ActionClass
from understudy.model.cost import CaseCost
from understudy.model.errors import ConfigurationError
from understudy.model.policy import Policy
from understudy.model.proposal import MODEL_COST, MODEL_CURRENCY, Proposal

__all__ = ["CaseEconomics", "month_of", "values_by_class"]


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
    prices: PriceList | None = field(default=None, repr=False, compare=False)
    """Whose rates hold; without it every amount is in the policy's own currency."""

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
            prices=PriceList.from_policy(policy),
        )

    def models_of(self, proposals: Sequence[Proposal]) -> int | None:
        """What the model calls of a case have cost, as a mean over its repeats.

        Rounded to the candidate's disadvantage: a part of a cent counts as one. None where any of
        it is not known, for lack of a model's price or of a rate for its currency, or is no cost:
        less than nothing, or no number.

        >>> calls = [Proposal(case_id="c", usage={"model_cost_minor": cost}) for cost in (1.5, 2)]
        >>> costs = CaseEconomics(300, 80, 4, 75, Decimal("0.7"), 5, 50)
        >>> costs.models_of(calls), costs.models_of([Proposal(case_id="c")])
        (2, None)
        """
        told = [self._own(proposal.usage) for proposal in proposals]
        known = [each for each in told if each is not None]
        if not known or len(known) < len(told):
            return None
        return math.ceil(sum(known) / len(known))

    def _own(self, usage: Mapping[str, Any]) -> Fraction | None:
        amount = usage.get(MODEL_COST)
        if isinstance(amount, bool) or not isinstance(amount, int | float):
            return None
        if not 0 <= amount < math.inf:
            return None
        try:
            rate = self.prices.in_own_minor(1, usage.get(MODEL_CURRENCY)) if self.prices else 1
        except ConfigurationError:
            return None
        return Fraction(str(amount)) * rate

    def paying(self, model: int | None) -> Self:
        """The same with what models really cost; None leaves what the policy states.

        >>> CaseEconomics(300, 80, 4, 75, Decimal("0.7"), 5, 50).paying(20).automated(110)
        250
        """
        return self if model is None else replace(self, model=model)

    def automated(self, error_cost: int) -> int:
        """F2: `H + E_h - (E_c + M)`."""
        return self.human + self.human_error - error_cost - self.model

    def with_approval(self, error_cost: int) -> int:
        """F3: `H + E_h - (E_c * (1 - k) + R + W + M)`; the reviewer catches the share k."""
        left = self.uncaught(error_cost)
        return self.human + self.human_error - left - self.review - self.rework - self.model

    def escalated(self, error_cost: int = 0) -> int:
        """F4: `-(X + M)`, less what the candidate broke before it gave up."""
        return -(self.overhead + self.model) - error_cost

    def uncaught(self, error_cost: int) -> int:
        """What of an error cost is left behind a reviewer.

        >>> CaseEconomics(300, 80, 4, 75, Decimal("0.7"), 5, 50).uncaught(110)
        33
        """
        share = 1 - Fraction(self.catch_rate)
        return half_even(error_cost * share.numerator, share.denominator)

    def break_even(self) -> int:
        """F6: the error cost per case at which automation is worth nothing.

        >>> CaseEconomics(300, 80, 4, 75, Decimal("0.7"), 5, 50).break_even()
        376
        """
        return self.human + self.human_error - self.model

    def spent_by_people(self) -> int:
        """What a case costs when people handle it: `H + E_h`."""
        return self.human + self.human_error


def month_of(
    mean_minor: float, cases: int | None, invested_minor: int | None
) -> tuple[float | None, float | None]:
    """What a month of so many cases is worth, and after how many months what it took is back.

    >>> month_of(266, 1000, 532_000), month_of(-1, 10, 100), month_of(5, None, 100)
    ((266000, 2.0), (-10, None), (None, None))
    """
    if cases is None:
        return None, None
    monthly = mean_minor * cases
    back = monthly > 0 and invested_minor is not None
    return round(monthly, 2), round((invested_minor or 0) / monthly, 2) if back else None


def values_by_class(
    per_case: Iterable[CaseCost], economics: CaseEconomics
) -> Mapping[ActionClass, int]:
    """F5: what the cases of one run are worth in all under each action class.

    What the candidate escalated is worth the same under all. A draft is looked through by the
    person who sends it, so it is worth what an approval is; read only, nothing is handed over and
    only the model is paid. Models are paid for as they were, where that is known.
    """
    approval = automated = models = 0
    for case in per_case:
        own = economics.paying(case.model_cost_minor)
        models += own.model
        if case.escalated or case.failed:
            given_up = own.escalated(case.error_cost_minor)
            approval, automated = approval + given_up, automated + given_up
        else:
            approval += own.with_approval(case.error_cost_minor)
            automated += own.automated(case.error_cost_minor)
    return {
        ActionClass.READ_ONLY: -models,
        ActionClass.DRAFT_ONLY: approval,
        ActionClass.APPROVAL_REQUIRED: approval,
        ActionClass.AUTOMATED: automated,
    }
