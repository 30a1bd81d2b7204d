"""The bodies of vendors' webhooks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from understudy.candidates.handed import Handed, Inbound, handed_case
from understudy.candidates.toolbox import looking
from understudy.candidates.vendor_event import vendor_event
from understudy.model.case import Trigger
from understudy.model.system_settings import SystemSettings
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.equipment import equipped


def _case(system, kind, payload, said="Where is it?"):
    return Handed(
        id="c-1",
        trigger=Handed(system=system, type=kind, payload=payload),
        turns=[Handed(role="customer", text=said, at=None)],
        credentials=Handed(),
        received_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


def _nothing(operation, **params):
    return None


@pytest.mark.parametrize(
    ("system", "payload"),
    [
        ("stripe", {"object": "event", "id": "evt_9", "type": "charge.failed", "data": {}}),
        ("zendesk", {"zendesk_event_version": "2022-11-06", "type": "x", "detail": {"id": "1"}}),
        ("warehouse", {"parcel": 7}),
    ],
)
def test_what_was_recorded_whole_is_sent_as_it_was(system, payload):
    """So is the event of a system that has no form of its own."""
    assert vendor_event(_case(system, "x", payload), _nothing) == payload


def test_an_event_is_the_same_at_each_delivery():
    """Its id is the event's; a candidate that remembers it does nothing twice."""
    for system in ("stripe", "hubspot", "zendesk"):
        case = _case(system, "ticket.created", {"ticket_id": "1", "objectId": "5"})
        assert vendor_event(case, _nothing) == vendor_event(case, _nothing)


def test_an_object_that_is_not_there_is_told_by_its_id():
    """What only the recording knew of is not invented."""
    payload = {"object": "charge", "object_id": "ch_9", "event_id": "evt_1"}
    event = vendor_event(_case("stripe", "charges.touched", payload), _nothing)
    assert (event["id"], event["type"]) == ("evt_1", "charge.updated")
    assert event["data"] == {"object": {"id": "ch_9", "object": "charge"}}
    (told,) = vendor_event(_case("hubspot", "deals.touched", {"object_id": "12"}), _nothing)
    assert (told["subscriptionType"], told["objectId"]) == ("object.propertyChange", 12)


def test_a_comment_comes_with_what_was_said():
    """The customer's last words, by whom; the ticket in the events' own spelling."""
    row = {"subject": "S", "status": "open", "requester_id": 5, "ticket_form_id": 3}
    payload = {"ticket_id": "7", "requester_id": "5"}
    event = vendor_event(
        _case("zendesk", "ticket.comment", payload), lambda operation, **_: {"ticket": row}
    )
    assert event["type"] == "zen:event-type:ticket.comment_added"
    assert event["event"]["comment"]["body"] == "Where is it?"
    assert event["event"]["comment"]["author"] == {"id": "5", "is_staff": False}
    assert (event["detail"]["status"], event["detail"]["requester_id"]) == ("OPEN", "5")


def test_an_event_is_of_the_accounts_mode():
    """Where the account is live, so is what its webhooks tell, as a refund that has no mode."""
    world = World(
        {"stripe.refunds": {"re_1": {"id": "re_1", "object": "refund"}}}, now=1_800_000_000
    )
    for mode, wanted in (("live", True), ("test", False)):
        settings = SystemSettings.model_validate({"version": 1, "stripe": {"mode": mode}})
        engine = Engine(equipped(world, settings), seed=7)
        payload = {"object": "refunds", "object_id": "re_1"}
        case = handed_case(
            Inbound(
                case_id="c-1",
                trigger=Trigger(system="stripe", type="refunds.touched", payload=payload),
                received_at=datetime(2026, 11, 1, tzinfo=UTC),
            ),
            engine.open_case("c-1"),
        )
        event = vendor_event(case, looking(engine, case))
        assert (event["livemode"], event["data"]["object"]["id"]) == (wanted, "re_1")


def test_an_event_that_is_kept_is_sent_as_it_is_read():
    """What a service looks up by the webhook's id is what it was sent, but for the delivery."""
    charge = {"id": "ch_1", "amount": 500, "currency": "eur", "created": 5, "status": "failed"}
    told = {
        "id": "evt_1", "type": "charge.failed", "created": 6,
        "data": {"object": {"id": "ch_1", "object": "charge"}},
    }  # fmt: skip
    tables = {"stripe.charges": {"ch_1": charge}, "stripe.events": {"evt_1": told}}
    engine = Engine(World(tables, now=1_800_000_000), seed=7)
    payload = {"event_id": "evt_1", "object": "charge", "object_id": "ch_1"}
    case = handed_case(
        Inbound(
            case_id="c-1",
            trigger=Trigger(system="stripe", type="charge.failed", payload=payload),
            received_at=datetime(2026, 11, 1, tzinfo=UTC),
        ),
        engine.open_case("c-1"),
    )
    look = looking(engine, case)
    sent, read = vendor_event(case, look), look("stripe.events.retrieve", id="evt_1")
    assert sent == {**read, "pending_webhooks": 1}
    assert sent["data"]["object"]["amount"] == 500
