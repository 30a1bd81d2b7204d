"""Which mess a case's differences are put down to."""

from __future__ import annotations

from understudy.campaign.recordings.mess import mess_of
from understudy.model.action import Action, Target
from understudy.model.case import Case, Trigger
from understudy.model.world import World

WORLD = World(
    {
        "stripe.charges": {"ch_1": {"id": "ch_1", "customer": "cus_1"}},
        "stripe.customers": {"cus_1": {"id": "cus_1", "metadata": {"crm_contact_id": "7"}}},
        "hubspot.contacts": {"7": {"id": "7"}, "8": {"id": "8"}},
        "zendesk.tickets": {"5": {"id": "5", "requester_id": "9"}},
        "zendesk.users": {"9": {"id": "9"}},
    },
    ledger={
        ("hubspot.contacts", "7"): ("duplicate_merge",),
        ("hubspot.contacts", "8"): ("mojibake",),
        ("zendesk.users", "9"): ("copies_disagree",),
        ("stripe.charges", "ch_1"): ("null_explicit",),
    },
)
CASE = Case(
    case_id="c",
    scenario="refund",
    cluster_id="c",
    trigger=Trigger(system="zendesk", type="ticket.created", payload={"ticket_id": "5"}),
)


def test_mess_is_found_on_the_way_from_the_money_to_the_person():
    """A charge leads to its customer and on to the contact; strangers' mess is not counted."""
    refund = Action(
        system="stripe",
        operation="stripe.refunds.create",
        target=Target(type="charge", id="ch_1"),
    )
    assert mess_of(WORLD, CASE, [refund]) == ("copies_disagree", "duplicate_merge", "null_explicit")


def test_without_an_action_the_trigger_counts():
    """The ticket that came in and its sender are part of the case."""
    assert mess_of(WORLD, CASE, []) == ("copies_disagree",)
