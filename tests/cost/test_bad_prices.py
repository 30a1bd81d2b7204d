"""Price lists and actions that cannot be priced: told, and never a silent zero."""

from __future__ import annotations

import pytest

from understudy.cost.price_list import PriceList
from understudy.diff.explain import explain
from understudy.model.action import Action, Effect
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError, RecordingError
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal
from understudy.traffic.proposals import read_proposals


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("cap: -5 EUR", "`cap` is -5.00 EUR; it cannot be negative"),
        ("cap: 0 EUR", "`cap` is 0.00 EUR, which lies below the floor of critical, 1500"),
        ("cap: 1499.99 EUR", "lies below the floor of critical"),
        ("review: {cost: -1 EUR}", "`review.cost` is -1.00 EUR; it cannot be negative"),
        ("handling: {human_cost: -3 EUR}", "`handling.human_cost` is -3.00 EUR"),
        ("rates: {date: 2026-01-01, USD: -2}", "one USD must be worth more than nothing"),
        ("rates: {date: 2026-01-01, USD: 0}", "one USD must be worth more than nothing"),
        ("tiers: {standard: 0}", "tier `standard` must weigh more than nothing"),
        ("floors: {low: .nan, medium: 1, high: 2, critical: 3}", "finite number, got `nan`"),
        ("kinds: {late: {weight: .inf}}", "finite number, got `inf`"),
        ("kinds: {missing_acton: {severity: low}}", "did you mean `missing_action`?"),
        ("operations: {x.y: {irreversibility: .nan}}", "finite number, got `nan`"),
        ("order: [{first: a.x, then: a.x}]", "the order goes round: a.x before a.x"),
        ("fields: {weight: {tolerance: -1}}", "greater than or equal to 0"),
        ("least_confidence: 120%", "least_confidence"),
    ],
)
def test_what_is_no_price_is_told_with_its_place(tmp_path, line, told):
    """Negative, fractional and unknown entries are errors with file and line."""
    file = tmp_path / "policy.yaml"
    file.write_text(f"version: 1\n{line}\n")
    with pytest.raises(ConfigurationError) as error:
        load_document(file, Policy)
    assert told in str(error.value.describe())
    assert "policy.yaml:" in error.value.describe()


@pytest.mark.parametrize(
    "action",
    ['{"system": "a", "operation": "a.b", "amount_minor": 12.5}',
     '{"system": "a", "operation": "a.b", "amount_minor": NaN}',
     '{"system": "a"}'],
)  # fmt: skip
def test_an_action_that_is_none_is_told_with_its_line(tmp_path, action):
    """Fractional minor units, NaN, and actions without an operation name their line."""
    file = tmp_path / "proposed.jsonl"
    file.write_text(f'{{"case_id": "c", "actions": [{action}]}}\n')
    with pytest.raises(RecordingError) as error:
        list(read_proposals(file))
    assert "proposed.jsonl:1: this line cannot be read" in error.value.describe()


def judged(done, *wanted):
    case = Case(case_id="c", scenario="s", cluster_id="c", trigger=Trigger(system="s", type="t"))
    baselines = [
        Baseline(case_id="c", baseline_id=str(n), actions=(one,)) for n, one in enumerate(wanted)
    ]
    prices = PriceList.from_policy(Policy(version=1))
    return explain(case, Proposal(case_id="c", actions=done), baselines, prices)


def pay(**more):
    return Action(system="bank", operation="bank.pay", effect=Effect.PAY, **more)


def test_no_difference_of_what_is_incomplete_is_free():
    """Without target, currency or amount an extra payment still costs what its severity costs."""
    assert judged((pay(), pay()), pay()).cost_minor == 15_000
    assert judged((pay(amount_minor=-500),), pay(amount_minor=500)).cost_minor > 0
    assert judged((pay(amount_minor=500, currency=""),), pay(amount_minor=900)).cost_minor > 0


def test_baselines_that_contradict_each_other_are_both_acceptable():
    """The closest one is told; that people disagree is counted as a contested case elsewhere."""
    one, other = pay(amount_minor=500), pay(amount_minor=90_000)
    assert judged((other,), one, other).cost_minor == 0
    assert judged((pay(amount_minor=600),), one, other).baseline_id == "0"
