"""Two views of one case: what was done, and what it left behind."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from understudy.cost.price_list import PriceList
from understudy.diff.consistency import reconcile
from understudy.diff.effects import Shape, compare_effects
from understudy.diff.explain import Explanation, explain
from understudy.model.action import Action, Target
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.finding import Finding, Kind, Severity
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal
from understudy.model.state import changes

PRICES = PriceList.from_policy(Policy(version=1))


class Stock:
    """A small system: items that are set, and a call that also moves something nobody sees."""

    def __init__(self):
        self.state = {"item": {"1": {"stock": 3, "place": "A"}, "2": {"stock": 5}}}

    def apply(self, action):
        key = action.target.id
        if key not in self.state["item"]:
            return msgspec.structs.replace(action, response_status=404)
        fields = {name: value for name, value in action.fields.items() if name != "quietly"}
        self.state["item"] = {**self.state["item"], key: {**self.state["item"][key], **fields}}
        if action.at is not None:
            self.state["item"]["2"] = {"stock": 0}
        return msgspec.structs.replace(action, response_status=200)

    def snapshot(self):
        return {name: dict(table) for name, table in self.state.items()}

    def diff(self, since):
        return tuple(changes(since, self.state))


def put(key="1", at=None, **fields):
    return Action(
        system="stock", operation="stock.items.set", at=at, fields=fields,
        target=Target(type="item", id=key), response_status=200,
    )  # fmt: skip


def judged(wanted, done):
    case = Case(case_id="c", scenario="s", cluster_id="c", trigger=Trigger(system="s", type="t"))
    baseline = Baseline(case_id="c", baseline_id="b", actions=wanted)
    proposal = Proposal(case_id="c", actions=done)
    effects = compare_effects(Stock, wanted, done)
    explanation = explain(case, proposal, [baseline], PRICES)
    return effects, reconcile(case, explanation, effects, PRICES)


@pytest.mark.parametrize(
    ("wanted", "done", "shape"),
    [
        ((put(stock=2),), (), Shape.MISSING),
        ((), (put(stock=2),), Shape.EXTRA),
        ((put(stock=2),), (put(stock=1),), Shape.WRONG_VALUE),
    ],
)
def test_each_field_is_told_with_its_three_values(wanted, done, shape):
    """Missing, extra and wrong are read off initial, baseline and candidate."""
    effects, outcome = judged(wanted, done)
    [difference] = effects.differences
    assert (difference.entity, difference.id, difference.field) == ("item", "1", "stock")
    assert (difference.shape, difference.initial) == (shape, 3)
    assert outcome.outcome_cost_minor > 0


def test_two_ways_to_one_state_cost_nothing():
    """Writing in two steps what people wrote in one is no outcome; what remains is the way."""
    effects, outcome = judged(
        (put(stock=2, place="B"),), (put(stock=9, place="B"), put(stock=2, place="B"))
    )
    assert effects.equal
    assert (outcome.outcome, outcome.outcome_cost_minor, outcome.agreed) == ((), 0, False)


def test_what_no_action_explains_is_priced():
    """Equal lists of actions that leave the systems differently are an unexplained change."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    effects, outcome = judged((put(stock=2),), (put(stock=2, at=moment),))
    [finding] = outcome.outcome
    assert finding.kind is Kind.UNEXPLAINED_STATE_CHANGE
    assert (finding.severity.value, finding.cost_minor) == ("high", 15_000)
    assert finding.explanation == "item 2 ends differently and no action explains it"
    assert (finding.field, finding.expected, finding.actual) == ("stock", "5", "0")
    assert effects.entities == {("item", "2")}
    assert not outcome.agreed


def test_an_attempt_that_the_system_refuses_has_no_effect():
    """It is kept with the status that it got, and the states are equal."""
    effects, outcome = judged((put(stock=2),), (put(stock=2), put("9", stock=1)))
    assert effects.equal
    assert [action.response_status for action in effects.candidate] == [200, 404]
    assert outcome.outcome_cost_minor == 0


def reconciled(*findings, equal=True):
    """What becomes of findings where the end states are alike, or are not."""
    case = Case(case_id="c", scenario="s", cluster_id="c", trigger=Trigger(system="s", type="t"))
    wanted = () if equal else (put(stock=2),)
    effects = compare_effects(Stock, wanted, ())
    return reconcile(case, Explanation("b", findings, 0), effects, PRICES)


def found(kind, cost=500, **more):
    return Finding(case_id="c", kind=kind, cost_minor=cost, system="stock",
                   operation="stock.items.set", **more)  # fmt: skip


def test_a_second_write_that_changed_nothing_is_kept_as_harmless():
    """Where the states are alike a harmful duplicate becomes a benign one, without any price."""
    twice = found(Kind.DUPLICATE_HARMFUL, severity=Severity.HIGH, explanation="set twice")
    outcome = reconciled(twice)
    [kept] = outcome.findings
    assert (kept.kind, kept.severity, kept.cost_minor) == (Kind.DUPLICATE_BENIGN, Severity.NONE, 0)
    assert (kept.rule, kept.explanation) == (
        "duplicate_benign: severity none costs nothing", "set twice",
    )  # fmt: skip
    assert outcome.forgiven == (twice,)
    assert outcome.outcome_cost_minor == 0
    [charged] = [one for one in reconciled(twice, equal=False).outcome if one is twice]
    assert charged.cost_minor == 500


def test_a_failure_and_an_untold_fact_are_outcomes_of_equal_states_too():
    """What ended no state still counts: no run at all, and a fact that nobody was told."""
    failed, untold = found(Kind.RUN_FAILURE), found(Kind.WRONG_MESSAGE, field="reply")
    worded = found(Kind.WRONG_MESSAGE, field="body")
    late = found(Kind.LATE)
    outcome = reconciled(failed, untold, late)
    assert outcome.outcome == (failed, untold)
    assert outcome.process == (late,)
    assert outcome.outcome_cost_minor == 1000
    assert not reconciled(failed).agreed
    assert reconciled(untold, late).agreed, "neither of them speaks of a state"
    assert worded not in reconciled(worded).outcome
    different = reconciled(found(Kind.EXTRA_ACTION), late, equal=False)
    assert [one.kind for one in different.outcome] == [
        Kind.EXTRA_ACTION, Kind.UNEXPLAINED_STATE_CHANGE,
    ]  # fmt: skip
    assert different.process == (late,)


def test_no_difference_is_no_finding():
    """Equal states and no finding agree; an extra write that left no trace is forgiven."""
    assert reconciled().agreed and reconciled().findings == ()
    extra = found(Kind.EXTRA_ACTION)
    outcome = reconciled(extra)
    assert (outcome.findings, outcome.forgiven, outcome.agreed) == ((), (extra,), False)
