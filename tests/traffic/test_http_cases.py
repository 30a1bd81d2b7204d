"""Recorded HTTP becomes cases, people's baselines and the world of each trigger's moment."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from understudy.model.baseline import Outcome
from understudy.model.case import LinkConfidence
from understudy.traffic.http.importing import JSONL, HttpOptions, import_http
from understudy.traffic.recording import read_recording
from understudy.world.store import load_world

START = datetime(2026, 10, 1, 9, tzinfo=UTC)
ZENDESK, STRIPE = "https://acme.zendesk.com/api/v2", "https://api.stripe.com/v1"


def iso(minutes):
    return (START + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def ticket(number=1, minutes=0, **more):
    return {"ticket": {
        "id": number, "subject": "Charged twice", "description": "Please refund ch_Twice0001",
        "status": "new", "requester_id": 501, "submitter_id": 501, "assignee_id": None, "tags": [],
        "via": {"channel": "email"}, "created_at": iso(minutes), "updated_at": iso(minutes), **more,
    }}  # fmt: skip


def charge(refunded=0):
    return {"id": "ch_Twice0001", "object": "charge", "amount": 1200, "currency": "eur",
            "customer": "cus_Ann00001", "amount_refunded": refunded, "refunded": refunded == 1200,
            "status": "succeeded", "paid": True, "captured": True,
            "created": int(START.timestamp()) - 9000}  # fmt: skip


def refund(amount=1200):
    return {"id": "re_Made00001", "object": "refund", "amount": amount, "currency": "eur",
            "charge": "ch_Twice0001", "status": "succeeded", "reason": None,
            "created": int((START + timedelta(minutes=12)).timestamp())}  # fmt: skip


def call(minutes, method, url, body=None, answer=None, *, actor="sam", status=200, **more):
    kind = "application/x-www-form-urlencoded" if url.startswith(STRIPE) else "application/json"
    request = {"method": method, "url": url, "headers": {"content-type": kind}, "body": body}
    return {"request": request, "response": {"status": status, "headers": {}, "body": answer},
            "started_at": None if minutes is None else iso(minutes), "actor": actor,
            **more}  # fmt: skip


def read_it(minutes=10, **more):
    return [call(minutes, "GET", f"{ZENDESK}/tickets/1.json", answer=ticket(), **more),
            call(minutes + 1, "GET", f"{STRIPE}/charges/ch_Twice0001", answer=charge(),
                 **more)]  # fmt: skip


def refund_it(minutes=12, **more):
    return call(minutes, "POST", f"{STRIPE}/refunds", "charge=ch_Twice0001&amount=1200",
                refund(), **more)  # fmt: skip


def solve_it(minutes=13, **more):
    answer = ticket(status="solved", updated_at=iso(minutes))
    body = {"ticket": {"status": "solved"}}
    return call(minutes, "PUT", f"{ZENDESK}/tickets/1.json", body, answer, **more)


def shared(calls, name="c-1"):
    return [{**each, "correlation_id": name} for each in calls]


@pytest.fixture
def bring(tmp_path, key):
    def run(calls, format=JSONL, **more):
        path = tmp_path / "log.jsonl"
        path.write_text("\n".join(map(json.dumps, calls)))
        options = HttpOptions(key=key, **more)
        report = import_http(format, [path], tmp_path / "out", options)
        return report, read_recording(tmp_path / "out")

    bring.out = tmp_path / "out"
    return run


def bring_out(recording):
    return load_world(recording.path / "world")


def operations(recording, case):
    return [[a.operation for a in b.actions] for b in recording.baselines_of(case.case_id)]


def test_what_people_did_on_a_ticket_is_a_case(bring):
    """Without any correlation the ticket, its customer and the hand at work group the calls."""
    _, found = bring([*read_it(), refund_it(), solve_it()])
    [case] = found.cases
    assert (case.case_id, case.received_at) == ("zendesk-1", START)
    assert case.trigger.payload == {"ticket_id": "1", "requester_id": "501",
                                    "subject": "Charged twice", "channel": "email"}  # fmt: skip
    assert [turn.text for turn in case.turns] == ["Please refund ch_Twice0001"]
    assert operations(found, case) == [["stripe.refunds.create", "zendesk.tickets.update"]]
    [baseline] = found.baselines_of(case.case_id)
    paid, solved = baseline.actions
    assert (paid.amount_minor, paid.currency, paid.target.id) == (1200, "EUR", "ch_Twice0001")
    assert paid.before == {"amount_refunded": 0, "refunded": False}
    assert (solved.before["status"], solved.after["status"]) == ("new", "solved")
    assert (baseline.actor, baseline.outcome, baseline.cycle_time_ms) == (
        "sam", Outcome.ACTED, 13 * 60_000
    )  # fmt: skip


def test_nothing_later_than_the_trigger_is_readable(bring):
    """Not in the world as of the trigger: not solved, not refunded, and no refund at all."""
    later = [
        call(14, "GET", f"{STRIPE}/charges/ch_Twice0001", answer=charge(1200)),
        call(15, "GET", f"{ZENDESK}/tickets/1.json", answer=ticket(status="solved",
                                                                   updated_at=iso(13))),
    ]  # fmt: skip
    _, found = bring([*read_it(), refund_it(), solve_it(), *later])
    world = bring_out(found)
    then = world.as_of(found.cases[0].received_at)
    assert then.get("zendesk.tickets", "1")["status"] == "new"
    assert then.get("stripe.charges", "ch_Twice0001")["amount_refunded"] == 0
    assert then.get("stripe.refunds", "re_Made00001") is None
    assert world.get("zendesk.tickets", "1")["status"] == "solved"
    assert world.get("stripe.charges", "ch_Twice0001")["refunded"] is True


def test_what_was_only_seen_after_the_answer_gives_nothing_away(bring):
    """A charge and a ticket that nobody looked at before: the later values are taken back."""
    seen = call(14, "GET", f"{STRIPE}/charges/ch_Twice0001", answer=charge(1200))
    _, found = bring(shared([refund_it(), solve_it(), seen]))
    then = bring_out(found).as_of(found.cases[0].received_at)
    assert not then.get("stripe.charges", "ch_Twice0001")["amount_refunded"]
    assert then.get("zendesk.tickets", "1").get("status") != "solved"


def test_a_correlation_that_several_calls_share_groups_them(bring):
    """And one that is unique to each call groups nothing."""
    other = call(13, "POST", f"{STRIPE}/customers/cus_Bob00001", "phone=1", status=200,
                 answer={"id": "cus_Bob00001", "object": "customer", "phone": "1"})  # fmt: skip
    report, found = bring(shared([*read_it(), refund_it(), other, solve_it()]))
    assert len(found.cases) == 1
    assert len(found.baselines_of(found.cases[0].case_id)[0].actions) == 3
    assert report.notes["cases, by correlation id"] == 1
    unique = [
        {**each, "correlation_id": f"c-{n}"} for n, each in enumerate([*read_it(), solve_it()])
    ]
    report, found = bring(unique)
    assert report.notes["cases, by entity and gap"] == 1


def test_only_the_time_links_weakly_and_says_so(bring):
    """A write that names nothing of the ticket is attached by the hand, with its confidence."""
    stranger = call(12, "POST", f"{STRIPE}/customers/cus_Bob00001", "phone=1",
                    {"id": "cus_Bob00001", "object": "customer", "phone": "1"})  # fmt: skip
    _, found = bring([*read_it(), stranger, refund_it(12.5), solve_it()])
    [baseline] = found.baselines_of("zendesk-1")
    links = {action.operation: action.link for action in baseline.actions}
    assert links["stripe.customers.update"] is LinkConfidence.TIME_ONLY
    assert links["stripe.refunds.create"] is LinkConfidence.EXPLICIT_ID
    assert found.cases[0].link_confidence is LinkConfidence.TIME_ONLY


def test_two_who_each_end_the_case_are_two_baselines(bring):
    """Each is played from the same state; who works before another's end belongs to it."""
    first = [*read_it(10, actor="sam"), refund_it(12, actor="sam"), solve_it(13, actor="sam")]
    second = [*read_it(11, actor="lea"), refund_it(12.5, actor="lea"), solve_it(14, actor="lea")]
    _, found = bring(shared([*first, *second]))
    baselines = found.baselines_of("zendesk-1")
    assert [(b.actor, b.weight, len(b.actions)) for b in baselines] == [
        ("sam", 0.5, 2), ("lea", 0.5, 2)
    ]  # fmt: skip
    _, found = bring([*read_it(actor="sam"), refund_it(actor="sam"), solve_it(actor="lea")])
    assert [b.actor for b in found.baselines_of("zendesk-1")] == ["sam, lea"]


def test_what_errs_or_does_nothing_is_quarantined_and_counted(bring):
    """A refund of more than there is, and a status that is there already."""
    too_much = call(12, "POST", f"{STRIPE}/refunds", "charge=ch_Twice0001&amount=9900", refund())
    report, found = bring([*read_it(), too_much])
    assert not found.cases
    assert report.notes["baselines quarantined: stripe.refunds.create is refused (400)"] == 1
    assert report.notes["left over: exchanges of cases without a baseline that works"] == 3
    idle = call(12, "PUT", f"{ZENDESK}/tickets/1.json", {"ticket": {"status": "new"}}, ticket())
    report, found = bring([*read_it(), idle])
    assert report.notes["baselines quarantined: it changes nothing"] == 1


def test_objects_that_nobody_saw_are_judged_by_actions_only(bring):
    """A refund of a charge that no answer shows stays as it was recorded, and is counted."""
    report, found = bring([read_it()[0], refund_it(), solve_it()])
    paid, _ = found.baselines_of("zendesk-1")[0].actions
    assert (paid.origin, paid.after, paid.fields["amount"]) == ("recorded", None, 1200)
    [(_, count)] = [note for note in report.notes.items() if "judged by actions only" in note[0]]
    assert count == 1


def test_a_webhook_is_the_trigger(bring):
    """Signed events tell what came in and when; their credential is nobody's who works here."""
    hook = call(5, "POST", "https://hooks.corp.test/z", {"type": "charge.dispute.created",
        "id": "evt_1", "object": "event", "created": int(START.timestamp()) + 300,
        "data": {"object": {"id": "dp_Case00001", "object": "dispute", "charge": "ch_Twice0001"}},
    }, {}, actor=None)  # fmt: skip
    hook["request"]["headers"]["stripe-signature"] = "t=1,v1=abc"
    answer = {"id": "cus_Ann00001", "object": "customer", "phone": "1"}
    write = call(9, "POST", f"{STRIPE}/customers/cus_Ann00001", "phone=1", answer)
    _, found = bring(shared([hook, write]))
    [case] = found.cases
    assert (case.trigger.system, case.trigger.type) == ("stripe", "charge.dispute.created")
    assert case.trigger.payload["object_id"] == "dp_Case00001"
    assert case.received_at == START + timedelta(minutes=5)


def test_a_message_that_comes_after_the_answer_begins_another_case(bring):
    """The event of a ticket that was worked on already is a trigger of its own."""
    hook = call(60, "POST", "https://hooks.corp.test/z", {"ticket_id": 1}, {}, actor=None)
    hook["request"]["headers"]["x-zendesk-webhook-signature"] = "abc"
    again = solve_it(70)
    again["request"]["body"] = {"ticket": {"status": "closed"}}
    _, found = bring([*read_it(), refund_it(), solve_it(), hook, again])
    assert [case.case_id for case in found.cases] == ["zendesk-1", "zendesk-1-2"]


def test_counts_of_exchanges_add_up(bring):
    """In cases, in groups where nobody wrote, alone: together all that was kept."""
    foreign = call(20, "POST", "https://erp.corp.test/orders/7", {"a": 1}, {})
    lonely = [call(5000 * 60, "GET", f"{ZENDESK}/tickets/9.json", answer=ticket(9, 5000))]
    report, _ = bring([*read_it(), refund_it(), solve_it(), foreign, *lonely])
    counted = sum(
        count for note, count in report.notes.items()
        if note.startswith("left over: ") or note == "exchanges in cases"
    )  # fmt: skip
    assert counted == report.notes["interactions"] == 6


def test_the_actor_is_told_or_the_credentials_pseudonym(bring, key):
    """The same credential is the same person, and the credential itself is nowhere."""
    calls = [*read_it(actor=None), refund_it(actor=None), solve_it(actor=None)]
    for each in calls:
        each["request"]["headers"]["authorization"] = "Bearer hunter2-canary-7f3"
    _, found = bring(calls)
    actors = {one.actor for one in found.interactions()}
    assert len(actors) == 1
    assert actors.pop().startswith("credential:")
    assert b"hunter2" not in b"".join(p.read_bytes() for p in found.path.rglob("*.json*"))


def test_without_times_the_order_rewinds(bring, tmp_path, key):
    """A cassette has cases too; each object is as it was first seen, and nothing is timed."""
    calls = [*read_it(), refund_it(), solve_it()]
    timeless = [{**each, "started_at": None} for each in calls]
    report, found = bring(timeless)
    [case] = found.cases
    assert case.received_at is None
    assert operations(found, case) == [["stripe.refunds.create", "zendesk.tickets.update"]]
    assert {a.at for b in found.baselines_of(case.case_id) for a in b.actions} == {None}
    world = bring_out(found)
    assert world.get("zendesk.tickets", "1")["status"] == "new"
    assert world.get("stripe.refunds", "re_Made00001") is None
    assert any("no times" in remark for remark in report.remarks)


def test_what_is_read_again_and_again_tells_no_more(bring):
    """A page that is reloaded all day shows what one look at it shows, and is counted as it is."""
    looks = [call(10 + n, "GET", f"{ZENDESK}/tickets/2.json", answer=ticket(2)) for n in range(4)]
    _, once = bring([*looks[:1], *read_it(), refund_it()])
    shown = (once.path / "world" / "versions.jsonl").read_bytes()
    _, often = bring([*looks, *read_it(), refund_it()])
    assert (often.path / "world" / "versions.jsonl").read_bytes() == shown
    assert len(list(often.interactions())) == 7


def test_addresses_in_answers_link_what_names_them(bring):
    """A call that names the customer's address belongs to the ticket whose answer showed it."""
    asked = ticket(via={"channel": "email", "source": {"from": {"address": "x@y.example"}}})
    _, found = bring(
        [
            call(10, "GET", f"{ZENDESK}/tickets/1.json", answer=asked),
            call(
                11, "GET", f"{STRIPE}/customers?email=x@y.example", actor="kim", answer={"data": []}
            ),
            refund_it(13),
        ]
    )
    assert [one.entity_key for one in found.interactions()] == ["zendesk.tickets/1"] * 3
