"""What a verdict is about: cases to come, a recording alone, or production's mix of strata."""

from __future__ import annotations

import itertools

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.gate.bets import GO_BETS, NO_GO_BETS
from understudy.gate.cost_evidence import collect_evidence
from understudy.gate.decide import decide
from understudy.gate.evidence import Claim, log_wealth
from understudy.gate.interval import bounds, interval
from understudy.gate.strata import KEPT, PARTS, Weighed
from understudy.gate.units import Registered, Units, weighed_units
from understudy.gate.wording import floor_sentence
from understudy.model.gates import Gates
from understudy.model.verdict import GateOutcome, Stage, VerdictWord

COST = [{"id": "G2", "metric": "error_cost_per_case"}]
M0 = 6 / 500


def gates(**keys):
    return Gates.model_validate({"version": 1, "gates": COST, **keys})


RECORDING = gates(population="recording")


def units(x, **keys):
    x = np.asarray(x, dtype=float)
    return Units(x, np.arange(1, len(x) + 1), np.zeros(len(x), dtype=bool), **keys)


def order(count):
    return Registered(tuple((f"case-{n}", f"cluster-{n}") for n in range(count)))


def test_a_whole_recording_is_judged_for_certain(summary, facts):
    """With every case seen its mean is known: 100 cases suffice where cases to come take 326."""
    whole = facts(100, registered=order(100))
    assert decide(summary([0] * 100), RECORDING, whole).verdict is VerdictWord.GO
    assert decide(summary([0] * 100), gates(), whole).verdict is VerdictWord.INCONCLUSIVE
    dear = decide(summary([0] * 98 + [50_000] * 2), RECORDING, whole)
    assert dear.verdict is VerdictWord.NO_GO


def test_a_part_of_a_recording_leaves_the_rest_open(summary, facts):
    """Half of it clean shows less than all of it, and how many more cases it takes is told."""
    half = decide(summary([0] * 50), RECORDING, facts(50, registered=order(100)))
    assert half.verdict is VerdictWord.INCONCLUSIVE
    assert 0 < half.gates[0].cases_needed <= 50
    needed = 50 + half.gates[0].cases_needed
    after = facts(needed, registered=order(100))
    assert decide(summary([0] * needed), RECORDING, after).verdict is VerdictWord.GO


def test_the_floor_of_a_recording_is_lower():
    """What GO takes at the least is told before the first case for the claim that is made."""
    assert "326 cases" in floor_sentence(gates(), 800)
    assert "268 cases" in floor_sentence(RECORDING, 800)
    assert "cannot end in GO" in floor_sentence(RECORDING, 200, 800)
    assert floor_sentence(gates(), 800, 5000) == floor_sentence(gates(), 800)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_bounds_on_a_recording_hold_its_mean_once_it_is_seen(data):
    """The bounds close in on the mean of the recording, and end at it."""
    x = np.array(data.draw(st.lists(st.floats(0, 1), min_size=2, max_size=60)))
    seen = data.draw(st.integers(1, len(x)))
    low, high = bounds(units(x[:seen], population=len(x)), 0.05)
    whole = bounds(units(x, population=len(x)), 0.05)
    assert 0 <= low <= high <= 1
    assert whole[0] - 1e-9 <= x.mean() <= whole[1] + 1e-9
    assert whole[1] - whole[0] < 1e-3


def strata_of(groups):
    return np.array([place for place, count in enumerate(groups) for _ in range(count)])


def test_one_stratum_of_all_weight_is_no_stratum():
    """With a single stratum the evidence is what it is without any, but for what is kept."""
    x = np.random.default_rng(3).choice([0, 0, 0, 0.04], 500)
    one = Weighed.of(x, np.zeros(500, dtype=int), (2.0,))
    for claim, bets in ((Claim.AT_LEAST_LIMIT, GO_BETS), (Claim.AT_MOST_LIMIT, NO_GO_BETS)):
        plain = np.logaddexp(np.log(0.8) + log_wealth(x, M0, bets, claim), np.log(0.2))
        assert one.log_wealth(M0, bets, claim) == pytest.approx(plain)


def test_strata_sampled_as_production_mixes_them_cost_little_evidence():
    """Three strata in production's own mix reach nearly what the same cases reach unweighed."""
    strata, x = strata_of((200, 120, 80)), np.zeros(400)
    weighed = Weighed.of(x, strata, (0.5, 0.3, 0.2)).log_wealth(M0, GO_BETS, Claim.AT_LEAST_LIMIT)
    plain = log_wealth(x, M0, GO_BETS, Claim.AT_LEAST_LIMIT)
    assert plain * (1 - 4 / PARTS) + 3 * np.log(1 - KEPT) - 0.1 <= weighed <= plain


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.02, 0.3, 1.0]), min_size=9, max_size=60),
    st.sampled_from([0.012, 0.2, 0.7]),
    st.sampled_from(list(Claim)),
)
def test_no_way_to_share_the_limit_has_less_wealth(x, m0, claim):
    """What is counted is never above the wealth against any split of the limit by brute force."""
    x, strata = np.array(x), np.arange(len(x)) % 3
    weights = (0.5, 0.3, 0.2)
    bets = GO_BETS if claim is Claim.AT_LEAST_LIMIT else NO_GO_BETS
    found = Weighed.of(x, strata, weights).log_wealth(m0, bets, claim)
    ticks = np.linspace(0, 1, 21)
    for first, second in itertools.product(ticks, ticks):
        third = (m0 - 0.5 * first - 0.3 * second) / 0.2
        if not 0 < third < 1 or not (0 < first < 1 and 0 < second < 1):
            continue
        means = np.array([first, second, third])[strata]
        gain = (means - x) / (1 - means) if claim is Claim.AT_LEAST_LIMIT else (x - means) / means
        total = 0.0
        for share, weight in zip(bets.shares, bets.weights, strict=True):
            own = [np.prod(np.maximum(1 + share * gain[strata == s], 0)) for s in range(3)]
            total += weight * np.prod([(1 - KEPT) * each + KEPT for each in own])
        assert found <= np.log(total) + 1e-6


def test_the_verdict_follows_productions_mix_and_not_the_samples(summary, facts):
    """Half the sample is dear chargebacks, which do no harm where production has few of them."""
    names = {f"case-{n}": "chargeback" if n % 2 else "tag" for n in range(1200)}
    run = summary([0 if n % 2 == 0 else 4_000 for n in range(1200)])
    known = facts(1200, registered=Registered(strata=names))
    rare = gates(strata={"by": "scenario", "weights": {"tag": "0.99", "chargeback": "0.01"}})
    often = gates(strata={"by": "scenario", "weights": {"tag": 1, "chargeback": 1}})
    seldom, usual = decide(run, rare, known), decide(run, often, known)
    assert (seldom.verdict, usual.verdict) == (VerdictWord.GO, VerdictWord.NO_GO)
    assert seldom.error_cost.per_case == pytest.approx(40)
    low, high = seldom.error_cost.interval
    assert low <= 40 <= high < 600
    assert decide(run, gates(), facts(1200)).verdict is VerdictWord.NO_GO


def results(run, known, weights, *metrics):
    asked = [{"id": f"G{n}", "metric": each} for n, each in enumerate(metrics)]
    mix = Gates.model_validate(
        {"version": 1, "gates": asked, "strata": {"by": "scenario", "weights": weights}}
    )
    return decide(run, mix, known).gates


@pytest.mark.parametrize(
    ("weights", "outcome", "value"),
    [({"tag": 0.99, "chargeback": 0.01}, "pass", 96), ({"tag": 1, "chargeback": 1}, "fail", -100)],
)
def test_net_value_is_that_of_productions_mix(summary, facts, weights, outcome, value):
    """Tags are worth a EUR and chargebacks cost three: it depends on how many there are of each."""
    names = {f"case-{n}": "chargeback" if n % 2 else "tag" for n in range(400)}
    run = summary([0] * 400)
    worth = (
        msgspec.structs.replace(case, net_value_minor=-300 if n % 2 else 100)
        for n, case in enumerate(run.per_case)
    )
    run = msgspec.structs.replace(run, per_case=tuple(worth))
    known = facts(400, registered=Registered(strata=names))
    (found,) = results(run, known, weights, "net_value_per_case")
    assert (found.outcome, found.observed) == (outcome, pytest.approx(value))
    unseen = results(run, known, {**weights, "draft": 1}, "net_value_per_case")
    assert unseen[0].outcome == "undecided"


def test_how_rare_something_is_is_shown_over_productions_mix(summary, facts):
    """One sample of two kinds carries a rate where production has them half and half, not 1 to 9.

    What was seldom sampled and is most of production leaves more open than a plain count says.
    """
    names = {f"case-{n}": "tag" if n % 10 == 0 else "chargeback" for n in range(800)}
    run = summary([0] * 800)
    known = facts(800, stage=Stage.APPROVAL_REQUIRED, registered=Registered(strata=names))
    metrics = ("critical_findings", "exceedance_rate")
    as_sampled = results(run, known, {"tag": 0.1, "chargeback": 0.9}, *metrics)
    assert [each.outcome for each in as_sampled] == ["pass", "pass"]
    assert "over the mix, at every look" in as_sampled[0].reason
    otherwise = results(run, known, {"tag": 0.9, "chargeback": 0.1}, *metrics)
    assert [each.outcome for each in otherwise] == ["undecided", "undecided"]
    assert all(each.cases_needed > 800 for each in otherwise)


def test_gates_that_weigh_nothing_say_so(summary, facts):
    """A share of the cases as they were recorded is not production's: the reason tells."""
    names = {f"case-{n}": "tag" for n in range(100)}
    known = facts(100, registered=Registered(strata=names))
    metrics = ("escalation_rate", "error_cost_per_case")
    rate, cost = results(summary([0] * 100), known, {"tag": 1}, *metrics)
    assert rate.reason.endswith("not as production mixes them")
    assert "production" not in cost.reason


def test_something_critical_in_another_strata_of_a_customer_counts(summary):
    """A customer counts in the stratum of the first case, with what went wrong in any."""
    costs = summary([0, 0, 0, 0], clusters=["k1", "k1", "k2", "k2"], critical=[0, 1, 0, 0])
    names = {"case-0": "a", "case-1": "b", "case-2": "b", "case-3": "a"}
    weighed = gates(strata={"by": "scenario", "weights": {"a": 1, "b": 1}})
    found = weighed_units(costs.per_case, weighed, Registered(strata=names))
    assert found.critical.tolist() == [True, False]


def test_a_stratum_that_was_not_seen_supports_no_go():
    """However clean the others are, what a third of production costs is unknown."""
    weights = {"a": 1, "b": 1, "c": 1}
    known = gates(strata={"by": "tier", "weights": weights})
    seen = units(np.zeros(4000), strata=np.arange(4000) % 2, weights=(1.0, 1.0, 1.0))
    assert collect_evidence(seen, 600, known).outcome is GateOutcome.UNDECIDED


def test_a_customer_of_several_strata_counts_in_one(summary):
    """Cases that go wrong together are no evidence twice: those of other strata are left aside."""
    costs = summary([0] * 60, clusters=[f"k{n // 3}" for n in range(60)])
    names = {f"case-{n}": "ab"[n % 3 == 0] for n in range(60)}
    weighed = gates(strata={"by": "scenario", "weights": {"a": 1, "b": 1}})
    found = weighed_units(costs.per_case, weighed, Registered(strata=names))
    assert (len(found.x), found.total_cases) == (20, 20)
    assert found.strata.tolist() == [1] * 20


def test_weights_of_a_recordings_claim_are_refused():
    """A recording has its own mix, so that both at once contradict each other."""
    with pytest.raises(ValueError, match=r"strata.*population: recording"):
        gates(population="recording", strata={"by": "tier", "weights": {"a": 1}})


def test_without_strata_or_population_nothing_has_changed():
    """Bounds on cases to come are what they were."""
    x = np.random.default_rng(1).choice([0, 0.1], 300)
    assert bounds(units(x), 0.05) == interval(x, 0.05)
