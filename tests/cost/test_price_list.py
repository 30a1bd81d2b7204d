"""F1: the price of one error, exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.cost.price_list import PriceList, Stake, half_even, stake_of
from understudy.model.action import Action, Effect
from understudy.model.errors import ConfigurationError
from understudy.model.finding import Kind, Severity
from understudy.model.policy import Policy

PRICES = PriceList.from_policy(Policy(version=1))
LEVELS = list(Severity)
AMOUNTS = st.integers(0, 10**12)
FACTORS = st.sampled_from([Decimal("0.1"), Decimal("0.5"), Decimal(1)])
TIERS = st.sampled_from(["standard", "premium", "regulated"])
CHARGED = [kind for kind in Kind if kind is not Kind.DUPLICATE_BENIGN]


def priced(amount, severity=Severity.MEDIUM, factor=Decimal(1), tier="standard", kind=None):
    stake = Stake(amount, "EUR", Effect.PAY, factor, None, tier)
    return PRICES.price(kind or Kind.WRONG_VALUE, stake, severity)


@pytest.mark.parametrize(
    ("kind", "severity", "euros", "irreversibility", "tier", "cents"),
    [
        (Kind.WRONG_VALUE, Severity.MEDIUM, 16, "1", "premium", 3600),
        (Kind.MISSING_ACTION, Severity.LOW, 0, "1", "premium", 300),
        (Kind.EXTRA_ACTION, Severity.HIGH, 80, "1", "premium", 34500),
        (Kind.DUPLICATE_HARMFUL, Severity.HIGH, 420, "0.1", "standard", 19200),
        (Kind.DATA_EXPOSURE, Severity.CRITICAL, 0, "1", "regulated", 300000),
        (Kind.UNAUTHORIZED, Severity.CRITICAL, 4000, "1", "regulated", 500000),
    ],
)
def test_the_six_pinned_prices(prices, stake, kind, severity, euros, irreversibility, tier, cents):
    """The six worked rows of F1 come out to the cent."""
    price = prices.price(kind, stake(euros, irreversibility, tier), severity)
    assert price.minor == cents


def test_the_cap_is_seen_and_what_lies_above_is_kept(prices, stake):
    """A capped price says so and keeps what it would have been: 19,000 for the pinned row."""
    price = prices.price(Kind.UNAUTHORIZED, stake(4000, tier="regulated"))
    assert (price.minor, price.uncapped_minor) == (500_000, 1_900_000)
    assert price.rule.endswith("capped at 5,000.00 EUR")


def test_the_rule_shows_the_sum(prices, stake):
    """The rule of a price is the sum as it was done, with every factor in it."""
    price = prices.price(Kind.WRONG_VALUE, stake(16, "0.5", "premium"))
    assert price.rule == "wrong_value, medium: (20 + 0.25 x 16.00 EUR x 0.5) x 1.5"


@given(AMOUNTS, st.sampled_from(CHARGED), st.sampled_from(LEVELS), FACTORS, TIERS)
def test_prices_are_exact_and_never_negative(amount, kind, severity, factor, tier):
    """Every price equals the formula in exact fractions, rounded once, half to even."""
    policy = PRICES.policy
    share = Fraction(1, 5) if kind is Kind.MISSING_ACTION else 1
    sum_ = Fraction(policy.floors.of(severity)) + Fraction(policy.weights.of(severity)) * (
        Fraction(amount, 100) * share * Fraction(factor)
    )
    exact = sum_ * Fraction(policy.tiers[tier]) * 100
    price = priced(amount, severity, factor, tier, kind)
    assert price.uncapped_minor == round(exact)
    assert 0 <= price.minor == min(price.uncapped_minor, policy.cap.minor)


@given(AMOUNTS, AMOUNTS, st.sampled_from(LEVELS), FACTORS, TIERS)
def test_more_money_never_costs_less(one, other, severity, factor, tier):
    """The price rises with the amount."""
    low, high = sorted((one, other))
    assert priced(low, severity, factor, tier).minor <= priced(high, severity, factor, tier).minor


@given(AMOUNTS, st.sampled_from(LEVELS[:-1]), FACTORS)
def test_worse_never_costs_less(amount, severity, factor):
    """The price rises with the severity and with the tier."""
    worse = LEVELS[severity.rank + 1]
    assert priced(amount, severity, factor).minor <= priced(amount, worse, factor).minor
    costs = [
        priced(amount, severity, factor, tier).minor
        for tier in ("standard", "premium", "regulated")
    ]
    assert costs == sorted(costs)


@given(st.integers(0, 10**18), st.integers(1, 10**9))
def test_halves_go_to_the_even_number(numerator, denominator):
    """Rounding agrees with the language's own for fractions."""
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))


def test_other_currencies_are_converted_at_the_policys_rates(policy, stake):
    """A dollar costs what the policy's dated table says; yen have no minor unit."""
    rates = {"USD": "0.92", "JPY": "0.0061", "date": "2026-11-01"}
    prices = PriceList.from_policy(policy(rates=rates))
    dollars = Stake(10_000, "usd", Effect.PAY)
    yen = Stake(10_000, "JPY", Effect.PAY)
    assert prices.price(Kind.EXTRA_ACTION, dollars).minor == 15_000 + 9_200
    assert prices.price(Kind.EXTRA_ACTION, yen).minor == 15_000 + 6_100


@pytest.mark.parametrize("currency", ["USD", "XXX"])
def test_a_currency_without_a_rate_is_an_error(prices, currency):
    """An amount that cannot be converted stops the pricing and names the currency."""
    with pytest.raises(ConfigurationError, match=f"no rate from {currency} to EUR") as caught:
        prices.price(Kind.EXTRA_ACTION, Stake(1, currency))
    assert caught.value.code == "U109"
    assert currency in str(caught.value.hint)


def test_a_foreign_error_without_amount_needs_no_rate(prices):
    """Where nothing is at stake there is nothing to convert."""
    assert prices.price(Kind.EXTRA_ACTION, Stake(0, "USD")).minor == 2000


def test_an_unknown_tier_is_an_error(prices):
    """A tier that the policy does not price is named, with the nearest one."""
    with pytest.raises(ConfigurationError, match="did you mean `premium`"):
        prices.price(Kind.WRONG_FIELD, Stake(tier="premum"))


def test_the_policy_overrides_kinds_and_operations(policy, stake):
    """Severity comes from the kind's entry, else from the operation's; floors and weights too."""
    prices = PriceList.from_policy(
        policy(
            kinds={"late": {"severity": "high"}, "wrong_value": {"floor": 1, "weight": 0}},
            operations={"shop.*": {"severity": "critical", "irreversibility": 0}},
        )
    )
    in_shop = stake(100, operation="shop.pay")
    assert prices.price(Kind.LATE, in_shop).severity is Severity.HIGH
    assert prices.price(Kind.WRONG_VALUE, in_shop).minor == 100
    assert prices.price(Kind.EXTRA_ACTION, in_shop).minor == 150_000
    assert prices.price(Kind.EXTRA_ACTION, stake(100)).severity is Severity.HIGH


def test_never_events_and_free_kinds_stay_so_whatever_the_operation(policy, stake):
    """An operation's severity softens no never-event and charges for nothing harmless."""
    prices = PriceList.from_policy(policy(operations={"a.b": {"severity": "low"}}))
    touched = stake(1, operation="a.b")
    assert prices.price(Kind.UNAUTHORIZED, touched).severity is Severity.CRITICAL
    assert prices.price(Kind.DUPLICATE_BENIGN, touched).minor == 0
    assert prices.price(Kind.WRONG_VALUE, touched).severity is Severity.LOW


def test_what_is_hard_to_undo_costs_more():
    """An action that undoes itself counts 0.1, one that another undoes 0.5, any other 1."""

    def factor(undone_by):
        action = Action(system="s", operation="s.o", amount_minor=-5, reversible_by=undone_by)
        return stake_of(action, "standard").irreversibility

    assert [factor(by) for by in ("auto", "s.undo", None)] == [
        Decimal("0.1"), Decimal("0.5"), Decimal(1),
    ]  # fmt: skip


def test_only_the_policy_asks_for_approvals(policy):
    """An operation needs an approval where the policy lists it, above its limit, and only then."""
    refund = {"class": "approval_required", "above": "50 EUR"}
    listed = PriceList.from_policy(
        policy(operations={"s.refund": refund}, rates={"USD": 2, "date": "2026-11-01"})
    )

    def rule(minor, currency="EUR", operation="s.refund"):
        action = Action(system="s", operation=operation, amount_minor=minor, currency=currency)
        found = listed.approval_rule(action)
        return found.clause if found else None

    assert rule(5000) is None
    assert rule(5001) == "operations.s.refund"
    assert rule(2501, "USD") == "operations.s.refund"
    assert rule(None) == "operations.s.refund"
    assert rule(9999, operation="s.other") is None


def test_every_kind_has_a_price(prices, stake):
    """Each of the 27 kinds is priced by default, and only the benign duplicate is free."""
    free = [kind for kind in Kind if prices.price(kind, stake(1)).minor == 0]
    assert len(Kind) == 27
    assert free == [Kind.DUPLICATE_BENIGN]
