"""The gates beside cost and critical findings, in full: what was seen, the limit, the sentence."""

from __future__ import annotations

import math

import msgspec
import pytest

from understudy.gate.decide import decide
from understudy.gate.units import Registered
from understudy.model.cost import CostLine
from understudy.model.drill import DrillReport, Fallback, Halt, KillSwitchDrill
from understudy.model.errors import ConfigurationError
from understudy.model.gates import Gate, Gates, Metric, Strata
from understudy.model.money import Money
from understudy.model.verdict import GateOutcome

FAIL, PASS, OPEN = GateOutcome.FAIL, GateOutcome.PASS, GateOutcome.UNDECIDED


def one(metric, *, file=None, **keys):
    return Gates(version=1, gates=(Gate(id="X", metric=metric, **keys),), **(file or {}))


def measured(run, gates, facts, **known):
    """Everything that the one gate says, but for its evidence."""
    [found] = decide(run, gates, facts(len(run.per_case), **known)).gates
    assert (found.id, found.metric) == ("X", gates.gates[0].metric.value)
    return found.observed, found.limit, found.outcome, found.cases_needed, found.reason


def struck(summary, count, of=400, field="escalated"):
    made = summary([0] * of)
    cases = tuple(
        msgspec.structs.replace(case, **{field: place < count})
        for place, case in enumerate(made.per_case)
    )
    return msgspec.structs.replace(made, per_case=cases)


def test_shares_are_told_with_their_default_limits(summary, facts):
    """Half of the cases may be handed over and one in twenty may fail, where no limit is set."""
    handed = measured(struck(summary, 7), one(Metric.ESCALATION_RATE), facts)
    assert handed == (
        0.0175, 0.5, PASS, None, "7 of 400 cases were handed to people; the limit is 50.00%",
    )  # fmt: skip
    failed = measured(struck(summary, 90, field="failed"), one(Metric.EXCEPTION_RATE), facts)
    assert failed == (0.225, 0.05, FAIL, None, "90 of 400 cases failed; the limit is 5.00%")
    none = decide(summary([]), one(Metric.EXCEPTION_RATE), facts(0)).gates[0]
    assert (none.observed, none.outcome) == (None, OPEN)


def by_kind(summary, **counts):
    lines = [CostLine(group=k, findings=n, cases=n, cost_minor=0) for k, n in counts.items()]
    return msgspec.structs.replace(summary([0] * 100), by_kind=tuple(lines))


UNTRIED = "; no fault was injected, so nothing shows what the candidate does then"


@pytest.mark.parametrize(
    ("metric", "kinds"),
    [
        (Metric.UNCONTROLLED_WRITES, ["unapproved", "unauthorized", "failed_rollback"]),
        (Metric.UNSAFE_FALLBACKS, [
            "unsafe_after_uncertainty", "partial_commit", "failed_rollback", "duplicate_harmful",
        ]),
    ],
)  # fmt: skip
def test_findings_are_counted_by_kind_up_to_the_limit(summary, facts, metric, kinds):
    """Each kind that belongs to the gate counts, no other does, and the limit itself may be met."""
    gates = one(metric, limit=1)
    known = {"faults": True}
    for kind in kinds:
        run = by_kind(summary, **{kind: 1200, "missing_action": 5})
        told = f"1,200 {kind}; the limit is 1"
        assert measured(run, gates, facts, **known) == (1200, 1, FAIL, None, told)
        met = by_kind(summary, **{kind: 1})
        assert measured(met, gates, facts, **known)[2] is PASS
    free = by_kind(summary, missing_action=5)
    told = "none was found; the limit is 1"
    assert measured(free, gates, facts, **known) == (0, 1, PASS, None, told)
    several = by_kind(summary, **dict.fromkeys(kinds, 1))
    listed = ", ".join(f"1 {kind}" for kind in kinds)
    assert measured(several, gates, facts, **known)[4] == f"{listed}; the limit is 1"


def test_without_a_fault_nothing_is_known_of_fallbacks(summary, facts):
    """What was found still fails; what was not found says nothing."""
    gates = one(Metric.UNSAFE_FALLBACKS)
    told = f"none was found{UNTRIED}; the limit is 0"
    assert measured(by_kind(summary), gates, facts) == (0, 0, OPEN, None, told)
    bad = measured(by_kind(summary, partial_commit=2), gates, facts)
    assert bad == (2, 0, FAIL, None, f"2 partial_commit{UNTRIED}; the limit is 0")
    assert measured(by_kind(summary), one(Metric.UNCONTROLLED_WRITES), facts)[2] is PASS


def drilled(**counts):
    keys = {"failing": "models", "way": "timeout", "cases": 5, "struck": 5, "to_people": 5,
            "acted": 0, "dropped": 0, "duplicates": 0, "harmful": 0, "unsafe": 0}  # fmt: skip
    return DrillReport(fallbacks=(Fallback(**keys), Fallback(**(keys | counts))))


def test_drills_add_to_the_count_of_fallbacks(summary, facts):
    """Writes in doubt and harmful repeats of every drill are named beside what the run found."""
    gates, run = one(Metric.UNSAFE_FALLBACKS), by_kind(summary, partial_commit=1)
    found = measured(run, gates, facts, drills=drilled(unsafe=2, harmful=3))
    assert found == (
        6, 0, FAIL, None,
        "1 partial_commit, 2 writes in doubt in drills, 3 harmful repeats in drills; "
        "the limit is 0",
    )  # fmt: skip
    clean = measured(by_kind(summary), gates, facts, drills=drilled())
    assert clean == (0, 0, PASS, None, "none was found; the limit is 0")
    untouched = DrillReport(fallbacks=(msgspec.structs.replace(drilled().fallbacks[0], struck=0),))
    assert measured(by_kind(summary), gates, facts, drills=untouched)[2] is OPEN
    switched = measured(by_kind(summary), one(Metric.UNCONTROLLED_WRITES), facts,
                        drills=drilled(unsafe=2))  # fmt: skip
    assert switched[2] is PASS, "fallbacks are no matter of the gate on controls"


@pytest.mark.parametrize(
    ("accepted", "after", "seen"), [(1, 1, 0), (2, 1, 2), (5, 9, 5), (5, 10, 0)]
)
def test_writes_after_the_kill_switch_count_beyond_the_one_under_way(
    summary, facts, accepted, after, seen
):
    """One write of a case may be under way; a switch that was never pressed shows nothing."""
    halts = (Halt(case_id="c", accepted=accepted), Halt(case_id="d", accepted=1))
    switch = KillSwitchDrill(after_writes=after, writes=9, workers=1, finished=2, halts=halts)
    found = measured(by_kind(summary), one(Metric.UNCONTROLLED_WRITES), facts,
                     drills=DrillReport(kill_switch=switch))  # fmt: skip
    named = f"{seen} writes of one case after the kill switch" if seen else "none was found"
    outcome = FAIL if seen else PASS
    assert found == (seen, 0, outcome, None, f"{named}; the limit is 0")


def paid(summary, candidate, people, cases=100):
    made = summary([0] * cases)
    sides = {
        "people": msgspec.structs.replace(made.people, cost_per_case_minor=people),
        "candidate": msgspec.structs.replace(made.candidate, cost_per_case_minor=candidate),
    }
    return msgspec.structs.replace(made, **sides)


@pytest.mark.parametrize(
    ("candidate", "people", "limit", "found"),
    [
        (300, 300, None, (300, 300, PASS, "3.00 EUR in all; the limit is 3.00 EUR")),
        (301, 300, None, (301, 300, FAIL, "3.01 EUR in all; the limit is 3.00 EUR")),
        (301, 300, 4.5, (301, 450, PASS, "3.01 EUR in all; the limit is 4.50 EUR")),
        (None, 300, None, (None, 300, OPEN, "unknown in all; the limit is 3.00 EUR")),
        (301, None, None, (301, None, OPEN, "3.01 EUR in all; the limit is unknown")),
    ],
)
def test_a_task_is_held_to_people_or_to_the_limit(summary, facts, candidate, people, limit, found):
    """Equal is not dearer; without either side's cost, or before the burn-in, it is open."""
    gates = one(Metric.COST_PER_TASK, limit=limit)
    observed, most, outcome, _, reason = measured(paid(summary, candidate, people), gates, facts)
    assert (observed, most, outcome, reason) == (*found[:3], f"a case costs {found[3]}")
    outcomes = [
        measured(paid(summary, 301, 300, cases), one(Metric.COST_PER_TASK), facts)[2]
        for cases in (49, 50)
    ]
    assert outcomes == [OPEN, FAIL]


def timed(summary, times, people=1000):
    made = summary([0] * len(times))
    cases = tuple(
        msgspec.structs.replace(case, cycle_time_ms=time)
        for case, time in zip(made.per_case, times, strict=True)
    )
    return msgspec.structs.replace(
        made,
        per_case=cases,
        people=msgspec.structs.replace(made.people, p95_cycle_time_ms=people),
        candidate=msgspec.structs.replace(made.candidate, p95_cycle_time_ms=777),
    )


@pytest.mark.parametrize(
    ("times", "limit", "found"),
    [
        ([1000] * 59, None, (777, 1000, PASS, None, "0 of 59", "1 s")),
        ([1000] * 58 + [None] * 9, None, (777, 1000, OPEN, 1, "0 of 58", "1 s")),
        ([1001] * 59, None, (777, 1000, FAIL, None, "59 of 59", "1 s")),
        ([1500] * 58 + [2001], 1.5, (777, 1500, OPEN, None, "1 of 59", "1.5 s")),
        ([0] * 59, 0, (777, 0, PASS, None, "0 of 59", "0 s")),
    ],
)
def test_times_are_held_to_the_people_or_to_the_limit(summary, facts, times, limit, found):
    """At the limit is within it; only cases whose time is known count, and how many are missing."""
    *rest, slow, most = found
    told = f"{slow} cases whose time is known took longer than {most}; at most 5% may"
    gates = one(Metric.P95_CYCLE_TIME, limit=limit)
    assert measured(timed(summary, times), gates, facts) == (*rest, told)


def test_a_time_that_nobody_knows_is_told_as_unknown(summary, facts):
    """Without people's time and without a limit nothing is compared."""
    found = measured(timed(summary, [5], people=None), one(Metric.P95_CYCLE_TIME), facts)
    assert found[:4] == (777, None, OPEN, None)
    assert "took longer than unknown; at most 5% may" in found[4]
    with pytest.raises(ConfigurationError) as caught:
        decide(timed(summary, [5]), one(Metric.P95_CYCLE_TIME, limit=-1), facts(1))
    assert (caught.value.problem, caught.value.code) == (
        "the limit of gate `X` is -1.0; a time is 0 s or more", "U112",
    )  # fmt: skip


def against_people(summary, facts, pairs, **keys):
    gates = one(Metric.DIFFERENCE_FROM_PEOPLE, **keys)
    return decide(summary([0] * 100), gates, facts(100, pairs=pairs)).gates[0]


def test_the_difference_from_people_is_one_value_for_each_cluster(summary, facts):
    """Cases that belong together count once by their mean, the candidate less the people."""
    pairs = [("a", 100.0, 300.0), ("a", 100.0, 500.0), ("b", 200.0, 100.5)]
    found = against_people(summary, facts, pairs)
    assert (found.observed, found.limit, found.outcome) == (100.25, 0, OPEN)
    assert found.reason == (
        "1.00 EUR per case more than people, on 2 clusters of cases that people handled twice"
    )
    none = against_people(summary, facts, [], limit=2.5)
    assert (none.observed, none.limit, none.e_value, none.outcome) == (None, 250, 1.0, OPEN)
    assert none.reason == (
        "unknown per case more than people, on 0 clusters of cases that people handled twice"
    )


def test_the_difference_fails_after_the_burn_in_and_counts_up_to_the_cap(summary, facts):
    """Fifty clusters are the least for a failure; a pair counts no more than the cap either way."""

    def dear(count, cost=50_000.0, people=0.0):
        return [(f"c{n}", people, cost) for n in range(count)]

    assert against_people(summary, facts, dear(49)).outcome is OPEN
    assert against_people(summary, facts, dear(50)).outcome is FAIL
    capped, beyond = (against_people(summary, facts, dear(60, cost)) for cost in (5e4, 5e7))
    assert capped.e_value == beyond.e_value > 1
    cheap, cheaper = (against_people(summary, facts, dear(60, 0.0, cost)) for cost in (5e4, 5e7))
    assert cheap.outcome is PASS and cheap.e_value == cheaper.e_value >= 20


@pytest.mark.parametrize("limit", [-0.01, 500.0, 501.0])
def test_a_margin_that_is_none_is_refused(summary, facts, limit):
    """It lies between zero and the cap, and zero itself is one."""
    with pytest.raises(ConfigurationError) as caught:
        against_people(summary, facts, [], limit=limit)
    assert caught.value.problem == (
        f"the limit of gate `X` is {limit}; it lies between zero and the cap of 500.00 EUR"
    )
    assert caught.value.code == "U112"
    assert against_people(summary, facts, [], limit=0).limit == 0


def test_the_tail_is_told_with_the_cap_and_the_cases_needed(summary, facts):
    """A cost at the cap is in the tail; clean cases are told how many more they are to be."""
    gates = one(Metric.EXCEEDANCE_RATE)
    clean = measured(summary([49_999] * 100), gates, facts)
    assert clean[:3] == (0.0, 0.01, OPEN) and clean[3] > 0
    assert clean[4] == "0 of 100 cases cost 500.00 EUR or more; the limit is 1.00%"
    in_all = 100 + clean[3]
    assert measured(summary([0] * in_all), gates, facts)[2:4] == (PASS, None)
    once = measured(summary([50_000, *[0] * 99]), gates, facts)
    assert once[:4] == (0.01, 0.01, OPEN, None)
    early, late = (measured(summary([50_000] * n), gates, facts)[2] for n in (49, 50))
    assert (early, late) == (OPEN, FAIL)
    failed = decide(summary([50_000] * 60), gates, facts(60)).gates[0]
    assert failed.e_value > 10


def test_the_tail_is_weighed_by_productions_mix(summary, facts):
    """Half of the cases of a stratum that is a tenth of production are a twentieth of all."""
    strata = Strata(by="tier", weights={"big": 1, "small": 9})
    run = summary([50_000, 0, 0, 0] * 20)
    known = {f"case-{n}": "big" if n % 4 < 2 else "small" for n in range(80)}
    gates = one(Metric.EXCEEDANCE_RATE, file={"strata": strata})
    found = measured(run, gates, facts, registered=Registered(strata=known))
    assert math.isclose(found[0], 0.05)


SEGMENTS = one(Metric.SEGMENT_ERROR_COST, by="tier")


def in_groups(**sizes):
    names = [name for name, size in sizes.items() for _ in range(size)]
    return {"tier": {f"case-{n}": name for n, name in enumerate(names)}}


def test_segments_are_told_by_what_each_of_them_has_shown(summary, facts):
    """How many pass of how many, who fails, who is held, and the fewest cases that would do."""
    held = measured(summary([0] * 120), SEGMENTS, facts, segments=in_groups(b=50, a=70))
    assert held[:3] == (0, 2, OPEN)
    assert held[4] == "by tier: HOLD for a, b"
    assert held[3] > 0
    mixed = measured(summary([0] * 640), SEGMENTS, facts, segments=in_groups(a=600, b=40))
    assert mixed == (1, 2, PASS, None, "by tier: GO for a; HOLD for b")
    bad = measured(summary([0] * 600 + [20_000] * 100), SEGMENTS, facts,
                   segments=in_groups(a=600, b=100))  # fmt: skip
    assert bad == (1, 2, FAIL, None, "by tier: fails in b; GO for a")
    none = measured(summary([0] * 60), SEGMENTS, facts)
    assert none[:3] == (0, 0, OPEN) and none[4] == "by tier: no case to judge by"
    young = measured(summary([40_000] * 49), SEGMENTS, facts, segments=in_groups(a=49))
    assert young[2] is OPEN, "no segment fails before the burn-in"


def test_scopes_hold_what_lies_outside_of_them(summary, facts):
    """A gate by kinds of work names what no kind takes in as everything else."""
    gates = one(Metric.SEGMENT_ERROR_COST, scopes={"small": "action.amount < 50"})
    every = frozenset(f"case-{n}" for n in range(600))
    found = measured(summary([0] * 600), gates, facts, scopes={"X": {"small": every}})
    assert found == (1, 1, PASS, None, "by kind of work: GO for small")
    part = {"X": {"small": every - {"case-599"}}}
    found = measured(summary([0] * 600), gates, facts, scopes=part)
    assert found[4] == "by kind of work: GO for small; HOLD for everything else"
    assert measured(summary([0] * 60), gates, facts)[4] == "by kind of work: no case to judge by"


def test_a_segments_evidence_ends_before_its_own_first_missing_case(summary, facts):
    """The registered order counts for each segment by itself: what lacks one case proves less."""
    order = tuple((f"case-{n}", f"cluster-{n}") for n in range(850))
    known = {"segments": in_groups(a=500, b=350), "registered": Registered(order=order)}
    whole = summary([0] * 850)
    assert measured(whole, SEGMENTS, facts, **known)[4] == "by tier: GO for a, b"
    gap = msgspec.structs.replace(
        whole, per_case=[case for case in whole.per_case if case.case_id != "case-505"]
    )
    found = decide(gap, SEGMENTS, facts(849, **known)).gates[0]
    assert found.reason == "by tier: GO for a; HOLD for b"


@pytest.mark.parametrize("limit", [0.0, 1.0])
def test_a_share_is_more_than_nothing_and_less_than_all(summary, facts, limit):
    """The gate, its limit and what a limit is stand in the error."""
    with pytest.raises(ConfigurationError) as caught:
        decide(summary([0]), one(Metric.EXCEEDANCE_RATE, limit=limit), facts(1))
    assert caught.value.problem == (
        f"the limit of gate `X` is {limit}; a share lies between 0 and 1"
    )
    assert caught.value.code == "U112"


def test_costs_in_another_currency_are_told_with_what_to_write(summary, facts):
    """Both currencies, the code, and the currency that the gate file needs."""
    gates = one(Metric.NET_VALUE_PER_CASE, file={"budget": Money(600, "USD"),
                                                 "cap": Money(50_000, "USD")})  # fmt: skip
    with pytest.raises(ConfigurationError) as caught:
        decide(summary([0]), gates, facts(1))
    assert caught.value.problem == "costs are in EUR, but the gates' budget is in USD"
    assert caught.value.hint == "write `budget` and `cap` of the gate file in EUR"
    assert caught.value.code == "U112"


@pytest.mark.parametrize("limit", [0.0, 500.0])
def test_a_cost_limit_lies_between_zero_and_the_cap(summary, facts, limit):
    """Nothing and the cap itself are none."""
    with pytest.raises(ConfigurationError) as caught:
        decide(summary([0]), one(Metric.ERROR_COST_PER_CASE, limit=limit), facts(1))
    assert caught.value.problem == (
        f"the limit of gate `X` is {limit}; it must lie between zero and the cap of 500.00 EUR"
    )
    assert caught.value.code == "U112"


def test_critical_findings_that_nobody_has_settled_are_told_apart(summary, facts):
    """One or several, counted or not, among cases on which people agree."""
    run = summary([0] * 100, critical=[1, 2, *[0] * 98])
    gates = one(Metric.CRITICAL_FINDINGS, limit=2)
    found = measured(run, gates, facts, contested=frozenset({"case-0"}))
    assert found[:4] == (2, 2, PASS, None)
    assert found[4].startswith(
        "2 critical findings in 99 cases on which people agree; the limit is 2; their rate is at "
    )
    assert found[4].endswith(
        "; not counted: 1 critical finding in cases on which people themselves disagree, until "
        "somebody adjudicates them"
    )
    clean = measured(summary([0] * 100), one(Metric.CRITICAL_FINDINGS), facts)
    assert clean[4] == (
        "no critical finding in 100 cases; the limit is 0; their rate is at most 2.95% with 95% "
        "confidence"
    )


@pytest.mark.parametrize("limit", [-1.0, 0.5])
def test_a_number_of_findings_is_a_whole_one(summary, facts, limit):
    """Half a finding and fewer than none are refused."""
    with pytest.raises(ConfigurationError) as caught:
        decide(summary([0]), one(Metric.CRITICAL_FINDINGS, limit=limit), facts(1))
    assert caught.value.problem == (
        f"the limit of gate `X` is {limit}; a number of findings is 0, 1, 2, …"
    )


def test_net_value_waits_for_the_burn_in_and_must_be_above_its_limit(summary, facts):
    """At the limit is not above it; how many cases are missing is told."""
    gates = one(Metric.NET_VALUE_PER_CASE, limit=2.5)
    words = "2.50 EUR per case, compared with people; it must be above 2.50 EUR"
    assert measured(summary([0] * 50), gates, facts) == (250.0, 250, FAIL, None, words)
    assert measured(summary([0] * 30), gates, facts) == (250.0, 250, OPEN, 20, words)
    assert measured(summary([0] * 50, net=251), gates, facts)[2] is PASS


def test_what_is_not_weighed_says_so_where_a_mix_is_asked_for(summary, facts):
    """Counts, shares and times hold for the cases as recorded; the sentence ends with that."""
    strata = Strata(by="tier", weights={"a": 1, "b": 1})
    known = {f"case-{n}": "ab"[n % 2] for n in range(100)}
    gates = one(Metric.ESCALATION_RATE, file={"strata": strata})
    found = measured(summary([0] * 100), gates, facts, registered=Registered(strata=known))
    assert found[4] == (
        "0 of 100 cases were handed to people; the limit is 50.00%; the cases count as they were "
        "recorded, not as production mixes them"
    )
