"""Evidence at its edges: pairs, spread, strata, validity, and what nobody would try."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from understudy.gate.bets import CRITICAL_BETS, FIVE_BETS, GO_BETS, NO_GO_BETS
from understudy.gate.evidence import Claim
from understudy.gate.facts import RunFacts
from understudy.gate.pairs import log_wealth_of_pairs, paired_evidence
from understudy.gate.recorded import log_wealth_recorded
from understudy.gate.spread import gini, tail_mean, top_share
from understudy.gate.strata import Weighed
from understudy.gate.units import Registered, registered_units, units_of, weighed_units
from understudy.gate.validity import has_sound_costs, reasons_against
from understudy.model.gates import Gate, Gates, Metric, Strata
from understudy.model.verdict import Control, WallEvidence


def test_two_candidates_mirror_each_other():
    """Turned round, the difference and the two e-values change sides exactly."""
    rng = np.random.default_rng(3)
    dear, cheap = rng.uniform(0, 400, 90), rng.uniform(0, 100, 90)
    one, other = paired_evidence(dear, cheap, 500.0), paired_evidence(cheap, dear, 500.0)
    assert math.isclose(one.difference, float(np.mean(dear - cheap)))
    assert math.isclose(one.difference, -other.difference)
    assert other.interval[0] < other.difference < other.interval[1] < 0
    assert math.isclose(one.first_dearer, other.second_dearer)
    assert math.isclose(one.second_dearer, other.first_dearer)
    assert one.interval[0] < one.difference < one.interval[1]
    assert (one.units, one.threshold) == (90, 40.0)
    assert one.decided and other.decided and one.units_needed == other.units_needed > 0


def test_equal_or_no_pairs_decide_nothing():
    """No difference needs no number of units; no case leaves every difference possible."""
    same = paired_evidence(np.full(9, 5.0), np.full(9, 5.0), 500.0)
    assert (same.difference, same.units_needed, same.decided) == (0.0, None, False)
    none = paired_evidence(np.zeros(0), np.zeros(0), 500.0)
    assert (none.units, none.difference, none.units_needed) == (0, 0.0, None)
    assert none.interval == (-500.0, 500.0)
    with pytest.raises(ValueError, match="the same cases on both sides"):
        paired_evidence(np.zeros(2), np.zeros(3), 500.0)


def test_pairs_count_up_to_the_cap():
    """What costs a thousand times the cap counts as the cap."""
    capped, beyond = (
        log_wealth_of_pairs(np.array([cost]), np.zeros(1), 500.0)[0] for cost in (500.0, 5e5)
    )
    assert capped == beyond > 0


def test_spread_of_nothing_and_of_few():
    """No cost is spread evenly; of few cases the worst is always one."""
    assert (gini([]), gini([0, 0]), top_share([]), top_share([0, 0]), tail_mean([])) == (0.0,) * 5
    assert (top_share([1, 3]), tail_mean([1, 3]), gini([7])) == (0.75, 3.0, 0.0)
    assert gini([2, 2, 2]) == pytest.approx(0.0)
    assert top_share([4, 3, 2, 1], share=0.5) == 0.7
    assert tail_mean([1, 2, 3, 4], level=0.5) == 3.5


def test_a_recording_is_drawn_without_replacement():
    """What the rest cannot make good any more is sure; more cases than there are is an error."""
    with pytest.raises(ValueError, match="5 cases were drawn from a population of 4"):
        log_wealth_recorded(np.zeros(5), 0.5, 4, FIVE_BETS, Claim.AT_LEAST_LIMIT)
    exactly = log_wealth_recorded(np.zeros(2), 0.5, 4, FIVE_BETS, Claim.AT_LEAST_LIMIT)
    assert np.isfinite(exactly).all() and exactly[1] > exactly[0] > 0
    ruined = log_wealth_recorded(np.ones(4), 0.5, 4, FIVE_BETS, Claim.AT_MOST_LIMIT)
    assert np.isfinite(ruined[:2]).all() and np.isinf(ruined[2:]).all()
    lost = log_wealth_recorded(np.ones(4), 0.5, 4, FIVE_BETS, Claim.AT_LEAST_LIMIT)
    assert (lost[1:] <= lost[0]).all() and lost[0] < 0


def test_strata_weigh_as_production_does():
    """Weights need not add up to 1, an empty stratum counts nothing, and order does not matter."""
    x, strata = np.array([1.0, 0.0, 0.0, 0.0]), np.array([0, 0, 1, 1])
    assert Weighed.of(x, strata, (1, 3)).mean() == Weighed.of(x, strata, (0.25, 0.75)).mean()
    assert Weighed.of(x, strata, (1, 3)).mean() == 0.125
    assert Weighed.of(x, strata, (1, 0)).weights == (1.0,)
    assert Weighed.of(x[:2], strata[:2], (1, 3)).mean() == 0.5
    assert Weighed.of(np.zeros(0), np.zeros(0, dtype=int), (1, 1)).mean() == 0.0
    assert (
        Weighed.of(np.zeros(0), np.zeros(0, dtype=int), (1,)).cases_needed(0.01, 0.05, GO_BETS)
        is None
    )
    one, two = Weighed.at(x, strata, (1, 3), [2, 4])
    assert (one.mean(), two.mean()) == (0.5, 0.125)


@pytest.mark.parametrize("claim", list(Claim))
def test_evidence_of_strata_is_about_their_mix(claim):
    """What is cheap speaks for less than the limit and what is dear for more, never both."""
    bets = GO_BETS if claim is Claim.AT_LEAST_LIMIT else NO_GO_BETS
    numbers = np.array([0, 1] * 300)
    free = Weighed.of(np.zeros(600), numbers, (1, 2)).log_wealth(0.05, bets, claim)
    dear = Weighed.of(np.full(600, 0.4), numbers, (1, 2)).log_wealth(0.05, bets, claim)
    low, high = (dear, free) if claim is Claim.AT_LEAST_LIMIT else (free, dear)
    assert low < 0 < math.log(20) < high
    turned = Weighed.of(np.full(600, 0.4), 1 - numbers, (2, 1)).log_wealth(0.05, bets, claim)
    assert math.isclose(turned, dear, rel_tol=1e-9)


def test_the_units_needed_of_strata_suffice():
    """So many clean units as are said to be needed do show the limit, a tenth fewer do not."""
    seen = Weighed.of(np.zeros(400), np.array([0, 1] * 200), (1, 1))
    needed = seen.cases_needed(0.005, 0.05, CRITICAL_BETS)

    def shown(count):
        units = Weighed.of(np.zeros(count), np.arange(count) % 2, (1, 1))
        return units.log_wealth(0.005, CRITICAL_BETS, Claim.AT_LEAST_LIMIT) >= math.log(20)

    assert shown(needed + 2) and not shown(round(needed * 0.9))


GATES = Gates(version=1, gates=(Gate(id="X", metric=Metric.ERROR_COST_PER_CASE),))


def test_units_are_clusters_in_the_order_of_their_first_case(summary):
    """Clipped means as shares of the cap, how many cases so far, and what is critical in any."""
    run = summary([100, 200, 90_000, 0], clusters="abac", critical=[0, 0, 1, 0])
    units = units_of(run.per_case, 50_000)
    assert units.x.tolist() == [45_050 / 50_000, 200 / 50_000, 0.0]
    assert units.cases.tolist() == [2, 3, 4]
    assert units.critical.tolist() == [True, False, False]
    assert units.total_cases == 4
    assert units_of((), 50_000).total_cases == 0
    first = units.until(2)
    assert (first.x.tolist(), first.cases.tolist(), first.critical.tolist()) == (
        units.x[:2].tolist(), [2, 3], [True, False],
    )  # fmt: skip


def test_looks_are_taken_every_so_many_cases_and_at_the_end(summary):
    """Where a cluster jumps over a look it is taken at once, and the end is always one."""
    units = units_of(summary([0] * 7, clusters="abbbcde").per_case, 50_000)
    assert units.looks(2) == [1, 3, 4]
    assert units.looks(3) == [1, 3, 4]
    assert units.looks(100) == [4]
    assert units_of((), 1).looks(5) == []


def test_a_registered_order_ends_before_its_first_gap(summary):
    """A cluster of which a case is missing ends the evidence, also where another is complete."""
    run = summary([1, 2, 3], clusters="abc")
    order = (("case-0", "a"), ("gone", "b"), ("case-1", "b"), ("case-2", "c"))
    units = registered_units(run.per_case, GATES, Registered(order))
    assert len(units.x) == 1 and units.population is None
    alone = changed(GATES, population="recording")
    assert registered_units(run.per_case, alone, Registered(order)).population == 3
    assert registered_units(run.per_case, alone, Registered()).population == 3


def changed(gates, **changes):
    return Gates.model_validate({**gates.model_dump(mode="python"), **changes})


def test_a_cluster_belongs_to_the_stratum_of_its_first_case(summary):
    """Cases of other strata in it are left aside, what is critical in them counts all the same."""
    strata = Strata(by="tier", weights={"out": 0, "a": 1, "b": 3})
    gates = changed(GATES, strata=strata)
    run = summary([50_000, 0, 0, 7], clusters="xxyz", critical=[0, 1, 0, 0])
    names = {"case-0": "a", "case-1": "b", "case-2": "b", "case-3": "out"}
    units = weighed_units(run.per_case, gates, Registered(strata=names))
    assert units.x.tolist() == [1.0, 0.0]
    assert units.strata.tolist() == [1, 2]
    assert units.critical.tolist() == [True, False]
    assert units.weights == (0.0, 1.0, 3.0)
    assert units.flagged(units.critical).mean() == 0.25
    nobody = weighed_units(run.per_case, gates, Registered())
    assert (nobody.total_cases, len(nobody.critical), nobody.strata.tolist()) == (0, 0, [])
    assert weighed_units(run.per_case, GATES, Registered()).strata is None


def against(costs, **facts):
    count = len(costs.per_case)
    usual = {"planned": count, "run": count, "judged": count, "prices_owned": True}
    return reasons_against(costs, RunFacts(**(usual | facts)))


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"judged": 98, "run": 100},
         ["only 98 of 100 cases could be judged; at least 99% must be",
          "98 cases are said to be judged, but costs are there for 100"]),
        ({"unmocked": 2},
         ["in 2 of 100 cases the candidate made calls that nothing serves, and of its conduct "
          "after them nothing is known; more than 1% of the cases are too many"]),
        ({"unmocked": 1}, []),
        ({"wall": WallEvidence(level="full", self_test="failed")},
         ["the self-test of the wall failed, so nothing shows that the candidate was kept from "
          "the outside"]),
        ({"wall": WallEvidence(level="full", self_test="passed")}, []),
        ({"broken": ("torn",)}, ["torn"]),
        ({"controls": (Control(name="blind", told_apart=False),)},
         ["the control `blind` was not told apart"]),
        ({"controls": (Control(name="blind", told_apart=False, note="of 3"),)},
         ["the control `blind` was not told apart (of 3)"]),
        ({"controls": (Control(name="blind", told_apart=True),)}, []),
        ({"judged": 0}, ["no case was judged"]),
    ],
)  # fmt: skip
def test_what_forbids_a_verdict_is_told_in_full(summary, facts, told):
    """One sentence for each thing that is wrong, none where nothing is."""
    assert list(against(summary([0] * 100), **facts)) == told


def test_cases_that_stand_twice_or_all_failed_are_told(summary):
    """The first one by name, how many others, and that nobody saw the candidate work."""
    run = summary([0] * 6)
    names = ["a", "b", "a", "b", "a", "c"]
    twice = [msgspec.structs.replace(case, case_id=name)
             for case, name in zip(run.per_case, names, strict=True)]  # fmt: skip
    assert against(msgspec.structs.replace(run, per_case=twice)) == (
        "the case id `a` and 1 more stand more than once",
    )
    once = msgspec.structs.replace(run, per_case=[*twice[:2], twice[0]])
    assert against(once) == ("the case id `a` stands more than once",)
    failed = [msgspec.structs.replace(case, failed=True) for case in run.per_case]
    assert against(msgspec.structs.replace(run, per_case=failed)) == (
        "all 6 cases failed, so the candidate was never seen to work",
    )


@pytest.mark.parametrize(
    "wrong",
    [{"error_cost_minor": -1}, {"error_cost_minor": math.nan}, {"net_value_minor": math.inf},
     {"critical": -1}],
)  # fmt: skip
def test_a_cost_that_is_none_is_named_with_its_case(summary, wrong):
    """Negative, infinite and not a number; what is sound has no such sentence."""
    run = summary([5, 5])
    bad = msgspec.structs.replace(run.per_case[1], **wrong)
    broken = msgspec.structs.replace(run, per_case=[run.per_case[0], bad])
    assert has_sound_costs(run) and not has_sound_costs(broken)
    assert against(broken) == (
        f"the cost of case `case-1` is {bad.error_cost_minor}, its net value "
        f"{bad.net_value_minor}; costs are finite and not negative",
    )
    assert has_sound_costs(summary([0])) and against(summary([0])) == ()
