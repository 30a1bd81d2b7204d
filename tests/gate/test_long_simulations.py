"""What the evidence promises, tried a thousand times and more on streams whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from understudy.gate.bets import CRITICAL_BETS, GO_BETS, NO_GO_BETS
from understudy.gate.binomial import upper_rate, upper_rate_at_any_look
from understudy.gate.evidence import Claim, log_wealth, log_wealth_path
from understudy.gate.pairs import log_wealth_of_pairs
from understudy.gate.recorded import log_wealth_recorded
from understudy.gate.several import holm
from understudy.gate.strata import Weighed

pytestmark = pytest.mark.statistics

CAP, BUDGET = 500.0, 6.0
M0 = BUDGET / CAP
GO, STOP = np.log(20), np.log(10)
RUNS, CHUNK = 1_000, 200


def severities(rng, size):
    """Costs of errors: many small ones, few dear ones, none above the cap."""
    return np.minimum(rng.lognormal(np.log(60), 1.6, size), CAP)


MEAN_SEVERITY = float(severities(np.random.default_rng(0), 2_000_000).mean())


def streams(rng, runs, cases, mean):
    """Costs as shares of the cap, with the mean cost per case that is asked for."""
    errs = rng.random((runs, cases)) < np.asarray(mean) / MEAN_SEVERITY
    return np.where(errs, severities(rng, (runs, cases)), 0.0) / CAP


def share(seed, make, reached, runs=RUNS):
    """The share of runs in which something was reached, in chunks that fit into memory."""
    rng = np.random.default_rng(seed)
    return float(np.mean([reached(make(rng, CHUNK)) for _ in range(runs // CHUNK)]))


def ever(bets, claim, bar, m0=M0):
    """Whether the evidence reaches the bar at any case at all."""

    def reached(x):
        return (log_wealth_path(x, m0, bets, claim).max(axis=-1) >= bar).mean()

    return reached


GOES = ever(GO_BETS, Claim.AT_LEAST_LIMIT, GO)
STOPS = ever(NO_GO_BETS, Claim.AT_MOST_LIMIT, STOP)


def test_false_go_at_the_boundary_under_continuous_peeking():
    """A candidate that costs exactly the limit is let through in at most 5 % of 2,000 runs."""
    assert share(1, lambda rng, n: streams(rng, n, 4_000, BUDGET), GOES, 2_000) <= 0.05


def test_false_no_go_at_the_boundary_under_continuous_peeking():
    """It is stopped in at most the 10 % that were registered."""
    assert share(2, lambda rng, n: streams(rng, n, 4_000, BUDGET), STOPS, 2_000) <= 0.10


def test_a_tenth_above_the_limit_is_hardly_ever_let_through():
    """What costs 10 % too much gets GO in at most 2 % of runs."""
    assert share(3, lambda rng, n: streams(rng, n, 4_000, 1.1 * BUDGET), GOES) <= 0.02


def test_twice_the_limit_is_stopped_every_time():
    """By 4,000 cases a candidate of twice the limit got NO-GO in 1,000 of 1,000 runs."""
    assert share(4, lambda rng, n: streams(rng, n, 4_000, 2 * BUDGET), STOPS) == 1.0


def test_half_the_limit_gets_its_go():
    """A candidate of half the limit gets GO in at least nine of ten runs by 4,000 cases."""
    assert share(5, lambda rng, n: streams(rng, n, 4_000, BUDGET / 2), GOES) >= 0.9


def test_a_thousand_orders_of_one_run_have_one_evidence():
    """The evidence after all cases differs by less than 1e-9 between any two orders."""
    rng = np.random.default_rng(6)
    x = streams(rng, 1, 2_000, BUDGET)[0]
    for bets, claim in ((GO_BETS, Claim.AT_LEAST_LIMIT), (NO_GO_BETS, Claim.AT_MOST_LIMIT)):
        found = [log_wealth(rng.permutation(x), M0, bets, claim) for _ in range(RUNS)]
        assert max(found) - min(found) < 1e-9


def test_without_replacement_holds_for_both_claims():
    """A recording whose mean is exactly the limit: at most 5 % GO, at most 10 % NO-GO."""
    rng = np.random.default_rng(7)
    population = streams(rng, 1, 1_000, BUDGET)[0]
    population *= M0 / population.mean()
    goes = stops = 0.0
    for _ in range(RUNS // CHUNK):
        orders = np.array([rng.permutation(population) for _ in range(CHUNK)])
        go = log_wealth_recorded(orders, M0, 1_000, GO_BETS, Claim.AT_LEAST_LIMIT)
        stop = log_wealth_recorded(orders, M0, 1_000, NO_GO_BETS, Claim.AT_MOST_LIMIT)
        goes += (go[:, :-1].max(axis=-1) >= GO).mean()
        stops += (stop[:, :-1].max(axis=-1) >= STOP).mean()
    assert goes / (RUNS // CHUNK) <= 0.05
    assert stops / (RUNS // CHUNK) <= 0.10


def test_segments_hold_for_all_for_some_and_for_harm():
    """Six segments at the limit: GO for all, GO for any of some, NO-GO by any, as registered."""
    rng = np.random.default_rng(8)
    every = some = stopped = 0
    for _ in range(RUNS):
        x = streams(rng, 6, 700, BUDGET)
        best = np.exp(log_wealth_path(x, M0, GO_BETS, Claim.AT_LEAST_LIMIT).max(axis=-1))
        p = np.minimum(1.0, 1 / best)
        every += bool((p <= 0.05).all())
        some += min(holm(p.tolist())) <= 0.05
        harm = log_wealth_path(x, M0, NO_GO_BETS, Claim.AT_MOST_LIMIT).max(axis=-1)
        stopped += bool((harm >= np.log(6 / 0.10)).any())
    assert every / RUNS <= 0.05
    assert some / RUNS <= 0.05
    assert stopped / RUNS <= 0.10


def unequal(rng, runs, clusters, mean):
    """Cluster means where sizes run from 1 to 40 and the cases of a cluster err together."""
    sizes = np.minimum(rng.geometric(0.2, (runs, clusters)), 40)
    bad = rng.random((runs, clusters)) < np.asarray(mean) / MEAN_SEVERITY / 0.5
    wrong = np.where(bad, rng.binomial(sizes, 0.5), 0)
    return np.minimum(wrong * severities(rng, (runs, clusters)) / sizes / CAP, 1.0)


def test_clusters_of_unequal_size_hold_as_units():
    """Whole customers that go wrong together, small and large: as units they keep both bounds."""
    assert share(9, lambda rng, n: unequal(rng, n, 2_000, BUDGET), GOES) <= 0.05
    assert share(10, lambda rng, n: unequal(rng, n, 2_000, BUDGET), STOPS) <= 0.10


def as_cases(rng, runs, clusters, mean):
    """The same work with every case counted for itself: forty cases of one customer at a time."""
    bad = rng.random((runs, clusters)) < np.asarray(mean) / MEAN_SEVERITY
    cost = np.where(bad, severities(rng, (runs, clusters)), 0.0) / CAP
    return np.repeat(cost, 40, axis=1)


def test_cases_of_one_customer_counted_for_themselves_would_not_hold():
    """The counter-example: dependent cases as if each were a unit give far too many GOs."""
    assert share(11, lambda rng, n: as_cases(rng, n, 100, BUDGET), GOES) > 0.15


def drifting(rng, runs, cases):
    """A mean that is the limit or more at every case, and wanders up to twice of it."""
    wave = 1 + np.maximum(0, np.sin(np.arange(cases) / 300 + rng.random((runs, 1)) * 6))
    return streams(rng, runs, cases, BUDGET * wave)


def answering(rng, runs, cases):
    """The next mean depends on what came before, and is never below the limit."""
    x = np.zeros((runs, cases))
    lately = np.zeros(runs)
    for case in range(cases):
        mean = BUDGET * np.where(lately > M0, 2.0, 1.0)
        x[:, case] = streams(rng, runs, 1, mean[:, None])[:, 0]
        lately = 0.98 * lately + 0.02 * x[:, case]
    return x


def test_drift_that_respects_the_limit_is_no_way_round():
    """Means that wander or answer to what was seen, at the limit or above: at most 5 %."""
    assert share(12, lambda rng, n: drifting(rng, n, 3_000), GOES) <= 0.05
    assert share(13, lambda rng, n: answering(rng, n, 1_500), GOES) <= 0.05


def late(rng, runs, cases):
    """A third of the limit in the first half, and as much more in the second as makes it up."""
    mean = np.where(np.arange(cases) < cases // 2, BUDGET / 3, BUDGET * 5 / 3)
    return streams(rng, runs, cases, mean[None, :])


def test_drift_that_comes_after_the_decision_is_not_seen():
    """The counter-example: good at first and bad later is a GO, with the whole at the limit."""
    assert share(14, lambda rng, n: late(rng, n, 4_000), GOES) > 0.5


def test_pairs_that_cost_the_same_are_told_apart_in_at_most_the_stated_share():
    """Two candidates with the same mean: a winner at any look in at most 5 % of runs."""
    rng = np.random.default_rng(15)
    wrong = 0.0
    for _ in range(RUNS // CHUNK):
        a, b = (streams(rng, CHUNK, 3_000, BUDGET) * CAP for _ in range(2))
        paths = [log_wealth_of_pairs(*pair, CAP).max(axis=-1) for pair in ((a, b), (b, a))]
        wrong += (np.maximum(*paths) >= np.log(40)).mean()
    assert wrong / (RUNS // CHUNK) <= 0.05


def test_the_naive_bootstrap_with_peeking_stands_beside_them():
    """The counter-example: a percentile bootstrap, looked at, is wrong in over 20 % of runs."""
    rng = np.random.default_rng(16)
    wrong = 0
    for _ in range(RUNS):
        x = streams(rng, 1, 2_000, BUDGET)[0]
        wrong += any(bootstrap_upper(rng, x[:n]) < M0 for n in range(200, 2_001, 200))
    assert wrong / RUNS > 0.20


def bootstrap_upper(rng, x, resamples=100):
    """The 95 % percentile of resampled means, drawn by how often each costly case is picked."""
    costly = x[x > 0]
    picks = rng.poisson(1.0, (resamples, costly.size))
    return float(np.quantile(picks @ costly / x.size, 0.95))


def test_strata_in_another_mix_than_productions_hold_for_both_claims():
    """Production's mean at the limit, its rare dear stratum sampled ten times as often as it is."""
    weights, shares = (0.9, 0.05, 0.05), (0.4, 0.3, 0.3)
    means = np.array([0.5, 6.0, 0.0]) * BUDGET
    means[2] = (BUDGET - weights[0] * means[0] - weights[1] * means[1]) / weights[2]
    rng = np.random.default_rng(15)
    goes = stops = 0
    for _ in range(200):
        strata = rng.choice(3, 2_000, p=shares)
        x = streams(rng, 1, 2_000, means[strata])[0]
        looks = [*Weighed.at(x, strata, weights, range(200, 2_001, 200))]
        goes += max(each.wealth_by_claim(M0, Claim.AT_LEAST_LIMIT) for each in looks) >= GO
        stops += max(each.wealth_by_claim(M0, Claim.AT_MOST_LIMIT) for each in looks) >= STOP
    assert goes / 200 <= 0.05
    assert stops / 200 <= 0.10
    clean = Weighed.of(np.zeros(2_000), strata, weights)
    assert clean.wealth_by_claim(M0, Claim.AT_LEAST_LIMIT) >= GO


def test_a_rare_event_over_strata_in_another_mix_than_productions():
    """A rate at the limit of the mix passes in at most 5 %, at any of ten looks; a clean run does.

    Half the sample is of what is a tenth of production.
    """
    rng = np.random.default_rng(18)
    rate, weights, passed = 0.05, (0.9, 0.1), 0
    rates = np.array([0.02, (0.05 - 0.9 * 0.02) / 0.1])
    for _ in range(200):
        strata = rng.integers(0, 2, 1_000)
        x = (rng.random(1_000) < rates[strata]).astype(float)
        looks = Weighed.at(x, strata, weights, range(100, 1_001, 100))
        passed += any(
            each.log_wealth(rate, CRITICAL_BETS, Claim.AT_LEAST_LIMIT) >= GO for each in looks
        )
    assert passed / 200 <= 0.05
    assert Weighed.of(np.zeros(1_000), strata, weights).upper_rate(0.05) < 0.02


def test_a_rate_that_is_looked_at_after_every_case():
    """At the limit the bound for every look is passed in at most 5 %, the exact one in far more."""
    rng = np.random.default_rng(16)
    rate, cases = 0.05, 600
    seen = np.cumsum(rng.random((1_000, cases)) < rate, axis=-1)
    shown = {}
    for bound in (upper_rate, upper_rate_at_any_look):
        most, allowed = [], -1
        for n in range(1, cases + 1):
            while bound(allowed + 1, n) <= rate:
                allowed += 1
            most.append(allowed)
        shown[bound] = (seen <= np.array(most)).any(axis=-1).mean()
    assert shown[upper_rate_at_any_look] <= 0.05 < 0.1 < shown[upper_rate]
