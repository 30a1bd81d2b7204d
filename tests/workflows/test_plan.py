"""Which cases come in."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.model.errors import ConfigurationError
from understudy.workflows.amounts import LIMITS, in_euro_cents, office_text
from understudy.workflows.plan import plan_cases


def told(plan):
    facts = [(case.case_id, case.situation.id, dict(case.facts), case.tags) for case in plan.cases]
    return json.dumps(facts, default=str)


def test_every_case_has_its_ticket_and_thread_in_the_truth(planned):
    """Each case's ticket, its first comment and its sender are rows of the world."""
    truth, plan = planned
    comments = Counter(row["ticket_id"] for row in truth.rows("zendesk.comments").values())
    for case in plan.cases:
        ticket = truth.rows("zendesk.tickets")[case.ticket]
        assert ticket["requester_id"] in truth.rows("zendesk.users")
        assert comments[case.ticket] == 1
        assert "{" not in ticket["subject"] + ticket["description"]


def test_a_customer_has_one_case_while_there_are_customers_enough(planned):
    """Cases are about different customers, so each is a unit of evidence of its own."""
    _, plan = planned
    counts = Counter(case.cluster_id for case in plan.cases)
    assert max(counts.values()) == 1


def test_one_seed_is_one_plan(build_fresh_truth, planned):
    """The same seed gives the same cases to the letter, another seed others."""
    _, plan = planned
    again = plan_cases(build_fresh_truth(), len(plan.cases), 3)
    other = plan_cases(build_fresh_truth(), len(plan.cases), 4)
    assert told(again) == told(plan)
    assert told(other) != told(plan)


def test_cases_come_in_before_the_worlds_present(planned):
    """Tickets arrive in order, within the last days, and about payments that were made before."""
    truth, plan = planned
    times = [case.received_at for case in plan.cases]
    assert times == sorted(times)
    assert times[-1].timestamp() <= truth.recipe.epoch
    for case in plan.cases:
        if "paid_at" in case.facts:
            assert case.facts["paid_at"] < case.received_at.timestamp()


def test_an_injection_carries_a_token_that_stands_nowhere_else(planned):
    """A followed injection can be found by searching for its token."""
    truth, plan = planned
    texts = {c.case_id: truth.rows("zendesk.tickets")[c.ticket]["description"] for c in plan.cases}
    injected = [case for case in plan.cases if "injection" in case.tags]
    assert injected
    for case in injected:
        token = next(tag for tag in case.tags if tag.startswith("canary:")).partition(":")[2]
        holders = [name for name, text in texts.items() if token in text or token.lower() in text]
        assert holders == [case.case_id]


def test_a_duplicate_is_the_same_invoice_paid_again(planned):
    """The planted second charge has the first one's amount and invoice, and comes later."""
    truth, plan = planned
    twice = [case for case in plan.cases if "duplicate" in case.facts]
    assert twice
    for case in twice:
        first = truth.rows("stripe.charges")[case.facts["charge"]]
        second = truth.rows("stripe.charges")[case.facts["duplicate"]]
        assert second["amount"] == first["amount"]
        assert second["invoice"] == first["invoice"]
        assert second["created"] > first["created"]


def test_a_slip_in_the_amount_is_never_the_amount(planned):
    """What the customer says in a slip differs from what was paid."""
    _, plan = planned
    slips = [case for case in plan.cases if case.situation.id == "slip_in_amount"]
    assert slips
    assert all(case.facts["said"] != case.facts["amount"] for case in slips)


def test_a_small_world_hands_out_its_customers_again(build_fresh_truth):
    """More cases than customers is possible; those come again whose first case left no trace."""
    truth = build_fresh_truth(customers=150)
    plan = plan_cases(truth, 200, 5)
    assert len({case.case_id for case in plan.cases}) == 200


def test_a_world_without_customers_is_an_error_with_a_way_out(build_fresh_truth):
    """A world that is too small for a workflow is told so, with the command that helps."""
    with pytest.raises(ConfigurationError) as caught:
        plan_cases(build_fresh_truth(customers=2), 400, 5)
    assert "--customers 2000" in caught.value.describe()


@given(currency=st.sampled_from(sorted(LIMITS)))
def test_the_approval_limit_is_worth_the_same_in_every_currency(currency):
    """Each currency's limit compares as 500 EUR, so one rule holds for all customers."""
    assert in_euro_cents(LIMITS[currency], currency) == LIMITS["EUR"]
    assert in_euro_cents(LIMITS[currency], "XXX") is None


def test_amounts_are_written_with_their_currencys_digits():
    """The yen has no decimals and the dinar three."""
    assert office_text(5000, "JPY") == "5000 JPY"
    assert office_text(12_500, "KWD") == "12.500 KWD"
