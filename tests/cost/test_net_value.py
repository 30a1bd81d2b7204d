"""F2 to F7: what a case is worth."""

from __future__ import annotations

from decimal import Decimal

import pytest

from understudy.cost.net_value import CaseEconomics, values_by_class
from understudy.model.action import ActionClass
from understudy.model.cost import CaseCost
from understudy.model.proposal import Proposal


@pytest.fixture
def economics():
    return CaseEconomics(300, 80, 4, 75, Decimal("0.7"), 5, 50)


def test_the_pinned_values(economics):
    """2.66 automated, 2.63 with approval, -0.54 escalated, 3.76 to break even."""
    assert economics.automated(110) == 266
    assert economics.with_approval(110) == 263
    assert economics.escalated() == -54
    assert economics.break_even() == 376


def test_a_mixture_of_cases_adds_up(economics):
    """820 automated and 180 escalated cases are worth 2,084.00, so 2.084 each."""
    cases = [
        CaseCost(
            case_id=str(number),
            cluster_id=str(number),
            error_cost_minor=110 if number < 820 else 0,
            net_value_minor=0,
            escalated=number >= 820,
        )
        for number in range(1000)
    ]
    values = values_by_class(cases, economics)
    assert values[ActionClass.AUTOMATED] == 208_400
    assert values[ActionClass.APPROVAL_REQUIRED] == 820 * 263 - 180 * 54
    assert values[ActionClass.READ_ONLY] == -4000


def test_a_reviewer_leaves_their_share(economics):
    """A catch rate of 70 % cuts an error cost of 1.10 to 0.33."""
    assert economics.uncaught(110) == 33


def test_the_costs_come_from_the_policy(policy):
    """What the policy states is what is used; people's unknown error cost counts as nothing."""
    economics = CaseEconomics.of(
        policy(
            handling={"human_cost": "4 EUR", "model_cost": "0.10 EUR"},
            review={"cost": "1 EUR", "catch_rate": "50%"},
        )
    )
    assert economics.automated(100) == 290
    assert economics.with_approval(100) == 400 - 50 - 100 - 5 - 10


def test_models_are_paid_as_they_were(policy):
    """Converted by the policy's rates; a currency without one leaves what the policy states."""
    economics = CaseEconomics.of(
        policy(handling={"model_cost": "0.10 EUR"}, rates={"USD": 0.9, "date": "2026-11-01"})
    )

    def paid(cost, currency):
        usage = {"model_cost_minor": cost, "model_cost_currency": currency}
        return economics.paying(economics.models_of([Proposal(case_id="c", usage=usage)])).model

    assert [paid(250, "EUR"), paid(100, "USD"), paid(0.2, "EUR"), paid(5, "JPY")] == [
        250,
        90,
        1,
        10,
    ]
    for none in ("much", True, -1, float("inf"), float("nan")):
        assert (
            economics.models_of([Proposal(case_id="c", usage={"model_cost_minor": none})]) is None
        )
    cases = [
        CaseCost(case_id=str(n), cluster_id=str(n), error_cost_minor=0, net_value_minor=0,
                 model_cost_minor=cost)
        for n, cost in enumerate((50, None))
    ]  # fmt: skip
    assert values_by_class(cases, economics)[ActionClass.READ_ONLY] == -60
