"""The e-process, its floor, its forecast and its interval: published numbers and properties."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.gate.bets import CRITICAL_BETS, FIVE_BETS, GO_BETS, NO_GO_BETS, Bets
from understudy.gate.binomial import cases_for_rate, lower_rate, upper_rate
from understudy.gate.evidence import Claim, e_value, log_wealth, log_wealth_path
from understudy.gate.forecast import cases_needed, evidence_floor, least_floor
from understudy.gate.interval import CELLS, interval

HALF = Bets((0.5,), (1.0,))
costs = st.lists(st.floats(0, 1, allow_nan=False), min_size=1, max_size=60)


def test_the_worked_example_has_its_published_wealth():
    """Four cases at half stake are worth 1.15686035, step by step."""
    x = np.array([0, 0, 0.5, 0])
    path = np.exp(log_wealth_path(x, 0.2, HALF, Claim.AT_LEAST_LIMIT))
    assert path == pytest.approx([1.125, 1.265625, 1.02832031, 1.15686035], abs=1e-8)
    assert e_value(log_wealth(x, 0.2, HALF, Claim.AT_LEAST_LIMIT)) == 1.15686035156


@settings(max_examples=60, deadline=None)
@given(costs, st.floats(0.01, 0.9), st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_matter(values, m0, random):
    """Evidence after a set of cases is the same to 1e-9 in any order, in both directions."""
    shuffled = list(values)
    random.shuffle(shuffled)
    for bets, claim in ((GO_BETS, Claim.AT_LEAST_LIMIT), (NO_GO_BETS, Claim.AT_MOST_LIMIT)):
        one, other = (
            float(log_wealth_path(np.array(order), m0, bets, claim)[-1])
            for order in (values, shuffled)
        )
        assert one == pytest.approx(other, abs=1e-9)
        assert log_wealth(np.array(values), m0, bets, claim) == pytest.approx(one, abs=1e-9)


def test_a_case_at_the_cap_ends_the_all_in_bet_but_not_the_others():
    """One total loss leaves the evidence finite, and it recovers."""
    x = np.zeros(2000)
    x[0] = 1.0
    path = log_wealth_path(x, 0.012, GO_BETS, Claim.AT_LEAST_LIMIT)
    assert np.isfinite(path).all()
    assert path[0] < 0 and path[-1] > math.log(20)


def test_a_limit_outside_of_zero_and_the_cap_is_refused():
    """A limit that cannot be tested is an error, not an infinite e-value."""
    with pytest.raises(ValueError, match="between zero and the cap"):
        log_wealth(np.zeros(3), 1.0, GO_BETS, Claim.AT_LEAST_LIMIT)


@pytest.mark.parametrize(
    ("bets", "floor"),
    [
        (FIVE_BETS, 374),
        (GO_BETS, 326),
        (Bets((1.0, *FIVE_BETS.shares), (0.5, *(0.1,) * 5)), 286),
    ],
)
def test_the_evidence_floor_is_that_of_the_mixture_itself(bets, floor):
    """With 6 of 500 as the limit the floor is 249 in theory and 326 with the shipped bets."""
    assert least_floor(6 / 500, 0.05) == 249
    assert evidence_floor(6 / 500, 0.05, bets) == floor
    zeros = np.zeros(floor)
    path = log_wealth_path(zeros, 6 / 500, bets, Claim.AT_LEAST_LIMIT)
    assert path[-1] >= math.log(20) > path[-2]


def test_rare_events_have_an_anytime_floor_too():
    """Showing a rate below 0.1 % takes 3,334 cases when looked at all the time."""
    assert evidence_floor(0.001, 0.05, CRITICAL_BETS) == 3334


@pytest.mark.parametrize(
    ("events", "cases", "upper"),
    [
        (0, 59, 0.0495),
        (0, 100, 0.0295),
        (0, 299, 0.00997),
        (0, 1000, 0.00299),
        (0, 2995, 0.00100),
        (1, 1000, 0.00473),
        (3, 3000, 0.00258),
        (2, 50, 0.121),
        (0, 5, 0.45),
        (0, 20, 0.139),
    ],
)
def test_exact_bounds_on_a_rate(events, cases, upper):
    """The one-sided exact bound has its published values."""
    assert upper_rate(events, cases) == pytest.approx(upper, rel=6e-3)


def test_the_exact_bounds_hold_at_the_edges():
    """Never and always are bounded by 0 and 1, and impossible counts are refused."""
    assert upper_rate(4, 4) == 1.0 and lower_rate(0, 4) == 0.0
    assert lower_rate(20, 20) == pytest.approx(1 - upper_rate(0, 20))
    assert [cases_for_rate(rate) for rate in (0.05, 0.01, 0.001)] == [59, 299, 2995]
    with pytest.raises(ValueError, match="5 events in 4 cases"):
        upper_rate(5, 4)


def test_the_forecast_knows_when_no_number_of_cases_will_do():
    """A mean at or above the limit has no forecast; a single bet has its closed form."""
    assert cases_needed(np.full(50, 0.02), 0.012, 0.05) is None
    growth = math.log(1.15686035) / 4
    x = np.array([0, 0, 0.5, 0])
    assert cases_needed(x, 0.2, 0.05, HALF) == math.ceil(math.log(20) / growth)


@settings(max_examples=40, deadline=None)
@given(costs, st.floats(0.02, 0.9))
def test_the_upper_bound_and_the_go_evidence_agree(values, m0):
    """The upper bound lies below a limit exactly where the evidence against it suffices."""
    x = np.array(values)
    low, high = interval(x, 0.05)
    assert 0 <= low <= x.mean() + 1e-12 and x.mean() <= high + 1e-12 <= 1 + 1e-12
    enough = log_wealth(x, m0, GO_BETS, Claim.AT_LEAST_LIMIT) >= math.log(20)
    if abs(high - m0) > 3 / CELLS:
        assert enough == (high < m0)


def test_no_case_says_nothing():
    """Without a case the interval is everything that is possible."""
    assert interval(np.array([]), 0.05) == (0.0, 1.0)


def test_e_values_are_finite_and_short():
    """An e-value has 12 digits at most and can always be written as JSON."""
    assert e_value(5000.0) == 1e300
    assert e_value(math.log(2) / 3) == 1.25992104989
    assert e_value(-math.inf) == 0.0


def test_bets_must_add_up():
    """A mixture whose weights are no weights is refused."""
    for shares, weights in (((), ()), ((0.5,), (0.9,)), ((1.5,), (1.0,)), ((0.5, 0.6), (1.0,))):
        with pytest.raises(ValueError, match=r"share|weight"):
            Bets(shares, weights)
