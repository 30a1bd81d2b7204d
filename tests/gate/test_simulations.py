"""What the evidence promises, tried on streams of costs whose truth is known."""

import numpy as np
import pytest

from understudy.gate.bets import CRITICAL_BETS, GO_BETS, NO_GO_BETS
from understudy.gate.evidence import Claim, log_wealth_path
from understudy.gate.pairs import log_wealth_of_pairs
from understudy.gate.recorded import log_wealth_recorded

CAP, BUDGET = 500.0, 6.0
M0 = BUDGET / CAP
GO, STOP = np.log(20), np.log(10)


def _severities(rng, size):
    return np.minimum(rng.lognormal(np.log(60), 1.6, size), CAP)


MEAN_SEVERITY = float(_severities(np.random.default_rng(0), 400_000).mean())


def _streams(rng, runs, cases, mean):
    """Costs as shares of the cap: most cases cost nothing, some cost much."""
    errs = rng.random((runs, cases)) < mean / MEAN_SEVERITY
    return np.where(errs, _severities(rng, (runs, cases)), 0.0) / CAP


def _ever(x, bets, claim, bar, m0=M0):
    """The share of streams whose evidence reaches the bar at any case at all."""
    return float((log_wealth_path(x, m0, bets, claim).max(axis=-1) >= bar).mean())


def test_looking_all_the_time_gives_no_false_go_at_the_boundary():
    """A candidate that costs exactly the limit gets GO in at most 5 % of runs."""
    x = _streams(np.random.default_rng(1), 250, 2000, BUDGET)
    assert _ever(x, GO_BETS, Claim.AT_LEAST_LIMIT, GO) <= 0.05


def test_looking_all_the_time_gives_no_false_no_go_at_the_boundary():
    """A candidate that costs exactly the limit gets NO-GO in at most 10 % of runs."""
    x = _streams(np.random.default_rng(2), 250, 2000, BUDGET)
    assert _ever(x, NO_GO_BETS, Claim.AT_MOST_LIMIT, STOP) <= 0.10


def test_twice_the_limit_is_always_stopped():
    """A candidate that costs twice the limit gets NO-GO in every run by 4,000 cases."""
    x = _streams(np.random.default_rng(3), 60, 4000, 2 * BUDGET)
    assert _ever(x, NO_GO_BETS, Claim.AT_MOST_LIMIT, STOP) == 1.0


def test_half_the_limit_is_usually_enough():
    """A candidate that costs a quarter of the limit gets GO within 2,000 cases."""
    x = _streams(np.random.default_rng(4), 60, 2000, BUDGET / 4)
    assert _ever(x, GO_BETS, Claim.AT_LEAST_LIMIT, GO) >= 0.95


def test_drift_that_respects_the_limit_is_no_way_round():
    """Costs that fall and rise around a limit that each case respects keep the error bound."""
    rng = np.random.default_rng(5)
    size = (200, 1600)
    wave = 1 + 0.9 * np.sin(np.arange(size[1]) / 60)
    values = np.minimum(_severities(rng, size) / CAP, 1)
    # Every case has at least the limit as its mean; the drift only moves it further up.
    share = M0 * np.maximum(wave, 1) / (MEAN_SEVERITY / CAP)
    x = np.where(rng.random(size) < share, values, 0.0)
    assert _ever(x, GO_BETS, Claim.AT_LEAST_LIMIT, GO) <= 0.05


def test_without_replacement_holds_at_the_boundary_and_is_faster_below_it():
    """At the limit at most 5 % of orders get GO; below it a recording gets GO sooner."""
    rng = np.random.default_rng(6)
    population = _streams(rng, 1, 1000, BUDGET)[0]
    population *= M0 / population.mean()
    orders = np.array([rng.permutation(population) for _ in range(400)])
    path = log_wealth_recorded(orders, M0, 1000, GO_BETS, Claim.AT_LEAST_LIMIT)
    assert float((path[:, :-1].max(axis=-1) >= GO).mean()) <= 0.05
    good = orders / 2
    within = log_wealth_recorded(good, M0, 1000, GO_BETS, Claim.AT_LEAST_LIMIT)
    alone = log_wealth_path(good, M0, GO_BETS, Claim.AT_LEAST_LIMIT)
    assert np.median(np.argmax(within >= GO, axis=1)) < np.median(np.argmax(alone >= GO, axis=1))


def test_harm_without_replacement_is_certain_in_the_end():
    """Where the log's own mean is above the limit, drawing all of it proves so."""
    x = np.full(100, 0.5)
    path = log_wealth_recorded(x, 0.2, 100, NO_GO_BETS, Claim.AT_MOST_LIMIT)
    assert np.isinf(path[-1])
    with pytest.raises(ValueError, match="drawn from a population"):
        log_wealth_recorded(x, 0.2, 50, NO_GO_BETS, Claim.AT_MOST_LIMIT)


def test_rare_event_evidence_survives_a_first_event():
    """One event among 12,000 cases does not end the evidence that the rate is below 0.1 %."""
    x = np.zeros(12_000)
    x[100] = 1.0
    path = log_wealth_path(x, 0.001, CRITICAL_BETS, Claim.AT_LEAST_LIMIT)
    assert path[-1] >= GO


def test_pairs_need_fewer_cases_than_two_separate_runs():
    """The dearer of two candidates is found on common cases, and equal ones are not told apart."""
    rng = np.random.default_rng(7)
    shared = _streams(rng, 1, 4000, BUDGET)[0] * CAP
    extra = _streams(rng, 1, 4000, BUDGET)[0] * CAP
    assert log_wealth_of_pairs(shared + extra, shared, CAP)[-1] >= GO
    assert log_wealth_of_pairs(shared, shared, CAP).max() <= 1e-12
    with pytest.raises(ValueError, match="same cases"):
        log_wealth_of_pairs(shared, shared[:5], CAP)


def test_the_usual_bootstrap_would_be_wrong_in_more_than_a_fifth_of_runs():
    """The counter-example: a percentile bootstrap that is looked at gives far too many GOs."""
    rng = np.random.default_rng(8)
    wrong, runs = 0, 120
    for _ in range(runs):
        x = _streams(rng, 1, 2000, BUDGET)[0]
        wrong += any(_bootstrap_upper(rng, x[:n]) < M0 for n in range(200, 2001, 200))
    assert wrong / runs > 0.20


def _bootstrap_upper(rng, x, resamples=100):
    """The 95 % percentile of resampled means, drawn by how often each costly case is picked."""
    costly = x[x > 0]
    picks = rng.poisson(1.0, (resamples, costly.size))
    return float(np.quantile(picks @ costly / x.size, 0.95))
