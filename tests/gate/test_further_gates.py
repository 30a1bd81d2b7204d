"""The gates beside cost and critical findings, and what forbids a GO whatever the gates say."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from understudy.gate.decide import decide
from understudy.model.cost import CostLine
from understudy.model.drill import DrillReport, Fallback, Halt, KillSwitchDrill
from understudy.model.errors import ConfigurationError
from understudy.model.gates import Gate, Gates, Metric
from understudy.model.verdict import GateOutcome, Stage, VerdictWord


def one(metric, **keys):
    return Gates(version=1, gates=(Gate(id="X", metric=metric, **keys),))


def by_scenario(groups):
    names = [f"case-{n}" for n in range(sum(groups.values()))]
    values = [name for name, count in groups.items() for _ in range(count)]
    return {"scenario": dict(zip(names, values, strict=True))}


SEGMENTS = one(Metric.SEGMENT_ERROR_COST, by="scenario")


def test_a_go_names_the_segments_that_are_shown_and_holds_the_others(summary, facts):
    """With too few chargebacks there is a GO for tags alone, which says so in its scope."""
    segments = by_scenario({"tags": 600, "chargebacks": 40})
    decision = decide(summary([0] * 640), SEGMENTS, facts(640, segments=segments))
    assert decision.verdict is VerdictWord.GO
    assert decision.scope == "by scenario: GO for tags; HOLD for chargebacks"
    assert "HOLD for chargebacks" in decision.reasons[0]


def test_one_bad_segment_is_a_no_go_and_named(summary, facts):
    """The mean over all may be fine: the segment that is not fails by its own evidence."""
    segments = by_scenario({"tags": 600, "chargebacks": 100})
    costs = [0] * 600 + [20_000] * 100
    decision = decide(summary(costs), SEGMENTS, facts(700, segments=segments))
    assert decision.verdict is VerdictWord.NO_GO
    assert "fails in chargebacks" in decision.gates[0].reason


def test_some_of_many_segments_need_more_evidence_than_all_of_them(summary, facts):
    """Where each passes no correction is due; where some are picked, Holm's step-down is."""
    both = decide(summary([0] * 660), SEGMENTS,
                  facts(660, segments=by_scenario({"a": 330, "b": 330})))  # fmt: skip
    assert both.scope == "by scenario: GO for a, b"
    picked = decide(summary([0] * 380), SEGMENTS,
                    facts(380, segments=by_scenario({"a": 330, "b": 50})))  # fmt: skip
    assert picked.gates[0].outcome is GateOutcome.UNDECIDED
    assert picked.verdict is VerdictWord.INCONCLUSIVE


def test_segments_at_the_boundary_are_let_through_in_at_most_the_stated_share(summary, facts):
    """Six segments that cost exactly the limit: any GO for any of them is false, at most 5 %."""
    rng = np.random.default_rng(11)
    segments = by_scenario(dict.fromkeys("abcdef", 500))
    false = 0
    runs = 60
    for _ in range(runs):
        costs = np.where(rng.random(3000) < 0.06, 10_000, 0)
        decision = decide(summary(costs.tolist()), SEGMENTS, facts(3000, segments=segments))
        false += "GO for" in decision.scope
    assert false / runs <= 0.05


def test_dear_cases_are_rare_or_not(summary, facts):
    """The tail is bounded by evidence of its own: too often is NO-GO, never is a GO in the end."""
    gates = one(Metric.EXCEEDANCE_RATE, limit=0.01)
    short = decide(summary([0] * 100), gates, facts(100))
    assert short.gates[0].outcome is GateOutcome.UNDECIDED
    needed = 100 + short.gates[0].cases_needed
    assert decide(summary([0] * needed), gates, facts(needed)).verdict is VerdictWord.GO
    assert decide(summary([0] * (needed - 1)), gates, facts(needed - 1)).verdict is not (
        VerdictWord.GO
    )
    often = decide(summary([60_000, *[0] * 9] * 20), gates, facts(200))
    assert often.gates[0].outcome is GateOutcome.FAIL


def line(kind, count):
    return CostLine(group=kind, findings=count, cases=count, cost_minor=0)


def test_uncontrolled_writes_and_unsafe_fallbacks_are_counted(summary, facts):
    """One is a NO-GO; without a fault in the campaign nothing is known of fallbacks."""
    gates = one(Metric.UNCONTROLLED_WRITES)
    clean = summary([0] * 100)
    assert decide(clean, gates, facts(100)).verdict is VerdictWord.GO
    found = msgspec.structs.replace(clean, by_kind=(line("unapproved", 2),))
    decision = decide(found, gates, facts(100))
    assert decision.verdict is VerdictWord.NO_GO and "2 unapproved" in decision.reasons[0]
    drills = one(Metric.UNSAFE_FALLBACKS)
    assert decide(clean, drills, facts(100)).verdict is VerdictWord.INCONCLUSIVE
    assert decide(clean, drills, facts(100, faults=True)).verdict is VerdictWord.GO
    found = msgspec.structs.replace(clean, by_kind=(line("unsafe_after_uncertainty", 1),))
    assert decide(found, drills, facts(100)).verdict is VerdictWord.NO_GO


@pytest.mark.parametrize("metric", [Metric.ESCALATION_RATE, Metric.EXCEPTION_RATE])
def test_shares_pass_and_fail_by_their_bounds(summary, facts, metric):
    """A share just at its limit is undecided; well below it passes, well above it fails."""
    field = "failed" if metric is Metric.EXCEPTION_RATE else "escalated"

    def outcome(events):
        made = summary([0] * 400)
        cases = tuple(
            msgspec.structs.replace(case, **{field: index < events})
            for index, case in enumerate(made.per_case)
        )
        made = msgspec.structs.replace(made, per_case=cases)
        return decide(made, one(metric, limit=0.1), facts(400)).gates[0].outcome

    assert [outcome(events) for events in (20, 40, 60)] == [
        GateOutcome.PASS,
        GateOutcome.UNDECIDED,
        GateOutcome.FAIL,
    ]


def test_a_task_must_not_cost_more_than_people_take(summary, facts):
    """The candidate's cost of a case in all is held to the people's, or to a limit."""
    made = summary([0] * 100)
    people = msgspec.structs.replace(made.people, cost_per_case_minor=300)
    dear = msgspec.structs.replace(made.candidate, cost_per_case_minor=301)
    made = msgspec.structs.replace(made, people=people, candidate=dear)
    assert decide(made, one(Metric.COST_PER_TASK), facts(100)).verdict is VerdictWord.NO_GO
    assert decide(made, one(Metric.COST_PER_TASK, limit=4), facts(100)).verdict is VerdictWord.GO


def test_limits_that_were_changed_after_the_cases_restart_the_evidence(summary, gates, facts):
    """Eight hundred clean cases are no evidence for limits that nobody had registered."""
    decision = decide(summary([0] * 800), gates, facts(800, amended=True))
    assert decision.verdict is VerdictWord.INCONCLUSIVE
    assert any("the evidence restarts" in reason for reason in decision.reasons)
    bare = one(Metric.NET_VALUE_PER_CASE)
    assert decide(summary([0] * 800), bare, facts(800, amended=True)).verdict is not VerdictWord.GO
    critical = decide(summary([0] * 800, critical=[1] * 800), gates, facts(800, amended=True))
    assert critical.verdict is VerdictWord.NO_GO


def test_what_acts_alone_needs_cases_that_were_held_out(summary, gates, facts):
    """From limited autonomy on a GO rests on cases that the candidate sees for the first time."""
    clean = summary([0] * 3200)
    seen = decide(clean, gates, facts(3200, stage=Stage.LIMITED_AUTONOMY))
    assert seen.verdict is VerdictWord.INCONCLUSIVE
    assert "were held out" in " ".join(seen.reasons)
    fresh = decide(clean, gates, facts(3200, stage=Stage.LIMITED_AUTONOMY, held_out=True))
    assert fresh.verdict is VerdictWord.GO


def test_hashes_that_are_not_equal_are_invalid(summary, gates, facts):
    """What a verdict is bound to has to be what it was made from."""
    decision = decide(summary([0] * 800), gates, facts(800, broken=("the gate file was edited",)))
    assert decision.verdict is VerdictWord.INVALID
    assert "the gate file was edited" in decision.reasons[0]


def test_a_segment_gate_without_a_grouping_is_refused():
    """`by` or `scopes`, and not both, belongs to that metric, and to no other."""
    segment, scopes = {"metric": "segment_error_cost_per_case"}, {"scopes": {"a": "tier == 'b'"}}
    wrong = (segment, {**segment, "by": "x", **scopes}, {"metric": "cost_per_task", "by": "x"})
    for keys in wrong:
        with pytest.raises(ValueError, match="`by` or `scopes` goes with"):
            Gates.model_validate({"version": 1, "gates": [{"id": "X", **keys}]})


@pytest.mark.parametrize("limit", [0.0, 1.0, -0.5, 7.0])
def test_a_share_that_is_none_is_a_configuration_error(summary, facts, limit):
    """A limit of nothing, of everything or beyond is named with its gate."""
    with pytest.raises(ConfigurationError, match="gate `X`"):
        decide(summary([0] * 10), one(Metric.EXCEEDANCE_RATE, limit=limit), facts(10))


def test_drills_count_among_fallbacks_and_controls(summary, facts):
    """Writes in doubt of a drill, and writes after the kill switch, fail their gates."""
    clean = summary([0] * 100)
    keys = {"failing": "models", "way": "timeout", "cases": 5, "struck": 5, "to_people": 5,
            "acted": 0, "dropped": 0, "duplicates": 0, "harmful": 0}  # fmt: skip
    good, bad = (DrillReport(fallbacks=(Fallback(**keys, unsafe=n),)) for n in (0, 2))
    drills = one(Metric.UNSAFE_FALLBACKS)
    assert decide(clean, drills, facts(100, drills=good)).verdict is VerdictWord.GO
    decision = decide(clean, drills, facts(100, drills=bad))
    assert decision.verdict is VerdictWord.NO_GO
    assert "2 writes in doubt in drills" in decision.reasons[0]
    halts = (Halt(case_id="c", accepted=3),)
    switch = KillSwitchDrill(after_writes=1, writes=9, workers=1, finished=2, halts=halts)
    told = facts(100, drills=DrillReport(kill_switch=switch))
    assert decide(clean, one(Metric.UNCONTROLLED_WRITES), told).verdict is VerdictWord.NO_GO


def test_the_candidate_is_held_to_people_by_pairs(summary, facts):
    """On cases handled twice cheaper than people passes, dearer fails; without any it is open."""
    gates = one(Metric.DIFFERENCE_FROM_PEOPLE, limit=1)
    clean = summary([0] * 400)

    def outcome(people, candidate, count=400):
        pairs = tuple((f"c{n}", people, candidate) for n in range(count))
        return decide(clean, gates, facts(400, pairs=pairs)).gates[0].outcome

    assert outcome(5_000.0, 0.0) is GateOutcome.PASS
    assert outcome(0.0, 9_000.0) is GateOutcome.FAIL
    assert outcome(0.0, 100.0) is GateOutcome.UNDECIDED
    assert outcome(0.0, 0.0, 0) is GateOutcome.UNDECIDED


def timed(summary, times, people=None):
    """A run whose cases took so many milliseconds."""
    made = summary([0] * len(times))
    costs = [msgspec.structs.replace(case, cycle_time_ms=time)
             for case, time in zip(made.per_case, times, strict=True)]  # fmt: skip
    sides = msgspec.structs.replace(made.people, p95_cycle_time_ms=people)
    return msgspec.structs.replace(made, per_case=costs, people=sides)


@pytest.mark.parametrize(
    ("times", "limit", "outcome"),
    [
        ([900] * 100, 1.0, GateOutcome.PASS),
        ([900] * 58, 1.0, GateOutcome.UNDECIDED),
        ([900] * 80 + [1100] * 20, 1.0, GateOutcome.FAIL),
        ([900] * 96 + [1100] * 4, 1.0, GateOutcome.UNDECIDED),
        ([None] * 100, 1.0, GateOutcome.UNDECIDED),
        ([900] * 100, None, GateOutcome.PASS),
        ([1100] * 100, None, GateOutcome.FAIL),
    ],
)
def test_nineteen_of_twenty_cases_stay_within_the_time(summary, facts, times, limit, outcome):
    """With exact bounds, against the limit in seconds or else against what people take."""
    run = timed(summary, times, people=1000)
    gates = one(Metric.P95_CYCLE_TIME) if limit is None else one(Metric.P95_CYCLE_TIME, limit=limit)
    assert decide(run, gates, facts(len(times))).gates[0].outcome is outcome


@pytest.mark.parametrize("metric", [Metric.EXCEPTION_RATE, Metric.P95_CYCLE_TIME])
def test_cases_of_one_customer_are_no_evidence_twice(summary, facts, metric):
    """What 100 customers show, 10 customers with ten cases each do not, in either direction."""

    def outcome(struck, clusters):
        made = summary([0] * 100, clusters=clusters)
        costs = [
            msgspec.structs.replace(case, failed=bad, cycle_time_ms=2000 if bad else 900)
            for case, bad in zip(made.per_case, struck, strict=True)
        ]
        run = msgspec.structs.replace(made, per_case=costs)
        limit = 1.0 if metric is Metric.P95_CYCLE_TIME else 0.05
        return decide(run, one(metric, limit=limit), facts(100)).gates[0].outcome

    alone, shared = [f"c{n}" for n in range(100)], [f"c{n // 10}" for n in range(100)]
    assert outcome([False] * 100, alone) is GateOutcome.PASS
    assert outcome([False] * 100, shared) is GateOutcome.UNDECIDED
    some = [n % 10 == 0 for n in range(100)]
    assert outcome([n < 15 for n in range(100)], alone) is GateOutcome.FAIL
    assert outcome(some, shared) is GateOutcome.UNDECIDED


def test_a_time_without_a_limit_and_without_people_decides_nothing(summary, facts):
    """Where nobody's time is known there is nothing to hold the candidate to."""
    found = decide(timed(summary, [5] * 100), one(Metric.P95_CYCLE_TIME), facts(100)).gates[0]
    assert (found.outcome, found.limit) == (GateOutcome.UNDECIDED, None)
    with pytest.raises(ConfigurationError, match="gate `X`"):
        decide(timed(summary, [5]), one(Metric.P95_CYCLE_TIME, limit=-1), facts(1))


def test_a_run_that_ended_early_is_bounded_at_every_look(summary, facts):
    """2,995 clean cases show a rate of 0.1 % at a planned end, 3,334 at an end that was not."""
    gates = one(Metric.CRITICAL_FINDINGS, limit=0)
    stage = {"stage": Stage.LIMITED_AUTONOMY, "held_out": True}

    def outcome(cases, *, peeked):
        return decide(summary([0] * cases), gates, facts(cases, peeked=peeked, **stage)).gates[0]

    assert outcome(2_995, peeked=False).outcome is GateOutcome.PASS
    early = outcome(2_995, peeked=True)
    assert (early.outcome, early.cases_needed) == (GateOutcome.UNDECIDED, 3_334 - 2_995)
    assert "at every look" in early.reason
    assert outcome(3_334, peeked=True).outcome is GateOutcome.PASS
