"""Sentences of a policy as expressions: which action breaks them, and what that costs."""

from __future__ import annotations

import time

import pytest

from understudy.cost.clauses import breaches, tier_of
from understudy.cost.price_list import PriceList
from understudy.diff.explain import explain
from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal

FINANCE = {"id": "R-7", "text": "Refunds above 500 EUR need finance",
           "when": "action.operation == 'stripe.refunds.create' and action.amount > 500",
           "requires": "approval:finance"}  # fmt: skip
NEVER = {"id": "R-9", "text": "No refund in a dispute", "when": "'dispute' in case.tags"}


def prices(*clauses, **more):
    return PriceList.from_policy(Policy.model_validate({"version": 1, "clauses": clauses, **more}))


def case(**more):
    trigger = Trigger(system="zendesk", type="ticket", payload={"subject": "money"})
    return Case(case_id="c", scenario="refund", cluster_id="c", trigger=trigger, **more)


def findings(proposed, policy, of=None):
    """What a candidate that does what people did is charged for."""
    of = of or case()
    baseline = Baseline(case_id="c", baseline_id="b", actions=tuple(proposed))
    proposal = Proposal(case_id="c", actions=tuple(proposed))
    return explain(of, proposal, [baseline], policy).findings


def test_an_approval_that_a_clause_asks_for_is_missed_by_name(refund):
    """Above the limit the candidate is charged by the clause's name, whatever people did."""
    [finding] = findings([refund(60_000)], prices(FINANCE))
    assert (finding.kind.value, finding.policy_clause, finding.expected) == (
        "unapproved", "R-7", "approval:finance"
    )  # fmt: skip
    assert (finding.severity.value, finding.cost_minor) == ("critical", 270_000)
    assert "Refunds above 500 EUR need finance" in finding.explanation


def test_what_keeps_to_the_clause_costs_nothing(refund):
    """An amount at the limit, an approval, or another operation is no breach."""
    assert findings([refund(50_000)], prices(FINANCE)) == ()
    assert findings([refund(60_000, approval_ref="A1")], prices(FINANCE)) == ()
    elsewhere = FINANCE | {"when": "action.operation == 'stripe.invoices.void'"}
    assert findings([refund(60_000)], prices(elsewhere)) == ()


def test_amounts_are_compared_in_the_policys_currency(refund):
    """600 of a currency worth less than the policy's lies below a limit of 500."""
    rates = {"date": "2026-11-01", "USD": 0.5}
    assert findings([refund(60_000, currency="USD")], prices(FINANCE, rates=rates)) == ()


def test_an_unknown_payment_lies_above_every_limit(refund):
    """A refund that does not say how much is not taken to be small."""
    assert [one.policy_clause for one in findings([refund(None)], prices(FINANCE))] == ["R-7"]


def test_what_must_not_happen_is_a_violation_even_as_an_attempt(refund):
    """A clause without a requirement forbids; a refused try counts too."""
    disputed = case(tags=("dispute",))
    [finding] = findings([refund(100, response_status=403)], prices(NEVER), disputed)
    assert (finding.kind.value, finding.policy_clause) == ("policy_violation", "R-9")
    assert finding.cost_minor > 0
    assert finding.explanation.startswith("tried: ")


def test_one_operation_can_require_another(refund, tag):
    """`operation:NAME` asks for a second accepted action in the same case."""
    clause = FINANCE | {"requires": "operation:zendesk.tags.add"}
    [finding] = findings([refund(60_000)], prices(clause))
    assert finding.kind.value == "policy_violation"
    assert findings([refund(60_000), tag()], prices(clause)) == ()


def test_an_approval_is_not_missed_twice(refund):
    """Where `operations:` asks for it already, the clause adds no second charge."""
    operations = {"stripe.refunds.create": {"class": "approval_required"}}
    [finding] = findings([refund(60_000)], prices(FINANCE, operations=operations))
    assert finding.policy_clause == "operations.stripe.refunds.create"


def test_the_policy_says_which_tier_a_case_is(refund):
    """The tier expression is a factor in every price of the case."""
    tier = "'regulated' if segment.plan == 'enterprise' else 'standard'"
    listed = prices(NEVER, tier=tier)
    large = case(tags=("dispute",), segment={"plan": "enterprise"})
    [costly] = findings([refund(100)], listed, large)
    [usual] = findings([refund(100)], listed, case(tags=("dispute",)))
    assert (costly.tier, usual.tier) == ("regulated", "standard")
    assert costly.cost_minor == 2 * usual.cost_minor


def test_a_tier_that_is_no_text_is_an_error():
    """A number where a tier's name belongs names the case and the known tiers."""
    with pytest.raises(ConfigurationError, match="not the name of a tier"):
        tier_of(case(), prices(tier="3"))


def test_people_are_held_to_the_same_sentences(refund):
    """A baseline's actions are tried as the candidate's are; their breaches are counted."""
    people = [refund(60_000), refund(10_000), refund(70_000, approval_ref="A1")]
    assert len(list(breaches(case(), people, prices(FINANCE)))) == 1


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("action.amount >", "no expression"),
        ("9 ** 9 ** 9 > action.amount", "Pow is not part of the language"),
        ("[x for x in action.fields]", "ListComp is not part of the language"),
        ("__import__('os').system('true')", "can be called"),
        ("action.__class__", "`__class__` is not to be looked at"),
        ("action.fields.clear()", "can be called"),
        ("acton.amount > 5", "did you mean `action`"),
        ("1 + " * 400 + "1", "at most 300 parts"),
        ("(" * 900 + "1" + ")" * 900, "no expression"),
        ("'a' * 3000000 == '" + "a" * 2000 + "'", "at most 2,000 characters"),
    ],
)
def test_what_is_no_expression_is_told_with_its_line(tmp_path, when, told):
    """Nonsense, other languages and what could run for ever are refused when the file is read."""
    file = tmp_path / "policy.yaml"
    file.write_text(
        "version: 1\nclauses:\n  - id: R-1\n    text: words\n"
        f'    when: "{when}"\n'
    )  # fmt: skip
    with pytest.raises(ConfigurationError) as caught:
        load_document(file, Policy)
    assert told in caught.value.problem
    assert caught.value.where == f"{file}:5"


@pytest.mark.parametrize(
    "when", ["'a' * 90000000 == 'b'", "action.operation > 3", "len(3) > 1", "1 / 0 > action.amount"]
)
def test_what_cannot_be_evaluated_is_an_error_and_never_a_pass(refund, when):
    """Comparing unlike things, or making huge ones, ends at once in an error."""
    began = time.process_time()
    with pytest.raises(ConfigurationError, match="clause `R-1` cannot be evaluated"):
        findings([refund(100)], prices({"id": "R-1", "text": "t", "when": when}))
    assert time.process_time() - began < 2


def test_two_clauses_of_one_id_are_refused():
    """An id names one sentence."""
    with pytest.raises(ValueError, match="two clauses have the id `R-9`"):
        prices(NEVER, NEVER)


def test_an_unheard_of_requirement_is_refused():
    """What is required is an approval or an operation, and nothing is ignored."""
    with pytest.raises(ValueError, match="requires"):
        prices(FINANCE | {"requires": "aproval finance"})


def test_a_policy_says_how_a_field_is_compared(judge):
    """A tolerance, equal values and ignored fields stand in the policy file."""
    fields = {
        "weight": {"tolerance": "0.5"},
        "priority": {"classes": [["high", "urgent"]]},
        "shop.items.set:colour": {"as": "ignored"},
    }
    one, other = (
        Action(system="shop", operation="shop.items.set", fields=each)
        for each in (
            {"weight": 2.0, "priority": "high", "colour": "red"},
            {"weight": 2.4, "priority": "urgent", "colour": "blue"},
        )
    )
    assert judge([one], [other]).findings
    assert judge([one], [other], policy={"fields": fields}).findings == ()


def test_an_order_that_goes_round_is_an_error_of_the_policy():
    """Cyclic edges can never be kept, so they are told when the policy is read."""
    edges = [{"first": "a.x", "then": "a.y"}, {"first": "a.y", "then": "a.x"}]
    with pytest.raises(ValueError, match=r"the order goes round: a\.[xy] before"):
        Policy.model_validate({"version": 1, "order": edges})


def test_a_deadline_is_in_order_and_in_the_policys_currency():
    """What is usual lies before what was promised; the penalty is in the policy's own money."""
    late = {"expected": "4h", "promised": "1h"}
    with pytest.raises(ValueError, match="`expected` lies after `promised`"):
        Policy.model_validate({"version": 1, "deadline": late})
    dollars = {"expected": "1h", "promised": "4h", "penalty": "5 USD"}
    with pytest.raises(ValueError, match=r"deadline\.penalty` is in USD"):
        Policy.model_validate({"version": 1, "deadline": dollars})
