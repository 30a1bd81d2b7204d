"""What a sentence of the policy can speak of: every name it knows, and what is not there."""

from __future__ import annotations

import pytest

from understudy.cost.clauses import breaches, is_about, tier_of
from understudy.cost.price_list import PriceList
from understudy.model.action import Action, Effect, Target
from understudy.model.case import Case, Trigger
from understudy.model.errors import ConfigurationError
from understudy.model.policy import Policy

CASE = Case(
    case_id="c-7", scenario="refund", cluster_id="c-7", tags=("dispute", "vip"), tier="premium",
    segment={"country": "de", "plan": "gold"},
    trigger=Trigger(system="zendesk", type="ticket",
                    payload={"lines": [3, 4, 5], "who": {"id": 1}}),
)  # fmt: skip
PAID = Action(
    system="stripe", operation="stripe.refunds.create", effect=Effect.PAY, amount_minor=60_050,
    currency="EUR", target=Target(type="charge", id="ch_1"), fields={"reason": "duplicate"},
    before={"refunded": False}, after={"refunded": True}, approval_ref="A-1",
)  # fmt: skip
BARE = Action(system="shop", operation="shop.tag")


def prices(**keys):
    return PriceList.from_policy(Policy.model_validate({"version": 1, **keys}))


def holds(expression, action=PAID, listed=None):
    return is_about(expression, CASE, action, listed or prices())


@pytest.mark.parametrize(
    "expression",
    [
        "case.id == 'c-7'", "case.scenario == 'refund'", "case.system == 'zendesk'",
        "case.type == 'ticket'", "'vip' in case.tags", "case.tier == 'premium'",
        "case.payload.who.id == 1", "case.payload['who']['id'] == 1",
        "segment.country == 'de'", "account.plan == 'gold'", "account.tier == 'premium'",
        "tier == 'premium'",
        "action.system == 'stripe'", "action.operation == 'stripe.refunds.create'",
        "action.effect == 'pay'", "action.amount == 600.5", "action.currency == 'EUR'",
        "action.target.type == 'charge'", "action.target.id == 'ch_1'",
        "action.fields.reason == 'duplicate'", "action.before.refunded == False",
        "action.after.refunded == True", "action.approved == True",
        "abs(0 - 2) == 2", "len(case.tags) == 2", "lower('AbC') == 'abc'",
        "max(1, 3) == 3", "min(1, 3) == 1",
    ],
)  # fmt: skip
def test_every_name_of_the_language_is_what_it_says(expression):
    """Case, segment, account, tier and action, part by part; the negation does not hold."""
    assert holds(expression)
    assert not holds(f"not ({expression})")


@pytest.mark.parametrize(
    "expression",
    [
        "action.amount == 0", "action.currency == None", "action.target.id == None",
        "action.fields.reason == None", "action.before.refunded == None",
        "action.after.refunded == None", "action.approved == False", "segment.nothing == None",
        "case.payload.lines[2] == 5", "case.payload.lines[3] == None",
        "case.payload.lines[-3] == 3", "case.payload.lines[-4] == None",
        "case.payload.lines['x'] == None", "case.id.length == None",
    ],
)  # fmt: skip
def test_what_is_not_there_is_nothing(expression):
    """A part that nothing has, beyond a list's end on either side, or of a text, is None."""
    assert holds(expression, BARE)


@pytest.mark.parametrize("order", ["<", "<=", ">", ">="])
def test_nothing_is_in_no_order(order):
    """An amount that is not there is neither more nor less than any other, on either side."""
    assert not holds(f"segment.nothing {order} 5")
    assert not holds(f"5 {order} segment.nothing")
    assert holds("5 <= 5") and holds("5 >= 5") and not holds("5 < 5") and not holds("5 > 5")
    assert holds("4 < 5") and holds("5 > 4") and not holds("5 <= 4") and not holds("4 >= 5")


def test_amounts_are_positive_and_an_unknown_payment_is_above_all():
    """A credit of -5 is about 5; what pays an unknown sum lies above each limit, else it is 0."""
    back = Action(system="s", operation="s.o", amount_minor=-500, currency="EUR")
    assert holds("action.amount == 5", back)
    unknown = Action(system="s", operation="s.pay", effect=Effect.PAY)
    assert holds("action.amount > 1000000000", unknown)
    foreign = Action(system="s", operation="s.o", amount_minor=500, currency="USD")
    half = prices(rates={"date": "2026-11-01", "USD": 0.5})
    assert holds("action.amount == 2.5", foreign, half)


def test_the_tier_of_the_policy_is_the_one_that_counts():
    """`tier` is what the policy's expression gives; `case.tier` stays what was recorded."""
    listed = prices(tier="'regulated' if case.tier == 'premium' else 'standard'")
    assert tier_of(CASE, listed) == "regulated"
    assert holds("tier == 'regulated' and case.tier == 'premium'", listed=listed)
    assert tier_of(CASE, prices()) == "premium"
    clause = {"id": "R", "text": "t", "when": "tier == 'regulated'"}
    strict = prices(tier="'regulated'", clauses=[clause])
    assert [one.clause.id for one in breaches(CASE, [BARE], strict)] == ["R"]


def test_a_tier_that_is_no_name_is_told_with_those_that_are():
    """Value, case and the known tiers stand in one error."""
    listed = prices(tier="segment.nothing")
    with pytest.raises(ConfigurationError) as caught:
        tier_of(CASE, listed)
    assert caught.value.problem == (
        "the policy's `tier` gives None for case `c-7`, not the name of a tier"
    )
    assert caught.value.code == "U196"
    assert caught.value.hint == f"known: {', '.join(listed.policy.tiers)}"
    assert len(listed.policy.tiers) > 1


def test_an_expression_that_compares_unlike_things_is_told():
    """The clause by its name, the expression, and what to compare with what."""
    clause = {"id": "R-3", "text": "t", "when": "action.operation > 3"}
    with pytest.raises(ConfigurationError) as caught:
        list(breaches(CASE, [PAID], prices(clauses=[clause])))
    assert caught.value.problem.startswith(
        "clause `R-3` cannot be evaluated: `action.operation > 3`: "
    )
    assert caught.value.code == "U197"
    assert caught.value.hint == ("compare like with like: amounts with numbers, names with texts")
    with pytest.raises(ConfigurationError, match="clause `tier` cannot"):
        tier_of(CASE, prices(tier="case.id > 3"))
    with pytest.raises(ConfigurationError, match=r"clause `case\.id > 3` cannot"):
        holds("case.id > 3")


def breached(actions, **clause):
    listed = prices(clauses=[{"id": "R", "text": "t", "when": "action.amount >= 0", **clause}])
    return list(breaches(CASE, actions, listed))


def test_reads_break_nothing_and_refusals_only_what_is_forbidden():
    """What was looked at is free; what was refused needs no approval and is still forbidden."""
    read = Action(system="s", operation="s.get", effect=Effect.READ)
    refused = Action(system="s", operation="s.set", response_status=403)
    done = Action(system="s", operation="s.set", response_status=200)
    assert breached([read]) == []
    assert [one.action for one in breached([read, refused, done])] == [refused, done]
    approval = breached([read, refused, done], requires="approval:boss")
    assert [(one.action, one.lacks_approval) for one in approval] == [(done, True)]
    assert not breached([done])[0].lacks_approval


def test_an_operation_that_is_required_has_to_be_accepted():
    """Another operation, or the right one refused, does not do; order does not matter."""
    done = Action(system="s", operation="s.set", response_status=200)
    other = Action(system="s", operation="s.log", response_status=200)
    failed = Action(system="s", operation="s.log", response_status=500)
    needs = {"requires": "operation:s.log", "when": "action.operation == 's.set'"}
    assert len(breached([done], **needs)) == 1
    assert len(breached([done, failed], **needs)) == 1
    assert breached([done, other], **needs) == breached([other, done], **needs) == []
