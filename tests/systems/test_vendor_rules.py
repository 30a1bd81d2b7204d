"""Rules of the vendors that a careless integration runs into."""

import pytest

from understudy.systems.engine import Engine
from understudy.systems.message import Request


def _paid_by_charge(world_of, **invoice):
    """A world in which an invoice was paid by a charge."""
    return world_of(
        stripe={
            "customers": [{"id": "cus_1", "currency": "eur", "balance": 0, "created": 1}],
            "charges": [{"id": "ch_1", "customer": "cus_1", "amount": 5000, "amount_refunded": 0,
                         "currency": "eur", "status": "succeeded", "paid": True, "created": 1}],
            "payment_intents": [{"id": "pi_1", "latest_charge": "ch_1", "amount": 5000,
                                 "currency": "eur", "created": 1}],
            "invoices": [{"id": "in_1", "status": "paid", "customer": "cus_1", "currency": "eur",
                          "total": 5000, "amount_due": 5000, "created": 1,
                          "payment_intent": "pi_1", **invoice}],
        }
    )  # fmt: skip


@pytest.fixture
def over(make_caller, shapes):
    """A caller over a world of its own."""

    def caller(world):
        made = make_caller(Engine(world), "case-1")
        made.shapes = shapes
        return made

    return caller


def test_a_credit_note_with_a_refund_sends_the_money_back(world_of, over):
    """The charge is refunded, so that it cannot be refunded in full once more."""
    call = over(_paid_by_charge(world_of))
    status, note = call("stripe.credit_notes.create", invoice="in_1", amount=3000,
                        refund_amount=2000, credit_amount=1000)  # fmt: skip
    assert status == 200
    [refund] = call("stripe.refunds.list", charge="ch_1")[1]["data"]
    assert (refund["amount"], note["refunds"][0]["refund"]) == (2000, refund["id"])
    assert call("stripe.charges.retrieve", id="ch_1")[1]["amount_refunded"] == 2000
    assert call("stripe.customers.retrieve", id="cus_1")[1]["balance"] == -1000
    assert note["customer_balance_transaction"].startswith("cbtxn_")
    assert call("stripe.refunds.create", charge="ch_1", amount=3001)[0] == 400


def test_a_credit_note_cannot_refund_what_is_not_there(world_of, over):
    """No charge behind the invoice, or less left on it: a 400, and nothing is written."""
    call = over(_paid_by_charge(world_of, payment_intent=None))
    status, body = call("stripe.credit_notes.create", invoice="in_1", amount=5, refund_amount=5)
    assert (status, body["error"]["param"]) == (400, "refund_amount")
    call = over(_paid_by_charge(world_of))
    call("stripe.refunds.create", charge="ch_1", amount=4000)
    before = call.session.effect()
    status, body = call(
        "stripe.credit_notes.create", invoice="in_1", amount=2000, refund_amount=2000
    )
    assert status == 400
    assert "greater than unrefunded" in body["error"]["message"]
    assert call.session.effect() == before


def test_a_voided_credit_note_is_owed_again(call):
    """The invoice is open with what it was before, also where the note had settled it."""
    _, note = call("stripe.credit_notes.create", invoice="in_open", amount=10_000)
    assert call("stripe.invoices.retrieve", id="in_open")[1]["status"] == "paid"
    assert call("stripe.credit_notes.void", id=note["id"])[0] == 200
    invoice = call("stripe.invoices.retrieve", id="in_open")[1]
    assert (invoice["status"], invoice["amount_remaining"]) == ("open", 10_000)


def test_a_deleted_customer_says_so(call):
    """Retrieved it is a stub, in lists it is gone, and it takes no change."""
    assert call("stripe.customers.retrieve", id="cus_ada")[1]["email"] == "Ada@Example.com"
    call("stripe.customers.delete", id="cus_ada")
    status, body = call("stripe.customers.retrieve", id="cus_ada")
    assert (status, body) == (200, {"id": "cus_ada", "object": "customer", "deleted": True})
    assert [c["id"] for c in call("stripe.customers.list")[1]["data"]] == ["cus_bob"]
    assert call("stripe.customers.update", id="cus_ada", name="A")[0] == 404
    assert call("stripe.customers.retrieve", id="cus_none")[0] == 404


def test_a_deleted_customer_is_expanded_as_such(call):
    """What a charge's customer expands to says that it was deleted; without it the id stays."""
    call("stripe.customers.delete", id="cus_ada")
    gone = {"id": "cus_ada", "object": "customer", "deleted": True}
    _, charge = call("stripe.charges.retrieve", id="ch_0001", expand=["customer"])
    assert charge["customer"] == gone
    _, page = call("stripe.charges.list", limit=1, expand=["data.customer"], customer="cus_ada")
    assert page["data"][0]["customer"] == gone
    assert call("stripe.charges.retrieve", id="ch_0001")[1]["customer"] == "cus_ada"


@pytest.mark.parametrize("path", ["/v1/customers/", "/v1/payment_intents//capture", "/v1//refunds"])
def test_a_path_that_lacks_its_id_makes_nothing(call, path):
    """An empty id is told as such; it neither lists nor creates."""
    status, body = call.raw("stripe", "POST", path)
    assert status == 404
    assert "valid (non-empty) identifier" in body["error"]["message"]
    assert call.session.effect() == {}
    assert call.last.operation == "stripe.unserved"


def test_stripe_names_the_id_as_it_does(call):
    """`intent` for payment intents, `id` for others."""
    _, body = call("stripe.payment_intents.retrieve", id="pi_none")
    assert (body["error"]["param"], body["error"]["code"]) == ("intent", "resource_missing")
    assert call("stripe.charges.retrieve", id="ch_none")[1]["error"]["param"] == "id"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"metadata": {"k" * 41: "v"}}, "must be a string under 40 characters"),
        ({"metadata": {"k": "v" * 501}}, "must be a string under 500 characters"),
        ({"metadata": {"k": {"a": "b"}}}, "Invalid val"),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, "up to 50"),
        ({"description": "Lorem ipsum" * 500}, "must be at most 5000 characters"),
        ({"address": {"planet": "Mars"}}, "unknown parameter: address[planet]"),
        ({"address": {"city": ["Graz"]}}, "Invalid string"),
    ],
)
def test_stripe_s_limits_of_texts(call, given, words):
    """Refused with Stripe's words, and nothing is written."""
    status, body = call("stripe.customers.update", id="cus_ada", **given)
    assert status == 400
    assert words in body["error"]["message"]
    assert call.session.effect() == {}


def test_idempotency_keys_are_for_posts_and_not_endless(call):
    """A delete is carried out whatever its key says; a key of 256 characters is refused."""
    keyed = {"idempotency-key": "same"}
    assert call.send("stripe.subscriptions.cancel", keyed, id="sub_ada").status == 200
    assert call.send("stripe.subscriptions.cancel", keyed, id="sub_ada").status == 404
    long = {"idempotency-key": "k" * 256}
    assert call.send("stripe.refunds.create", long, charge="ch_0001").status == 400
    assert call("stripe.charges.update", id="ch_0001", customer="cus_none")[0] == 400


def test_hubspot_s_headers_and_errors_share_their_correlation(call):
    """One id per request, in the header as in the body; the quota is told."""
    for headers in ({}, {"authorization": "Bearer wrong"}):
        own = call.engine.systems["hubspot"].authorization(call.session.credentials["hubspot"])
        made = Request(
            "GET", "api.hubapi.com", "/crm/v3/objects/contacts/9", "", {**own, **headers}
        )
        answer = call.engine.handle(made)
        named = dict(answer.headers)
        assert named["x-hubspot-correlation-id"] == call.read(answer)[1]["correlationId"]
        assert named["x-hubspot-ratelimit-max"] == "190"


def test_companies_merge_like_contacts(world_of, over):
    """Two companies become one; the loser's id leads to the winner."""
    times = {"createdAt": "2026-01-05T08:00:00Z", "updatedAt": "2026-01-05T08:00:00Z"}
    rows = [{"id": "1", "name": "A", **times}, {"id": "2", "domain": "a.example", **times}]
    call = over(world_of(hubspot={"companies": rows}))
    status, _ = call(
        "hubspot.objects.merge", object_type="companies", primaryObjectId="1", objectIdToMerge="2"
    )
    assert status == 200
    _, found = call("hubspot.objects.get", object_type="companies", id="2")
    assert (found["id"], found["properties"]["domain"]) == ("1", "a.example")
    assert call.last.reversible_by is None


def test_a_new_ticket_says_where_it_is(call):
    """201 with its place, and the quota in both of Zendesk's spellings."""
    answer = call.send("zendesk.tickets.create", body="Hello", subject=5)
    ticket, headers = call.read(answer)[1]["ticket"], dict(answer.headers)
    assert headers["location"] == ticket["url"]
    assert ticket["subject"] == "5"
    assert headers["x-rate-limit"] == headers["ratelimit-limit"]


@pytest.mark.parametrize(
    "fields",
    [
        {"group_id": "sales"}, {"due_at": "tomorrow"}, {"due_at": "2026-01-01T00:00:00"},
        {"subject": ["a"]}, {"tags": [{"a": "b"}]}, {"custom_fields": [{"id": 1, "value": {}}]},
        {"custom_fields": [{"id": None, "value": "x"}]}, {"problem_id": True},
    ],
)  # fmt: skip
def test_zendesk_refuses_values_that_a_ticket_cannot_hold(call, fields):
    """A 4xx in Zendesk's shape, and nothing is written."""
    assert call("zendesk.tickets.update", id="1", **fields)[0] in (400, 422)
    assert call.session.effect() == {}


def test_zendesk_users_change_as_far_as_they_can(call):
    """Role, organization and fields are written; what no user can hold is refused."""
    sent = (
        b'{"user": {"role": "agent", "organization_id": 7500, "suspended": true,'
        b' "user_fields": {"plan": "pro"}}}'
    )
    status, body = call.raw("zendesk", "PUT", "/api/v2/users/7001", sent)
    assert status == 200
    user = body["user"]
    assert (user["role"], user["organization_id"], user["suspended"]) == ("agent", 7500, True)
    assert user["user_fields"] == {"plan": "pro"}
    for wrong in (
        '{"role": "boss"}', '{"organization_id": 1}', '{"suspended": "yes"}',
        '{"user_fields": []}', '{"name": " "}', '{"name": {}}', '{"email": 5}',
    ):  # fmt: skip
        sent = f'{{"user": {wrong}}}'.encode()
        assert call.raw("zendesk", "PUT", "/api/v2/users/7001", sent)[0] in (400, 422)


def test_side_conversations_go_on(call):
    """A reply goes to the same people, the list shows the thread, and strangers get a 404."""
    message = {"subject": "Parcel", "body": "Where is it?", "to": [{"email": "post@x.example"}]}
    _, made = call("zendesk.side_conversations.create", id="1", message=message)
    side = made["side_conversation"]
    again = {"id": "1", "side_id": side["id"], "message": {"body": "Any news?"}}
    status, body = call("zendesk.side_conversations.reply", **again)
    assert (status, body["side_conversation"]["preview_text"]) == (201, "Any news?")
    assert body["side_conversation"]["participants"] == message["to"]
    _, listed = call("zendesk.side_conversations.list", id="1")
    assert [each["id"] for each in listed["side_conversations"]] == [side["id"]]
    assert call("zendesk.side_conversations.reply", **{**again, "id": "3"})[0] == 404
    assert call("zendesk.side_conversations.reply", **{**again, "message": {}})[0] == 422


def test_a_payment_is_a_draft_until_it_is_confirmed(call):
    """Without `confirm` nothing is charged; with it there is a charge that can be refunded."""
    sale = {"amount": 1500, "currency": "eur", "customer": "cus_ada"}
    _, draft = call("stripe.payment_intents.create", **sale, payment_method="pm_card_visa")
    assert (draft["status"], draft["latest_charge"]) == ("requires_confirmation", None)
    assert (call.last.action_class, call.last.effect) == ("draft_only", "draft")
    status, paid = call(
        "stripe.payment_intents.create", **sale, payment_method="pm_card_visa", confirm=True
    )
    assert (status, paid["status"], paid["amount_received"]) == (200, "succeeded", 1500)
    assert (call.last.action_class, call.last.effect) == ("approval_required", "pay")
    assert (call.last.amount_minor, call.last.currency) == (1500, "EUR")
    assert call("stripe.refunds.create", payment_intent=paid["id"])[1]["amount"] == 1500
    assert call("stripe.payment_intents.cancel", id=draft["id"])[1]["status"] == "canceled"


def test_an_authorization_is_captured_later(call):
    """With manual capture the money is held, and collected by the second step."""
    _, held = call("stripe.payment_intents.create", amount=900, currency="eur", confirm=True,
                   payment_method="pm_card_visa", capture_method="manual")  # fmt: skip
    assert (held["status"], held["amount_capturable"]) == ("requires_capture", 900)
    _, taken = call("stripe.payment_intents.capture", id=held["id"])
    assert (taken["status"], taken["amount_received"]) == ("succeeded", 900)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"currency": "eur"}, "parameter_missing"),
        ({"amount": 5}, "parameter_missing"),
        ({"amount": 0, "currency": "eur"}, "parameter_invalid_integer"),
        ({"amount": 5, "currency": "euro"}, None),
        ({"amount": 500, "currency": "eur", "customer": "cus_none"}, "resource_missing"),
        ({"amount": 500, "currency": "eur", "confirm": True}, "payment_intent_unexpected_state"),
    ],
)
def test_payments_that_make_no_sense_are_refused(call, given, code):
    """With Stripe's code, as an attempt, and without an effect."""
    status, body = call("stripe.payment_intents.create", **given)
    assert status in (400, 404)
    assert body["error"].get("code") == code
    assert call.session.effect() == {}


@pytest.mark.parametrize("given", [{"off_session": True}, {"return_url": "https://x.example"}])
def test_what_is_about_the_confirmation_needs_one(call, given):
    """`off_session` and its like are refused without `confirm`, and taken with it."""
    sale = {"amount": 500, "currency": "eur", "payment_method": "pm_card_visa", **given}
    body = "&".join(f"{name}={str(value).lower()}" for name, value in sale.items()).encode()
    status, refused = call.raw("stripe", "POST", "/v1/payment_intents", body)
    assert (status, refused["error"]["param"]) == (400, next(iter(given)))
    assert call.session.effect() == {}
    assert call.raw("stripe", "POST", "/v1/payment_intents", body + b"&confirm=true")[0] == 200


def test_a_customer_s_balance_is_listed(call):
    """Its entries, newest first, and nobody else's."""
    for amount in (-500, 200):
        call("stripe.customer_balance.create", id="cus_ada", amount=amount, currency="eur")
    call("stripe.customer_balance.create", id="cus_bob", amount=1, currency="eur")
    _, page = call("stripe.customer_balance.list", id="cus_ada")
    assert sorted(each["amount"] for each in page["data"]) == [-500, 200]
    assert page["url"] == "/v1/customers/cus_ada/balance_transactions"
    assert call("stripe.customer_balance.list", id="cus_none")[0] == 404


def test_a_refund_names_the_charge_or_the_payment_intent(call):
    """Both at once are refused, though they belong together, and nothing is refunded."""
    status, body = call("stripe.refunds.create", charge="ch_0001", payment_intent="pi_0001")
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")
    assert "only specify one" in body["error"]["message"]
    assert call.session.effect() == {}


def test_a_batch_without_ids_has_no_target(call):
    """What names no ticket and no object is told as new, not as `None,None`."""
    call("zendesk.tickets.update_many", tickets=[{"status": "open"}, {"status": "open"}])
    assert call.last.target.id is None


def test_a_wrong_method_is_told_with_those_that_are_served(call):
    """A system that says no in its own words only where it wants to: the path is there."""
    _, body = call.raw("desk", "PUT", "/escalations")
    told = body["error"]["message"]
    assert told == "PUT /escalations: not allowed here; allowed are POST"
