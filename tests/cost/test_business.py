"""The business case: pinned numbers of the design's note, and what a run is worth per class."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.cost.business import Outlook, business_case, error_budget
from understudy.cost.confidence import Told, calibration, coverage_curve, least_confidence
from understudy.cost.net_value import CaseEconomics
from understudy.cost.price_list import PriceList
from understudy.cost.summary import Judged, band_of, summarise
from understudy.model.action import Action, Effect
from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case, Trigger
from understudy.model.finding import Finding, Kind, Severity
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal

NOTE = CaseEconomics(300, 80, 4, 75, Decimal("0.7"), 5, 50)
POLICY = Policy.model_validate({
    "version": 1,
    "handling": {"human_cost": "3 EUR", "human_error_cost": "0.80 EUR",
                 "escalation_overhead": "0.50 EUR", "model_cost": "0.04 EUR"},
    "review": {"cost": "0.75 EUR", "catch_rate": 0.7, "rework": "0.05 EUR"},
})  # fmt: skip
PAY = Action(system="bank", operation="bank.pay", effect=Effect.PAY, amount_minor=10_000,
             currency="EUR")  # fmt: skip


def case(number, cost, confidence=None, outcome=Outcome.ACTED, **finding):
    name = f"c{number}"
    found = []
    if cost:
        found = [Finding(case_id=name, kind=Kind.WRONG_VALUE, severity=Severity.MEDIUM,
                         cost_minor=cost, **finding)]  # fmt: skip
    return Judged(
        Case(case_id=name, scenario="s", cluster_id=name, segment={"country": "de"},
             trigger=Trigger(system="s", type="t"), tier="premium"),
        [Proposal(case_id=name, confidence=confidence, outcome=outcome, actions=(PAY,))],
        [Baseline(case_id=name, baseline_id="b", actions=(PAY,))],
        found, 1,
    )  # fmt: skip


def made(*judged, **outlook):
    return business_case(
        judged, summarise(judged, POLICY), PriceList.from_policy(POLICY), Outlook(**outlook)
    )


def test_one_run_gives_the_value_of_every_class():
    """F2 and F3 of the note: 2.66 automated, 2.63 with approval; what escalates is -0.54."""
    values = {each.action_class: each for each in made(case(1, 110)).values}
    assert values["automated"].net_value_minor == 266
    assert values["approval_required"].net_value_minor == 263
    assert values["draft_only"].net_value_minor == 263
    assert values["read_only"].net_value_minor == -4
    assert values["approval_required"].residual_error_minor == 33
    assert values["automated"].roi == pytest.approx(266 / 380, abs=1e-4)
    handed = made(case(1, 0, outcome=Outcome.ESCALATED))
    assert {each.net_value_minor for each in handed.values} == {-54, -4}


def test_the_month_and_the_payback():
    """Net value times volume, and how long the integration takes to come back; F6 beside it."""
    business = made(case(1, 110), monthly_cases=1000, integration_cost_minor=532_000,
                    hourly_cost_minor=3_000)  # fmt: skip
    automated = next(each for each in business.values if each.action_class == "automated")
    assert (automated.monthly_minor, automated.payback_months) == (266_000, 2.0)
    assert (business.break_even_minor, business.headroom) == (376, 3.42)
    assert business.hours_freed_monthly == 100.0
    assert made(case(1, 9000), monthly_cases=9, integration_cost_minor=1).values[
        -1
    ].payback_months is None  # fmt: skip


def test_the_error_budget_burns():
    """F7: within the budget it lasts; at one and a half of it it is gone after twenty days."""
    plan = Outlook(monthly_cases=10, budget_minor=100)
    assert error_budget(150, plan).days == 20.0
    assert (error_budget(50, plan).burn, error_budget(50, plan).days) == (0.5, None)
    assert error_budget(150, Outlook(monthly_cases=10)) is None


def test_thresholds_rise_with_what_is_at_stake():
    """F19 of the note: 60.00 at stake asks for 0.9283, 600.00 for 0.9928; nothing for nothing."""
    assert [round(least_confidence(loss, NOTE), 4) for loss in (6_000, 60_000, 0)] == [
        0.9283, 0.9928, 0.0,
    ]  # fmt: skip
    [line] = {(t.operation, t.amount_minor, t.currency) for t in made(case(1, 0)).thresholds}
    assert line == ("bank.pay", 10_000, "EUR")


def test_escalating_everything_is_never_free():
    """The curve counts people's work on what is handed over, so its optimum lies in between."""
    told = [Told(0.95, 0, False)] * 8 + [Told(0.3, 50_000, False)] * 2
    points = {point.name: point for point in coverage_curve(told, NOTE) if point.name}
    assert (points["optimum"].threshold, points["optimum"].coverage) == (0.95, 0.8)
    assert points["never escalate"].cost_per_case_minor == points["as run"].cost_per_case_minor
    assert points["people alone"].cost_per_case_minor == 380
    assert points["optimum"].cost_per_case_minor < 380
    assert coverage_curve([], NOTE) == ()


def test_calibration_is_the_notes():
    """Four cases at 0.9 of which three are right are 0.15 off; without confidence there is none."""
    cases = [Told(0.9, 0, False)] * 3 + [Told(0.9, 500, False)]
    assert calibration(cases).ece == 0.15
    assert calibration(cases).cost_weighted == 0.15
    assert calibration([Told(None, 0, False)]) is None
    assert calibration([Told(1.0, 0, False)]).cost_weighted is None
    assert made(case(1, 5)).confidence_note.startswith("no confidence is told")


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 10**6)), min_size=1, max_size=60))
def test_calibration_and_curve_stay_within_their_bounds(cases):
    """ECE lies between 0 and 1, every case is in one bin, and coverage between 0 and 1."""
    told = [Told(confidence, cost, False) for confidence, cost in cases]
    found = calibration(told)
    assert 0 <= found.ece <= 1
    assert sum(each.cases for each in found.bins) == len(told)
    assert all(0 <= point.coverage <= 1 for point in coverage_curve(told, NOTE))


def test_what_to_fix_first_is_what_saves_most():
    """Each kind's repair leaves the rest of the cost, and the queue is ranked by cost."""
    business = made(case(1, 300), case(2, 900))
    [repair] = business.repairs
    assert (repair.error_cost_minor, repair.saved_per_case_minor) == (0, 600)
    assert [each.case_id for each in business.queue] == ["c2", "c1"]


def test_costs_are_attributed_to_every_part():
    """System, segment, fault and confidence band each add up to the whole."""
    judged = [case(1, 300, 0.93, system="bank", fault="reset+latency"), case(2, 900)]
    cost = summarise(judged, POLICY)
    for lines in (cost.by_system, cost.by_segment, cost.by_fault, cost.by_confidence):
        assert sum(line.cost_minor for line in lines) == 1200
    assert {line.group for line in cost.by_segment} == {"country=de", "tier=premium"}
    assert {line.group for line in cost.by_fault} == {"reset", "latency", "no fault"}
    assert {line.group for line in cost.by_confidence} == {band_of(0.93), "not told"}
    assert cost.candidate.exception_rate == 0.0
