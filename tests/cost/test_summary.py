"""All costs of a run, added up."""

from __future__ import annotations

import pytest

from understudy.cost.attribution import attribute
from understudy.cost.summary import Judged, summarise
from understudy.cost.wording import cost_line, deed
from understudy.model.action import DESK, ESCALATION_OPERATION, Action, ActionClass, Effect, Target
from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case, Trigger
from understudy.model.finding import Finding, Kind, Severity
from understudy.model.policy import Policy
from understudy.model.proposal import Failure, FailureCause, Proposal


def a_case(name):
    return Case(case_id=name, scenario="s", cluster_id=name, trigger=Trigger(system="s", type="t"))


def finding(name, cost, **more):
    return Finding(case_id=name, kind=more.pop("kind", Kind.WRONG_VALUE), cost_minor=cost, **more)


WRITE = Action(system="shop", operation="shop.tag", action_class=ActionClass.AUTOMATED)
HANDED = Action(system=DESK, operation=ESCALATION_OPERATION)


@pytest.fixture
def run():
    """Three cases: one wrong, one escalated, one right and done twice."""
    return [
        Judged(
            a_case("a"),
            [Proposal(case_id="a", actions=(WRITE,), cycle_time_ms=100, wall_time_ms=40)],
            [Baseline(case_id="a", baseline_id="b", actions=(WRITE,), cycle_time_ms=9000)],
            [
                finding("a", 1000, severity=Severity.CRITICAL, operation="shop.tag"),
                finding("a", 301, mess=("late_sync", "typo"), operation="shop.tag"),
            ],
            0,
        ),
        Judged(
            a_case("b"),
            [Proposal(case_id="b", outcome=Outcome.ESCALATED, actions=(HANDED,))],
            [Baseline(case_id="b", baseline_id="b", actions=(HANDED,))],
            [],
            1,
        ),
        Judged(
            a_case("c"),
            [Proposal(case_id="c", actions=(WRITE,), repeat=n) for n in (0, 1)],
            [Baseline(case_id="c", baseline_id="b", actions=(WRITE,))],
            [finding("c", 5, repeat=1)],
            1,
        ),
    ]


def test_costs_add_up(run, policy):
    """The total is the sum of the cases, and a case run twice counts its mean, rounded up."""
    summary = summarise(run, policy())
    assert [each.error_cost_minor for each in summary.per_case] == [1301, 0, 3]
    assert summary.error_cost_minor == 1304
    assert [each.critical for each in summary.per_case] == [1, 0, 0]
    assert [each.agrees for each in summary.per_case] == [False, True, False]


def test_net_value_is_that_of_each_repeat(run, policy):
    """Handled cases are worth H - E_c - M, escalated ones -(X + M); repeats are averaged."""
    summary = summarise(run, policy())
    values = [each.net_value_minor for each in summary.per_case]
    assert values == [300 - 1301 - 4, -54, (296 + 291) // 2]
    assert summary.net_value_minor == sum(values)


def test_agreement_is_a_share_of_proposed_actions(run, policy):
    """Agreement counts actions that equal a baseline's out of all that were proposed."""
    summary = summarise(run, policy())
    assert (summary.actions_agreeing, summary.actions_proposed) == (2, 4)


def test_attribution_loses_no_cent(run, policy):
    """Every table adds up to the total, also where one cost is shared by several groups."""
    summary = summarise(run, policy())
    tables = [
        summary.by_kind,
        summary.by_severity,
        summary.by_operation,
        summary.by_mess,
        summary.by_action_class,
    ]
    totals = [sum(line.cost_minor for line in table) for table in tables]
    assert totals == [summary.error_cost_minor] * 5
    assert summary.error_cost_minor == 1304
    by_mess = {line.group: line.cost_minor for line in summary.by_mess}
    assert by_mess == {"no mess": 1003, "late_sync": 151, "typo": 150}
    assert summary.by_action_class[0].group == "automated"


def test_both_sides_are_counted_alike(run, policy):
    """Escalations are seen by their action, on both sides; times and costs stand beside them."""
    summary = summarise(run, policy())
    assert (summary.candidate.acted, summary.candidate.escalated) == (3, 1)
    assert (summary.people.acted, summary.people.escalated) == (2, 1)
    assert summary.candidate.mean_cycle_time_ms == 100
    assert summary.people.mean_cycle_time_ms == 9000
    assert (summary.candidate.mean_wall_time_ms, summary.people.mean_wall_time_ms) == (40, None)
    assert summary.people.cost_per_case_minor == 300
    # Findings of 1306, the model in four runs, and one case that people took over.
    assert summary.candidate.cost_per_case_minor == (1306 + 16 + 350) // 4


def test_failures_count_as_failures(policy):
    """A candidate that failed is worth what a handover is, and is counted as failed."""
    broken = Failure(cause=FailureCause.CANDIDATE, reason="timeout")
    judged = Judged(
        a_case("a"),
        [Proposal(case_id="a", outcome=Outcome.FAILED, failure=broken)],
        [Baseline(case_id="a", baseline_id="b")],
        [finding("a", 218, kind=Kind.RUN_FAILURE)],
        0,
    )
    summary = summarise([judged], policy())
    assert summary.per_case[0].failed
    assert summary.per_case[0].net_value_minor == -54 - 218
    assert summary.candidate.failed == 1


def test_the_largest_uncapped_loss_is_kept(policy):
    """What a capped finding would have cost is told beside the capped sum."""
    huge = finding(
        "a",
        500_000,
        kind=Kind.EXTRA_ACTION,
        severity=Severity.HIGH,
        exposure_minor=2_000_000,
        currency="EUR",
        irreversibility=0.5,
    )
    judged = Judged(
        a_case("a"), [Proposal(case_id="a")], [Baseline(case_id="a", baseline_id="b")], [huge], 0
    )
    summary = summarise([judged], policy())
    assert summary.error_cost_minor == 500_000
    assert summary.largest_uncapped_minor == 15_000 + 1_000_000


def test_no_cases_cost_nothing(policy):
    """An empty run sums up to zero and has no mean."""
    summary = summarise([], policy())
    assert (summary.cases, summary.error_cost_minor) == (0, 0)
    assert summary.candidate.cost_per_case_minor is None
    assert attribute([], lambda _: ["any"]) == ()


def test_findings_are_told_in_plain_words():
    """A line names the price, the kind and what happened; control characters are written out."""
    action = Action(
        system="stripe",
        operation="stripe.refunds.create",
        target=Target(type="charge", id="ch_1\x1b[31m"),
        amount_minor=9600,
        currency="eur",
        effect=Effect.PAY,
    )
    assert deed(action) == "refunded 96.00 EUR (charge ch_1\\x1b[31m)"
    line = cost_line(finding("a", 3600, severity=Severity.MEDIUM, explanation=deed(action)), "EUR")
    assert line.startswith("36.00 EUR  wrong_value (medium): refunded 96.00 EUR")


def test_repeats_are_averaged_everywhere():
    """A finding in one of three repeats counts a third, and the groups make up the total."""
    actions = [Action(system="stripe", operation="stripe.refunds.create")]
    findings = [
        Finding(case_id="c", kind=Kind.WRONG_VALUE, cost_minor=cost, repeat=repeat)
        for repeat, cost in ((0, 100), (1, 101), (1, 1))
    ]
    case = Case(
        case_id="c", scenario="s", cluster_id="c", trigger=Trigger(system="zendesk", type="t")
    )
    proposals = [Proposal(case_id="c", repeat=n, actions=tuple(actions)) for n in range(3)]
    summary = summarise([Judged(case, proposals, [], findings, 0)], Policy(version=1))
    assert summary.error_cost_minor == 68
    assert sum(line.cost_minor for line in summary.by_kind) == 68
