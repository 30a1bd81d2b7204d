"""A small engine that actions are made on, and a judge of both views beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from understudy.campaign.judging.replays import WorldReplay
from understudy.campaign.judging.two_views import view
from understudy.cost.price_list import PriceList
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal
from understudy.model.world import World
from understudy.systems.calling import build_request
from understudy.systems.engine import Engine

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
CASE = Case(
    case_id="c",
    scenario="s",
    cluster_id="c",
    received_at=NOW,
    trigger=Trigger(
        system="zendesk",
        type="ticket",
        payload={"ticket_id": "7", "charges": ["ch_1", "ch_2"], "contact": "101", "of": "cus_1"},
    ),
)


def charge(key, amount):
    """One paid charge of the customer."""
    return {
        "id": key, "customer": "cus_1", "amount": amount, "amount_refunded": 0, "currency": "eur",
        "status": "succeeded", "paid": True, "refunded": False, "captured": True, "created": 1,
        "disputed": False, "payment_intent": None, "invoice": None,
    }  # fmt: skip


TABLES = {
    "stripe.charges": {"ch_1": charge("ch_1", 9000), "ch_2": charge("ch_2", 5000)},
    "stripe.customers": {
        "cus_1": {"id": "cus_1", "email": "a@b.example", "created": 1, "balance": 0}
    },
    "zendesk.tickets": {
        "7": {"id": "7", "subject": "s", "status": "open", "tags": [], "requester_id": "70"}
    },
    "zendesk.users": {"70": {"id": "70", "name": "Ann", "email": "a@b.example"}},
    "hubspot.contacts": {
        "101": {"id": "101", "email": "a@b.example", "lifecyclestage": "lead", "archived": False}
    },
}
CALLS = (
    ("stripe.refunds.create", {"charge": "ch_1", "amount": 3000}),
    ("stripe.refunds.create", {"charge": "ch_1", "amount": 3100}),
    ("stripe.refunds.create", {"charge": "ch_2", "amount": 5000}),
    ("stripe.refunds.create", {"charge": "ch_2"}),
    ("zendesk.tags.add", {"id": "7", "tags": ["vip"]}),
    ("zendesk.tags.add", {"id": "7", "tags": ["vip", "refunded"]}),
    ("zendesk.tags.add", {"id": "7", "tags": ["refunded"]}),
    ("zendesk.tickets.update", {"id": "7", "status": "solved"}),
    ("zendesk.tickets.public_reply", {"id": "7", "body": "You get 30.00 EUR back."}),
    ("zendesk.tickets.public_reply", {"id": "7", "body": "30.00 EUR were paid back to you"}),
    ("zendesk.tickets.internal_note", {"id": "7", "body": "done"}),
    ("hubspot.objects.update",
     {"object_type": "contacts", "id": "101", "properties": {"lifecyclestage": "customer"}}),
    ("hubspot.objects.create",
     {"object_type": "notes", "properties": {"hs_note_body": "x", "hs_timestamp": "2026-10-01"},
      "associations": [{"to": {"id": "101"}}]}),
    ("desk.escalate", {"reason": "privacy"}),
)  # fmt: skip
ENGINE = Engine(World(TABLES, now=NOW.timestamp()))
REPLAY = WorldReplay(Path("unused"), _engine=ENGINE)


def acted(*calls, engine=ENGINE):
    """The actions that calls are captured as, made on the engine as a candidate makes them."""
    session = engine.open_case("made", now=NOW)
    try:
        for name, given_ in calls:
            operation = engine.systems[name.partition(".")[0]].by_name[name]
            engine.handle(
                build_request(operation, dict(given_), session.credentials, engine.systems)
            )
        return tuple(session.actions)
    finally:
        engine.close_case("made")


def judged(done, *wanted, replay=REPLAY, case=CASE, policy=None, **more):
    """A proposal against what people did, by both views."""
    prices = PriceList.from_policy(Policy.model_validate({"version": 1, **(policy or {})}))
    baselines = [
        Baseline(case_id="c", baseline_id=f"b{n}", actions=actions)
        for n, actions in enumerate(wanted)
    ]
    return view(case, Proposal(case_id="c", actions=done, **more), baselines, prices, replay)


def kinds(seen):
    """The kinds of its findings, in order of the alphabet."""
    return sorted(finding.kind.value for finding in seen.explanation.findings)
