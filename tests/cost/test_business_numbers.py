"""The business case to the last digit: thresholds, curve, calibration, month, queue."""

from __future__ import annotations

from decimal import Decimal

import pytest

from understudy.cost.attribution import attribute
from understudy.cost.business import Outlook, business_case, error_budget
from understudy.cost.confidence import Told, calibration, coverage_curve, least_confidence
from understudy.cost.net_value import CaseEconomics, month_of, values_by_class
from understudy.cost.price_list import PriceList
from understudy.cost.summary import Judged, band_of, summarise, uncapped_minor
from understudy.model.action import DESK, ESCALATION_OPERATION, Action, ActionClass, Effect
from understudy.model.baseline import Baseline, Outcome
from understudy.model.business import ErrorBudget
from understudy.model.case import Case, Trigger
from understudy.model.cost import CaseCost
from understudy.model.finding import Finding, Kind, Severity
from understudy.model.policy import Policy
from understudy.model.proposal import MODEL_CURRENCY, Failure, FailureCause, Proposal

NOTE = CaseEconomics(300, 80, 4, 75, Decimal("0.7"), 5, 50)
POLICY = Policy.model_validate({
    "version": 1,
    "handling": {"human_cost": "3 EUR", "human_error_cost": "0.80 EUR",
                 "escalation_overhead": "0.50 EUR", "model_cost": "0.04 EUR"},
    "review": {"cost": "0.75 EUR", "catch_rate": 0.7, "rework": "0.05 EUR"},
    "rates": {"date": "2026-11-01", "USD": 0.5},
})  # fmt: skip
PRICES = PriceList.from_policy(POLICY)


def pay(cents=10_000, operation="bank.pay", currency="EUR", **more):
    return Action(system="bank", operation=operation, effect=Effect.PAY, amount_minor=cents,
                  currency=currency, **more)  # fmt: skip


def found(name, cost, kind=Kind.WRONG_VALUE, **more):
    return Finding(case_id=name, kind=kind, cost_minor=cost, **more)


def judged(name, actions=(), findings=(), proposals=None, **case):
    usual = {"scenario": "s", "cluster_id": name, "trigger": Trigger(system="s", type="t")}
    return Judged(
        Case(case_id=name, **(usual | case)),
        proposals or [Proposal(case_id=name, actions=tuple(actions))],
        [Baseline(case_id=name, baseline_id="b")],
        list(findings), 0,
    )  # fmt: skip


def made(*run, **outlook):
    return business_case(run, summarise(run, POLICY), PRICES, Outlook(**outlook))


def thresholds(*run):
    return [(t.operation, t.amount_minor, t.currency) for t in made(*run).thresholds]


def test_thresholds_stand_at_the_usual_and_the_great_amount():
    """Of ten payments the sixth and the tenth by what they cost if wrong, in their currency."""
    run = [judged(f"c{n}", [pay(n * 10_000)]) for n in (3, 1, 2, 10, 5, 4, 7, 6, 9, 8)]
    assert thresholds(*run) == [("bank.pay", 60_000, "EUR"), ("bank.pay", 100_000, "EUR")]
    for line in made(*run).thresholds:
        assert line.confidence == round(1 - 430 / line.loss_minor, 4)
        assert 0 < line.confidence < 1
    assert thresholds(judged("c", [pay(-500, currency="usd")])) == [("bank.pay", 500, "USD")] * 2


def test_only_accepted_writes_of_systems_have_a_threshold():
    """What was read, refused, or handed to the desk is not asked about."""
    desk = Action(system=DESK, operation=ESCALATION_OPERATION, effect=Effect.SEND)
    read = Action(system="bank", operation="bank.get", effect=Effect.READ)
    refused = pay(operation="bank.refused", response_status=402)
    bare = Action(system="bank", operation="bank.note")
    assert thresholds(judged("c", [desk, read, refused, bare])) == [("bank.note", 0, None)]


def test_the_most_frequent_operations_come_first_and_twenty_of_them():
    """Ties stand in the order of their names."""
    names = [f"bank.{letter}" for letter in "xyzabcdefghijklmnopqrstuvw"]
    notes = [Action(system="bank", operation=name) for name in names]
    often = Action(system="bank", operation="bank.z")
    told = [line[0] for line in thresholds(judged("c", [*notes, often]))]
    assert told == ["bank.z", *sorted(set(names) - {"bank.z"})[:19]]


def test_the_curve_is_computed_point_by_point():
    """Cheapest threshold, all alone, people alone, as run: each in money per case, to the digit."""
    told = [Told(0.9, 0, False), Told(0.7, 100, False), Told(0.7, 1_200, False),
            Told(0.2, 0, True), Told(None, 60, False)]  # fmt: skip
    found = coverage_curve(told, NOTE)
    rows = [(p.name, p.threshold, p.coverage, p.cost_per_case_minor) for p in found]
    handed = 380 + 50 + 4
    assert rows == [
        ("people alone", None, 0.0, 380.0),
        ("as run", None, 0.8, round((1_360 + 5 * 4 + 430) / 5, 4)),
        ("optimum", 0.9, 0.2, round((4 + 4 * handed) / 5, 4)),
        ("never escalate", 0.7, 0.6, round((1_312 + 2 * handed) / 5, 4)),
        ("", 0.9, 0.2, round((4 + 4 * handed) / 5, 4)),
        ("", 0.7, 0.6, round((1_312 + 2 * handed) / 5, 4)),
    ]
    silent = coverage_curve([Told(None, 0, False)] * 3, NOTE)
    assert [point.name for point in silent] == ["people alone", "as run"]
    assert silent[1].coverage == 1.0
    thirds = coverage_curve([Told(0.5, 1, False), Told(0.4, 0, True), Told(0.4, 0, True)], NOTE)
    assert (thirds[1].coverage, thirds[1].cost_per_case_minor) == (0.3333, 291.0)


def test_a_curve_has_about_fifty_points_however_many_confidences():
    """Every second of a hundred distinct ones, each of fifty."""
    for count, steps in ((50, 50), (100, 50), (120, 60), (149, 75), (150, 50)):
        told = [Told(n / 1000, 0, False) for n in range(count)]
        assert sum(not point.name for point in coverage_curve(told, NOTE)) == steps


def test_calibration_is_by_bins_of_equal_mass():
    """Sorted by confidence, no more bins than confidences, gaps weighted by cases and by cost."""
    told = [Told(0.5, 0, False), Told(0.9, 300, False), Told(0.5, 100, False), Told(0.9, 0, False),
            Told(0.9, 0, False), Told(None, 9, False), Told(0.5, 0, False)]  # fmt: skip
    result = calibration(told)
    bins = [(b.cases, round(b.confidence, 9), round(b.right, 9), b.cost_minor) for b in result.bins]
    assert bins == [(3, 0.5, round(2 / 3, 9), 100), (3, 0.9, round(2 / 3, 9), 300)]
    low, high = 2 / 3 - 0.5, 0.9 - 2 / 3
    assert result.ece == round((low + high) / 2, 6)
    assert result.cost_weighted == round((low * 100 + high * 300) / 400, 6)
    many = calibration([Told(n / 100, 0, False) for n in range(100)])
    assert [each.cases for each in many.bins] == [10] * 10
    assert [each.cases for each in calibration(told, bins=1).bins] == [6]
    assert calibration([Told(0.0, 5, False)]).ece == 0.0
    assert calibration([Told(0.0, 0, False)]).ece == 1.0
    assert [Told(0.1, cost, False).right for cost in (0, 1)] == [True, False]


def test_a_threshold_is_never_below_zero():
    """What can hardly be lost asks for no confidence, and a loss of nothing for none."""
    assert [least_confidence(loss, NOTE) for loss in (-5, 0, 1, 430)] == [0.0] * 4
    assert least_confidence(860, NOTE) == 0.5


def test_the_budget_is_exact():
    """At the budget exactly it lasts the month; without a limit or a volume there is none."""
    plan = Outlook(monthly_cases=3, budget_minor=100)
    assert error_budget(100, plan) == ErrorBudget(
        budget_minor=300, projected_minor=300.0, burn=1.0, days=None
    )
    assert error_budget(133.3333, plan) == ErrorBudget(
        budget_minor=300, projected_minor=400.0, burn=1.3333, days=22.5
    )
    assert error_budget(1, Outlook(monthly_cases=0, budget_minor=0)) is None
    assert error_budget(1, Outlook(budget_minor=5)) is None
    assert made(judged("c", [], [found("c", 7)]), monthly_cases=2, budget_minor=7).budget == (
        ErrorBudget(budget_minor=14, projected_minor=14.0, burn=1.0, days=None)
    )


def test_every_class_has_its_month_and_its_residual_error():
    """Over three cases of which one is handed over: means, return, residual and payback."""
    run = [
        judged("a", [pay()], [found("a", 100)]),
        judged("b", [pay()]),
        judged("c", proposals=[Proposal(case_id="c", outcome=Outcome.ESCALATED)],
               findings=[found("c", 31)]),
    ]  # fmt: skip
    business = made(*run, monthly_cases=30, integration_cost_minor=1_000, hourly_cost_minor=600)
    told = {
        each.action_class: (each.net_value_minor, each.residual_error_minor, each.roi,
                            each.monthly_minor, each.payback_months)
        for each in business.values
    }  # fmt: skip
    automated = (276 + 376 - 85) / 3
    approval = (380 - 30 - 84 + 380 - 84 - 85) / 3
    assert told == {
        "automated": (189.0, 43.6667, 0.4974, 5670.0, 0.18),
        "approval_required": (159.0, 20.3333, 0.4184, 4770.0, 0.21),
        "draft_only": (159.0, 20.3333, 0.4184, 4770.0, 0.21),
        "read_only": (-4.0, 0.0, -0.0105, -120.0, None),
    }
    assert (automated, approval) == (189.0, 159.0)
    assert business.hours_freed_monthly == 10.0
    assert (business.break_even_minor, business.headroom) == (376, 8.61)
    assert made(*run).hours_freed_monthly is None
    assert made(*run, hourly_cost_minor=600).hours_freed_monthly is None
    assert made(*run, monthly_cases=30).hours_freed_monthly is None
    assert made(judged("a", [pay()])).headroom is None


def test_models_are_paid_as_they_were():
    """What the model calls really cost replaces the policy's figure, rounded up per case."""
    usage = {"model_cost_minor": 11}
    run = [judged("a", proposals=[Proposal(case_id="a", usage=usage)]),
           judged("b", proposals=[Proposal(case_id="b", usage=usage | {"model_cost_minor": 10})]),
           ]  # fmt: skip
    business = made(*run)
    assert business.break_even_minor == 380 - 11
    assert [each.net_value_minor for each in business.values if "read" in each.action_class] == [
        -10.5
    ]
    summary = summarise(run, POLICY)
    assert (summary.model_cost_minor, summary.candidate.cost_per_case_minor) == (21, 10)
    half = [*run, judged("c")]
    assert summarise(half, POLICY).model_cost_minor is None


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"model_cost_minor": 3}, 3), ({"model_cost_minor": 2.1}, 3), ({"model_cost_minor": 0}, 0),
        ({"model_cost_minor": 3, MODEL_CURRENCY: "CHF"}, None), ({}, None),
        ({"model_cost_minor": -1}, None), ({"model_cost_minor": True}, None),
        ({"model_cost_minor": float("inf")}, None), ({"model_cost_minor": float("nan")}, None),
        ({"model_cost_minor": "3"}, None),
    ],
)  # fmt: skip
def test_a_model_cost_that_is_none_counts_as_unknown(usage, cost):
    """Less than nothing, no number, or without a rate is not known; a part of a cent is one."""
    economics = CaseEconomics.of(POLICY)
    assert economics.models_of([Proposal(case_id="c", usage=usage)]) == cost


def test_what_was_given_up_is_not_counted_as_handled_alone():
    """An escalation, a failure and the errors of the right repeat, in the curve and the bins."""
    broken = Failure(cause=FailureCause.CANDIDATE, reason="timeout")
    handed = Action(system=DESK, operation=ESCALATION_OPERATION)
    proposals = [
        Proposal(case_id="c", confidence=0.9),
        Proposal(case_id="c", confidence=0.9, repeat=1, actions=(handed,)),
        Proposal(case_id="c", confidence=0.9, repeat=2, failure=broken, outcome=Outcome.FAILED),
        Proposal(case_id="c", confidence=0.4, repeat=3),
    ]
    run = judged("c", proposals=proposals, findings=[found("c", 50), found("c", 25, repeat=3),
                                                     found("c", 25, repeat=3)])  # fmt: skip
    business = made(run)
    points = {point.name: point for point in business.coverage}
    assert points["as run"].coverage == 0.5
    assert points["never escalate"].coverage == 0.5
    bins = [(each.cases, each.confidence, each.right) for each in business.calibration.bins]
    assert bins == [(2, 0.65, 0.0), (2, 0.9, 1.0)]
    assert business.calibration.bins[0].cost_minor == 100
    assert business.confidence_note == ""
    assert made(judged("d")).confidence_note == "no confidence is told: no threshold can be set"


def test_repairs_and_queue_hold_what_costs_anything():
    """Free kinds need no repair; the dearest differences stand first, at most a hundred of them."""
    run = [judged("b", findings=[found("b", 5), found("b", 0, kind=Kind.DUPLICATE_BENIGN)]),
           judged("a", [], [found("a", 5, explanation="why", repeat=2, baseline_id="x")],
                  [Proposal(case_id="a", repeat=2)]),
           judged("c", findings=[found("c", 90, kind=Kind.EXTRA_ACTION)])]  # fmt: skip
    business = made(*run)
    assert [(r.kind, r.error_cost_minor, r.saved_per_case_minor) for r in business.repairs] == [
        ("extra_action", 10, 30.0), ("wrong_value", 90, 3.3333),
    ]  # fmt: skip
    assert [each.case_id for each in business.queue] == ["c", "a", "b"]
    first = business.queue[1]
    assert (first.repeat, first.baseline_id, first.cost_minor, first.explanation) == (
        2, "x", 5, "why",
    )  # fmt: skip
    many = judged("m", findings=[found("m", 1 + n) for n in range(120)])
    assert [each.cost_minor for each in made(many).queue] == list(range(120, 20, -1))


def test_an_empty_run_has_a_business_case_of_zeros():
    """No case, no value, no curve, no division by nothing."""
    business = made(monthly_cases=5, hourly_cost_minor=100)
    assert {each.net_value_minor for each in business.values} == {0.0}
    assert (business.coverage, business.calibration, business.headroom) == ((), None, None)
    assert business.hours_freed_monthly is None


def test_lines_are_ordered_by_cost_then_count_then_name():
    """Findings and distinct cases are counted apart, odd cents go to the first, none to nobody."""
    findings = [found("a", 10, mess=("x", "y", "z")), found("a", 6, mess=("b",)),
                found("b", 0, mess=("b",)), found("c", 3, mess=("c",)), found("c", 4)]  # fmt: skip
    lines = attribute(findings, lambda finding: finding.mess)
    assert [(line.group, line.findings, line.cases, line.cost_minor) for line in lines] == [
        ("b", 2, 2, 6), ("x", 1, 1, 4), ("c", 1, 1, 3), ("y", 1, 1, 3), ("z", 1, 1, 3),
    ]  # fmt: skip
    even = attribute([found("a", 4, mess=("n", "m")), found("a", 0, mess=("n",))],
                     lambda finding: finding.mess)  # fmt: skip
    assert [(line.group, line.findings, line.cases) for line in even] == [("n", 2, 1), ("m", 1, 1)]


def test_groups_name_what_they_are_about_and_what_is_missing():
    """System, operation, class and fault by name; what has none of them is told as such."""
    strict = Action(system="s", operation="s.o", action_class=ActionClass.APPROVAL_REQUIRED)
    loose = Action(system="s", operation="s.o", action_class=ActionClass.READ_ONLY)
    run = judged("a", [loose, strict, loose],
                 [found("a", 5, system="s", operation="s.o"), found("a", 2)],
                 tier="premium", segment={"z": "1", "b": "2"})  # fmt: skip
    summary = summarise([run], POLICY)

    def lines(table):
        return [(line.group, line.cost_minor) for line in table]

    assert lines(summary.by_operation) == [("s.o", 5), ("the case", 2)]
    assert lines(summary.by_system) == [("s", 5), ("the case", 2)]
    assert lines(summary.by_action_class) == [("approval_required", 5), ("none", 2)]
    assert lines(summary.by_fault) == [("no fault", 7)]
    assert lines(summary.by_mess) == [("no mess", 7)]
    assert lines(summary.by_kind) == [("wrong_value", 7)]
    assert lines(summary.by_confidence) == [("not told", 7)]
    assert lines(summary.by_segment) == [("b=2", 3), ("tier=premium", 3), ("z=1", 1)]
    assert (summary.currency, summary.cases, summary.actions_proposed) == ("EUR", 1, 3)


def test_only_accepted_writes_count_as_proposed():
    """Reads and refused tries are no actions that could agree with anybody's."""
    read = Action(system="s", operation="s.get", effect=Effect.READ)
    run = judged("a", [read, pay(response_status=402), pay()])
    assert summarise([run], POLICY).actions_proposed == 1


@pytest.mark.parametrize(
    ("confidence", "band"),
    [(0.0, "0.0-0.1"), (0.0999, "0.0-0.1"), (0.1, "0.1-0.2"), (0.3, "0.3-0.4"), (0.7, "0.7-0.8"),
     (0.9, "0.9-1.0"), (1.0, "0.9-1.0"), (-0.5, "0.0-0.1"), (7.0, "0.9-1.0"), (None, "not told")],
)  # fmt: skip
def test_a_confidence_lies_in_its_tenth(confidence, band):
    """The lower edge belongs to the band, and what lies beyond to the outermost one."""
    assert band_of(confidence) == band


def test_repeats_share_a_case_and_its_times_are_the_slowest():
    """Mean cost rounded up, mean worth rounded down, the longest time, any handover counts."""
    handed = Action(system=DESK, operation=ESCALATION_OPERATION)
    refused = Action(system=DESK, operation=ESCALATION_OPERATION, response_status=500)
    proposals = [Proposal(case_id="c", cycle_time_ms=5, usage={"model_cost_minor": 4}),
                 Proposal(case_id="c", repeat=1, cycle_time_ms=9, actions=(refused,)),
                 Proposal(case_id="c", repeat=2, actions=(handed,))]  # fmt: skip
    run = judged("c", proposals=proposals, findings=[found("c", 10, repeat=1)])
    [case] = summarise([run], POLICY).per_case
    assert case == CaseCost(
        case_id="c", cluster_id="c", error_cost_minor=4,
        net_value_minor=(376 + 366 - 54) // 3, escalated=True, cycle_time_ms=9,
    )  # fmt: skip
    shares = [each.cost_minor for each in run.averaged()]
    assert shares == [4]
    several = judged("c", proposals=proposals, findings=[found("c", 1)] * 3)
    assert [each.cost_minor for each in several.averaged()] == [1, 0, 0]


def test_the_uncapped_loss_is_only_that_of_what_was_capped():
    """Below the cap a finding would have cost what it did; at the cap it is priced anew."""
    cap = POLICY.cap.minor
    assert uncapped_minor(found("a", cap - 1), PRICES) == cap - 1
    at_cap = found("a", cap, kind=Kind.EXTRA_ACTION, severity=Severity.HIGH, currency="EUR",
                   exposure_minor=2_000_000, irreversibility=0.5)  # fmt: skip
    assert uncapped_minor(at_cap, PRICES) == 15_000 + 1_000_000


def test_a_month_needs_a_volume_and_pays_back_only_a_gain():
    """Money to the cent, months to two digits, nothing for a loss and nothing without a price."""
    assert month_of(2.5, 3, 10) == (7.5, 1.33)
    assert month_of(0.0, 3, 10) == (0.0, None)
    assert month_of(2.5, 3, None) == (7.5, None)
    assert month_of(2.5, 3, 0) == (7.5, 0.0)
    assert month_of(1 / 3, 1, None) == (0.33, None)


def test_each_class_pays_for_what_it_takes():
    """Reading pays the models alone; a handover and a failure are worth the same under all."""
    cases = [
        CaseCost(case_id="a", cluster_id="a", error_cost_minor=100, net_value_minor=0),
        CaseCost(case_id="b", cluster_id="b", error_cost_minor=10, net_value_minor=0, failed=True,
                 model_cost_minor=20),
    ]  # fmt: skip
    found = values_by_class(cases, NOTE)
    assert found[ActionClass.READ_ONLY] == -24
    assert found[ActionClass.AUTOMATED] == 276 - 80
    assert found[ActionClass.APPROVAL_REQUIRED] == found[ActionClass.DRAFT_ONLY] == 266 - 80
