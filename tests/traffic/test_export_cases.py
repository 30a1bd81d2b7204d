"""Vendors' exports become cases, people's baselines and the world of each trigger's moment."""

from __future__ import annotations

import json

import pytest
from tests.traffic import exports as x

from understudy.model.baseline import Outcome
from understudy.model.case import LinkConfidence
from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine
from understudy.traffic.exports.history import later
from understudy.world.store import load_world


def operations(recording, case_id):
    return [[a.operation for a in b.actions] for b in recording.baselines_of(case_id)]


def bring_all(tmp_path, **more):
    records = {
        "zendesk": [*x.users(), x.ticket(), *x.audits()],
        "stripe": [x.stripe_customer(), *x.refund_events()],
        **more,
    }
    return x.bring(tmp_path, **records)


def test_a_ticket_and_the_refund_made_for_it_become_one_case(tmp_path):
    """What a person did in two systems is one baseline in time, with actor and values before."""
    _, recording = bring_all(tmp_path)
    (case,) = recording.cases
    (baseline,) = recording.baselines_of(case.case_id)
    assert case.trigger.payload == {
        "ticket_id": "1", "requester_id": "501", "subject": "Charged twice", "channel": "email",
    }  # fmt: skip
    assert [turn.text for turn in case.turns] == ["I was charged 12.00 EUR twice"]
    assert case.observed_systems == ("stripe", "zendesk")
    assert [a.operation for a in baseline.actions] == [
        "zendesk.tickets.public_reply", "stripe.refunds.create", "zendesk.tags.add",
        "zendesk.tickets.update",
    ]  # fmt: skip
    assert baseline.actor == "agent:Sam Desk"
    assert baseline.cycle_time_ms == 3_600_000
    refund = baseline.actions[1]
    assert (refund.amount_minor, refund.currency) == (1200, "EUR")
    assert refund.fields == {"charge": "ch_1aaaaaaaaaaa", "amount": 1200, "reason": "duplicate"}
    assert (refund.before or {})["amount_refunded"] == 0
    assert (refund.after or {})["amount_refunded"] == 1200
    assert refund.at == x.moment("2026-07-01T10:35:00Z")
    assert (baseline.actions[3].before or {})["status"] == "open"


def test_nothing_later_than_the_trigger_can_be_read(tmp_path):
    """Through the systems' own API the ticket is not solved yet, and the charge not refunded."""
    _, recording = bring_all(tmp_path)
    world = load_world(recording.path / "world")
    at = recording.cases[0].received_at
    ticket = x.ask(world, at, "zendesk.tickets.get", id="1")[1]["ticket"]
    assert (ticket["status"], ticket["tags"], ticket["assignee_id"]) == ("new", [], None)
    assert ticket["updated_at"] == x.OPENED
    comments = x.ask(world, at, "zendesk.comments.list", id="1")[1]["comments"]
    assert [each["body"] for each in comments] == ["I was charged 12.00 EUR twice"]
    charge = x.ask(world, at, "stripe.charges.retrieve", id="ch_1aaaaaaaaaaa")[1]
    assert (charge["refunded"], charge["amount_refunded"]) == (False, 0)
    assert x.ask(world, at, "stripe.refunds.list")[1]["data"] == []
    assert x.ask(world, at, "stripe.refunds.retrieve", id="re_1aaaaaaaaaaa")[0] == 404
    late = x.ask(world, x.moment("2026-07-02T00:00:00Z"), "stripe.refunds.list")[1]
    assert [each["id"] for each in late["data"]] == ["re_1aaaaaaaaaaa"]


def test_one_engine_shows_each_case_its_own_moment(tmp_path):
    """Answers that are kept for the next case never show it a later or an earlier state."""
    _, recording = bring_all(tmp_path)
    engine = Engine(load_world(recording.path / "world"))
    seen = []
    for name, at in (("late", x.SOLVED), ("early", x.OPENED), ("again", x.SOLVED)):
        session = engine.open_case(name, now=later(x.moment(at)))
        for operation, row_id in (
            ("zendesk.tickets.get", "1"),
            ("stripe.charges.retrieve", "ch_1aaaaaaaaaaa"),
        ):
            request = build_request(find_operation(operation), {"id": row_id}, session.credentials)
            seen.append(json.loads(engine.handle(request).body))
        engine.close_case(name)
    assert [each["ticket"]["status"] for each in seen[::2]] == ["solved", "new", "solved"]
    assert [each["refunded"] for each in seen[1::2]] == [True, False, True]


def test_what_staff_did_in_the_triggers_own_second_is_not_there_yet(tmp_path):
    """Vendors tell time in seconds: an answer of the same second must not leak into the case."""
    solved = [*x.audits()[:1], x.audit(9, x.OPENED, x.AGENT, x.change("status", "new", "solved"))]
    _, recording = x.bring(tmp_path, zendesk=[*x.users(), x.ticket(updated_at=x.OPENED), *solved])
    world = load_world(recording.path / "world")
    ticket = x.ask(world, recording.cases[0].received_at, "zendesk.tickets.get", id="1")[1]
    assert ticket["ticket"]["status"] == "new"


def test_a_listed_charge_is_rewound_by_the_listed_refund(tmp_path):
    """Object lists hold no history, but a refund's own time tells since when it counts."""
    done = x.charge(amount_refunded=1200, refunded=True)
    _, recording = bring_all(tmp_path, stripe=[x.stripe_customer(), done, x.refund()])
    world = load_world(recording.path / "world")
    before = x.ask(world, x.moment(x.OPENED), "stripe.charges.retrieve", id=done["id"])[1]
    after = x.ask(world, x.moment(x.SOLVED), "stripe.charges.retrieve", id=done["id"])[1]
    assert (before["refunded"], before["amount_refunded"]) == (False, 0)
    assert (after["refunded"], after["amount_refunded"]) == (True, 1200)


def test_a_refund_that_is_only_listed_is_nobodys_for_sure(tmp_path):
    """A list does not say who made a refund, so it is linked by time only, for review."""
    done = x.charge(amount_refunded=1200, refunded=True)
    _, recording = bring_all(tmp_path, stripe=[x.stripe_customer(), done, x.refund()])
    actions = recording.baselines_of(recording.cases[0].case_id)[0].actions
    refund = next(a for a in actions if a.operation == "stripe.refunds.create")
    assert refund.doubtful
    assert recording.cases[0].link_confidence is LinkConfidence.TIME_ONLY


def test_what_cannot_be_rewound_is_left_out_and_told(tmp_path):
    """A ticket that changed without a history shows no later status, and the report says so."""
    report, recording = x.bring(tmp_path, zendesk=[*x.users(), x.ticket(), *x.audits()[:2]])
    world = load_world(recording.path / "world")
    ticket = x.ask(world, x.moment(x.OPENED), "zendesk.tickets.get", id="1")[1]["ticket"]
    assert ticket["tags"] == []
    assert any("cannot be rewound: zendesk.tickets" in note for note in report.notes)


@pytest.mark.parametrize(
    ("request_", "kept", "apart"),
    [(("req_1", None), True, ""), (("req_1", "key-1"), False, "integration"),
     ((None, None), False, "automation"), (None, False, "automation")],
)  # fmt: skip
def test_stripe_requests_tell_people_from_machines(tmp_path, request_, kept, apart):
    """Without a request Stripe did it, with an idempotency key an integration did: no baseline."""
    events = x.refund_events(request_)
    report, recording = bring_all(tmp_path, stripe=[x.stripe_customer(), *events])
    found = operations(recording, "zendesk-1")[0]
    assert ("stripe.refunds.create" in found) is kept
    assert apart == "" or report.notes[f"kept apart, by {apart}: stripe.refunds.create"] >= 1


def test_zendesk_triggers_and_integrations_are_kept_apart(tmp_path):
    """A rule's change within a person's update, and an update over the API, are no baseline."""
    rule = {"channel": "rule", "source": {"rel": "trigger", "from": {"id": 5, "title": "Tag it"}}}
    mixed = x.audit(3, "2026-07-01T10:40:00Z", x.AGENT, x.change("priority", None, "high"),
                    x.change("tags", [], ["auto"], via=rule))  # fmt: skip
    robot = x.audit(5, "2026-07-01T10:50:00Z", x.AGENT, x.change("type", None, "question"),
                    channel="api")  # fmt: skip
    found = x.audits()
    report, recording = x.bring(tmp_path, zendesk=[*x.users(), x.ticket(), *found[:2], mixed, robot,
                                                   found[3]])  # fmt: skip
    (baseline,) = recording.baselines_of("zendesk-1")
    assert [a.fields for a in baseline.actions[1:]] == [{"priority": "high"}, {"status": "solved"}]
    assert report.notes["kept apart, by automation: zendesk.tags.add"] == 1
    assert report.notes["kept apart, by integration: zendesk.tickets.update"] == 1


@pytest.mark.parametrize(
    ("source", "kept", "apart"),
    [("CRM_UI", True, ""), ("MOBILE_IOS", True, ""), ("WORKFLOWS", False, "automation"),
     ("AUTOMATION_PLATFORM", False, "automation"), ("INTEGRATION", False, "integration"),
     ("API", False, "integration")],
)  # fmt: skip
def test_hubspot_sources_tell_people_from_machines(tmp_path, source, kept, apart):
    """What a workflow or an integration wrote into the CRM is never a baseline."""
    stage = [x.entry("customer", "2026-07-01T10:45:00Z", source),
             x.entry("lead", "2026-01-01T00:00:00Z", "IMPORT", None)]  # fmt: skip
    report, recording = bring_all(tmp_path, hubspot=[x.contact(lifecyclestage=stage)])
    found = operations(recording, "zendesk-1")[0]
    assert ("hubspot.objects.update" in found) is kept
    assert apart == "" or report.notes[f"kept apart, by {apart}: hubspot.objects.update"] == 1


def test_ticket_events_tell_the_same_as_audits(tmp_path):
    """The incremental export and the audits of the same ticket give the same baseline, once."""
    events = [
        {"id": 2, "ticket_id": 1, "timestamp": x.seconds("2026-07-01T10:30:00Z"),
         "updater_id": x.AGENT, "via": "Web form", "event_type": "Audit", "child_events": [
             {"id": 200, "event_type": "Comment", "type": "Comment", "body": "We gave it back.",
              "public": True, "author_id": x.AGENT, "via": {"channel": "web"}},
             {"id": 201, "event_type": "Change", "via": "Web form", "status": "open",
              "previous_value": "new"},
             {"id": 202, "event_type": "Change", "via": "Web form", "assignee_id": x.AGENT,
              "previous_value": None}]},
        {"id": 3, "ticket_id": 1, "timestamp": x.seconds("2026-07-01T10:40:00Z"),
         "updater_id": x.AGENT, "via": "Web form", "event_type": "Audit", "child_events": [
             {"id": 300, "event_type": "Change", "via": "Web form", "tags": ["refunded"],
              "previous_value": [], "added_tags": ["refunded"], "removed_tags": []}]},
        {"id": 4, "ticket_id": 1, "timestamp": x.seconds(x.SOLVED), "updater_id": x.AGENT,
         "via": "Web form", "event_type": "Audit", "child_events": [
             {"id": 400, "event_type": "Change", "via": "Web form", "status": "solved",
              "previous_value": "open"}]},
    ]  # fmt: skip
    for name in ("audits", "events", "both"):
        (tmp_path / name).mkdir()
    told = [*x.users(), x.ticket(), x.audits()[0]]
    by_audit = x.bring(tmp_path / "audits", zendesk=[*told, *x.audits()[1:]])[1]
    by_event = x.bring(tmp_path / "events", zendesk=[*told, *events])[1]
    by_both = x.bring(tmp_path / "both", zendesk=[*told, *events, *x.audits()[1:]])[1]
    wanted = by_audit.baselines_of("zendesk-1")
    assert len(wanted[0].actions) == 3
    assert by_event.baselines_of("zendesk-1") == wanted
    assert by_both.baselines_of("zendesk-1") == wanted


def test_audits_alone_rebuild_the_ticket(tmp_path):
    """Without the ticket itself its first values come from its own `Create` events."""
    _, recording = x.bring(tmp_path, zendesk=[*x.users(), *x.audits()])
    (case,) = recording.cases
    assert case.trigger.payload["subject"] == "Charged twice"
    assert operations(recording, case.case_id) == [
        ["zendesk.tickets.public_reply", "zendesk.tags.add", "zendesk.tickets.update"]
    ]


def test_a_customers_next_message_after_an_answer_is_another_case(tmp_path):
    """A follow-up is a trigger of its own, with the conversation so far and the state as of it."""
    again = x.audit(6, "2026-07-03T09:00:00Z", x.CUSTOMER, comment := x.comment("Still missing"),
                    x.change("status", "solved", "open"), channel="email")  # fmt: skip
    more = x.audit(7, "2026-07-03T10:00:00Z", x.OTHER, x.comment("Looked again."),
                   x.change("status", "open", "solved"))  # fmt: skip
    last = x.ticket(updated_at="2026-07-03T10:00:00Z")
    _, recording = x.bring(tmp_path, zendesk=[*x.users(), last, *x.audits(), again, more])
    first, second = recording.cases
    assert (first.case_id, second.case_id) == ("zendesk-1", "zendesk-1-2")
    assert [turn.role for turn in second.turns] == ["customer", "agent", "customer"]
    assert second.turns[-1].text == comment["body"]
    assert recording.baselines_of("zendesk-1-2")[0].actor == "agent:Lea Back"
    world = load_world(recording.path / "world")
    ticket = x.ask(world, second.received_at, "zendesk.tickets.get", id="1")[1]["ticket"]
    assert ticket["status"] == "open"


def test_two_people_who_each_ended_a_case_are_two_baselines(tmp_path):
    """Somebody who takes an ended case up again gives another acceptable answer to the trigger."""
    redone = [
        x.audit(5, "2026-07-01T12:00:00Z", x.OTHER, x.change("status", "solved", "open")),
        x.audit(6, "2026-07-01T12:10:00Z", x.OTHER, x.comment("A credit instead.")),
        x.audit(7, "2026-07-01T12:20:00Z", x.OTHER, x.change("status", "open", "solved")),
    ]
    last = x.ticket(updated_at="2026-07-01T12:20:00Z")
    _, recording = x.bring(tmp_path, zendesk=[*x.users(), last, *x.audits(), *redone])
    one, two = recording.baselines_of("zendesk-1")
    assert (one.actor, two.actor) == ("agent:Sam Desk", "agent:Lea Back")
    assert (one.weight, two.weight) == (0.5, 0.5)
    assert two.actions[-1].fields == {"status": "solved"}


def test_people_who_work_on_a_case_together_are_one_baseline(tmp_path):
    """A colleague's note before the end belongs to the same handling."""
    note = x.audit(8, "2026-07-01T10:35:00Z", x.OTHER, x.comment("Please refund", public=False))
    _, recording = x.bring(tmp_path, zendesk=[*x.users(), x.ticket(), *x.audits(), note])
    (baseline,) = recording.baselines_of("zendesk-1")
    assert baseline.actor == "agent:Sam Desk, agent:Lea Back"
    assert "zendesk.tickets.internal_note" in [a.operation for a in baseline.actions]


def test_a_tag_hands_a_case_over(tmp_path):
    """A ticket tagged as escalated is the same action as a candidate's own escalation."""
    over = x.audit(3, "2026-07-01T10:40:00Z", x.AGENT, x.change("tags", [], ["escalated_unsure"]))
    last = x.ticket(status="open", tags=["escalated_unsure"], updated_at="2026-07-01T10:40:00Z")
    _, recording = x.bring(tmp_path, zendesk=[*x.users(), last, *x.audits()[:1], over])
    (baseline,) = recording.baselines_of("zendesk-1")
    assert baseline.outcome is Outcome.ESCALATED
    assert [a.operation for a in baseline.actions] == ["desk.escalate"]


def test_a_baseline_that_the_systems_refuse_is_quarantined_and_counted(tmp_path):
    """A refund of more than the charge cannot have been: the case is left out, with its reason."""
    made = x.refund(amount=5000, metadata={"ticket": "1001"})
    report, recording = x.bring(
        tmp_path,
        zendesk=[*x.users(), x.ticket(id=1001), *[{**a, "ticket_id": 1001} for a in x.audits()]],
        stripe=[x.stripe_customer(), x.charge(), x.event("refund.created", made)],
    )
    assert recording.cases == ()
    assert report.notes["left over: cases without a baseline that works"] == 1
    assert report.notes["baselines quarantined: stripe.refunds.create is refused (400)"] == 1


def test_a_doubtful_deed_that_does_not_work_costs_no_baseline(tmp_path):
    """What only the time links to a case, and what is refused in it, is left out and counted."""
    listed = x.refund(amount=5000)
    report, recording = bring_all(tmp_path, stripe=[x.stripe_customer(), x.charge(), listed])
    assert operations(recording, "zendesk-1") == [
        ["zendesk.tickets.public_reply", "zendesk.tags.add", "zendesk.tickets.update"]
    ]
    assert report.notes["deeds linked by time only that do not work, left out"] == 1


def test_a_case_about_unseen_objects_is_judged_by_its_actions(tmp_path):
    """A refund of a charge that no file shows stays an action: counted, not quarantined."""
    report, recording = bring_all(
        tmp_path, stripe=[x.stripe_customer(), x.event("refund.created", x.refund())]
    )
    actions = recording.baselines_of("zendesk-1")[0].actions
    refund = next(a for a in actions if a.operation == "stripe.refunds.create")
    assert (refund.amount_minor, refund.currency, refund.response_status) == (1200, "EUR", None)
    assert any("do not show" in note for note in report.notes)


def test_a_deed_that_changes_nothing_is_no_action(tmp_path):
    """Setting what is set already is counted, and asked of no candidate."""
    idle = x.audit(8, "2026-07-01T10:45:00Z", x.AGENT, x.change("tags", ["x"], ["x", "refunded"]))
    report, recording = x.bring(tmp_path, zendesk=[*x.users(), x.ticket(), *x.audits(), idle])
    assert len(recording.baselines_of("zendesk-1")[0].actions) == 3
    assert report.notes["deeds that change nothing when played again"] == 1


def test_messages_that_nobody_answered_are_left_over(tmp_path):
    """The grouping report says what became no case, and why."""
    report, recording = x.bring(tmp_path, zendesk=[*x.users(), x.ticket(), x.audits()[0]])
    assert recording.cases == ()
    assert report.notes["left over: messages that nobody answered"] == 1


@pytest.mark.parametrize(
    ("customer", "made", "texts", "link"),
    [
        ({}, {"metadata": {"ticket": "zd-1001"}}, "no amount", LinkConfidence.EXPLICIT_ID),
        ({}, {}, "about ch_1aaaaaaaaaaa please", LinkConfidence.EXPLICIT_ID),
        ({"metadata": {"zendesk_user": "501"}, "email": "x@y.com"}, {}, "-",
         LinkConfidence.METADATA),
        ({}, {"amount": 300}, "I want 3.00 EUR back", LinkConfidence.CUSTOMER_AND_AMOUNT),
        ({}, {"amount": 300}, "I want something back", LinkConfidence.TIME_ONLY),
        ({"email": "x@y.com"}, {"amount": 300}, "-", LinkConfidence.TIME_ONLY),
    ],
)  # fmt: skip
def test_links_carry_their_confidence(tmp_path, customer, made, texts, link):
    """An id beats metadata, metadata beats customer and amount, and time alone is the weakest."""
    first = x.audit(1, x.OPENED, x.CUSTOMER, x.comment(texts), *x.create(status="new"))
    asked = x.ticket(description=texts, external_id="zd-1001")
    _, recording = x.bring(
        tmp_path,
        zendesk=[*x.users(), asked, first, *x.audits()[1:]],
        stripe=[x.stripe_customer(**customer), x.charge(),
                x.event("refund.created", x.refund(**made))],
    )  # fmt: skip
    actions = recording.baselines_of("zendesk-1")[0].actions
    refund = next(a for a in actions if a.operation == "stripe.refunds.create")
    assert refund.link is link
    assert recording.cases[0].link_confidence is link


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("Charged twice for WPQBZMTO-0007", "Done."), ("Charged twice", "Refunded wpqbzmto-0007.")],
    ids=["the customer named it", "staff named it"],
)
def test_an_invoice_s_number_links_what_was_done_about_it(tmp_path, asked, answered):
    """Nobody writes a vendor's id: people name invoices by the number that is printed on them."""
    other = x.ticket(2, subject="Hi", description="Hello", requester_id=502, created_at=x.OPENED)
    busy = [x.audit(30, x.OPENED, 502, x.comment("Hello"), on=2),
            x.audit(31, "2026-07-01T10:34:59Z", x.OTHER, x.comment("Hi"), on=2)]  # fmt: skip
    talk = [x.audit(1, x.OPENED, x.CUSTOMER, x.comment(asked)),
            x.audit(2, "2026-07-01T10:50:00Z", x.AGENT, x.comment(answered))]  # fmt: skip
    invoice = {"id": "in_1aaaaaaaaaaa", "object": "invoice", "number": "WPQBZMTO-0007",
               "created": x.seconds("2026-06-20T00:00:00Z"), "customer": "cus_1aaaaaaa",
               "status": "paid", "amount_due": 1200, "currency": "eur"}  # fmt: skip
    _, recording = x.bring(
        tmp_path, zendesk=[*x.users(), x.ticket(description=asked), other, *talk, *busy],
        stripe=[x.stripe_customer(email="other@corp.com"), x.charge(invoice=invoice["id"]), invoice,
                x.event("refund.created", x.refund())],
    )  # fmt: skip
    (refund,) = [
        action for action in recording.baselines_of("zendesk-1")[0].actions
        if action.operation == "stripe.refunds.create"
    ]  # fmt: skip
    assert refund.link is LinkConfidence.EXPLICIT_ID


def test_a_note_that_names_the_ticket_belongs_to_it(tmp_path):
    """In whatever system it was written, and whoever else was at work at that moment."""
    at = "2026-07-01T10:30:01.000Z"
    told = {"hs_note_body": "Ticket 8000013: refunded", "hs_timestamp": at}
    note = {"id": "7001", "createdAt": at, "updatedAt": at, "archived": False, "properties": told,
            "propertiesWithHistory": {n: [x.entry(v, at)] for n, v in told.items()}}  # fmt: skip
    thread = [{**each, "ticket_id": 8000013} for each in x.audits()]
    desk = [*x.users(), x.ticket(8000013), *thread]
    _, recording = x.bring(tmp_path, zendesk=desk, hubspot=[note])
    actions = recording.baselines_of("zendesk-8000013")[0].actions
    (written,) = [each for each in actions if each.operation == "hubspot.objects.create"]
    assert written.link is LinkConfidence.EXPLICIT_ID


def test_a_dispute_is_a_trigger_of_its_own(tmp_path):
    """Without any support system an event of Stripe's own begins a case that people answer."""
    at = "2026-07-01T10:00:00Z"
    dispute = {"id": "du_1aaaaaaaaaaa", "object": "dispute", "charge": "ch_1aaaaaaaaaaa",
               "amount": 1200, "currency": "eur", "status": "needs_response",
               "created": x.seconds(at), "evidence": {"uncategorized_text": None},
               "metadata": {}}  # fmt: skip
    answered = {**dispute, "status": "under_review", "evidence": {"uncategorized_text": "Used it"}}
    before = {"status": "needs_response", "evidence": {"uncategorized_text": None}}
    _, recording = x.bring(
        tmp_path, stripe=[
        x.stripe_customer(), x.charge(), x.event("charge.dispute.created", dispute, at=at,
                                                 request=None),
        x.event("charge.dispute.updated", answered, before, at="2026-07-02T10:00:00Z")],
    )  # fmt: skip
    (case,) = recording.cases
    (action,) = recording.baselines_of(case.case_id)[0].actions
    assert case.trigger.type == "charge.dispute.created"
    assert action.operation == "stripe.disputes.update"
    assert action.fields == {"evidence": {"uncategorized_text": "Used it"}, "submit": True}
