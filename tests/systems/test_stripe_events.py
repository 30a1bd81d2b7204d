"""Events: what Stripe tells of the writes that the case has made itself."""

import pytest

from understudy.model.campaign import Fault
from understudy.systems.engine import Engine

CARD = {"amount": 900, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}


def _types(call, **given):
    return [each["type"] for each in call.ok("stripe.events.list", **given)["data"]]


def _own(call):
    """The types of the case's own events, oldest first."""
    found = call.ok("stripe.events.list", limit=100)["data"]
    return [each["type"] for each in reversed(found) if each["id"] != "evt_1"]


def test_a_refund_is_told_as_stripe_tells_it(call):
    """The refund and the charge that it is of, as they were then, newest first."""
    refund = call.ok("stripe.refunds.create", charge="ch_0001", amount=100)
    request = call.session.request_id("req_")
    call.session.clock.advance(60)
    call.ok("stripe.refunds.create", charge="ch_0001")
    page = call.ok("stripe.events.list")
    assert [each["type"] for each in page["data"]] == [
        "charge.refunded", "refund.created", "charge.refunded", "refund.created",
        "charge.succeeded",
    ]  # fmt: skip
    last, _, first, made, _ = page["data"]
    assert last["data"]["object"]["amount_refunded"] == 5001
    assert first["data"]["object"]["amount_refunded"] == 100
    assert made["data"]["object"] == refund
    assert made["request"]["id"] == request
    assert last["created"] == first["created"] + 60
    assert call.ok("stripe.events.retrieve", id=first["id"]) == first


_TOLD = {
    "an intent that is paid at once": (
        [("payment_intents.create", CARD)],
        ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"],
    ),
    "an intent that is held, then let go": (
        [("payment_intents.create", {**CARD, "capture_method": "manual"}),
         ("payment_intents.cancel", {"id": "pi_"})],
        ["payment_intent.created", "charge.succeeded",
         "payment_intent.amount_capturable_updated", "charge.refunded",
         "payment_intent.canceled"],
    ),
    "a customer made, changed and deleted": (
        [("customers.create", {"name": "Eve"}), ("customers.update", {"id": "cus_", "name": "Ev"}),
         ("customers.delete", {"id": "cus_"})],
        ["customer.created", "customer.updated", "customer.deleted"],
    ),
    "an open invoice, paid": (
        [("invoices.pay", {"id": "in_open"})],
        ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded",
         "invoice.updated", "invoice.paid", "invoice.payment_succeeded"],
    ),
    "an open invoice, paid in another way": (
        [("invoices.pay", {"id": "in_open", "paid_out_of_band": True})],
        ["invoice.updated", "invoice.paid"],
    ),
    "a draft, sent and voided": (
        [("invoices.send", {"id": "in_draft"}), ("invoices.void", {"id": "in_draft"})],
        ["payment_intent.created", "invoice.updated", "invoice.finalized", "invoice.sent",
         "payment_intent.canceled", "invoice.updated", "invoice.voided"],
    ),
    "an invoice written off": (
        [("invoices.mark_uncollectible", {"id": "in_open"})],
        ["invoice.updated", "invoice.marked_uncollectible"],
    ),
    "a subscription changed, ended at once": (
        [("subscriptions.update", {"id": "sub_ada", "description": "S"}),
         ("subscriptions.cancel", {"id": "sub_ada"})],
        ["customer.subscription.updated", "customer.subscription.deleted"],
    ),
    "a paused subscription resumed": (
        [("subscriptions.resume", {"id": "sub_paused"})],
        ["customer.subscription.updated", "customer.subscription.resumed"],
    ),
    "a subscription begun": (
        [("subscriptions.create", {"customer": "cus_bob", "items": [{"price": "price_pro"}]})],
        ["payment_intent.created", "invoice.created", "customer.subscription.created",
         "charge.succeeded", "payment_intent.succeeded", "invoice.finalized", "invoice.paid",
         "invoice.payment_succeeded"],
    ),
    "a credit note, voided": (
        [("credit_notes.create", {"invoice": "in_open", "amount": 500}),
         ("credit_notes.void", {"id": "cn_"})],
        ["credit_note.created", "invoice.updated", "invoice.updated", "credit_note.voided"],
    ),
    "a dispute answered and given up": (
        [("disputes.update", {"id": "dp_1", "evidence": {"customer_name": "Bob"}}),
         ("disputes.close", {"id": "dp_1"})],
        ["charge.dispute.updated", "charge.dispute.closed"],
    ),
    "a card attached and taken off": (
        [("payment_methods.attach", {"id": "pm_card_visa", "customer": "cus_bob"}),
         ("payment_methods.detach", {"id": "pm_"})],
        ["payment_method.attached", "payment_method.detached"],
    ),
    "a product with its price": (
        [("products.create", {"name": "P"}),
         ("prices.create", {"product": "prod_", "currency": "eur", "unit_amount": 5})],
        ["product.created", "price.created"],
    ),
    "an item made and deleted": (
        [("invoiceitems.create", {"customer": "cus_ada", "amount": 5, "currency": "eur"}),
         ("invoiceitems.delete", {"id": "ii_"})],
        ["invoiceitem.created", "invoiceitem.deleted"],
    ),
    "metadata of a charge and of a refund": (
        [("charges.update", {"id": "ch_0001", "metadata": {"a": "b"}}),
         ("refunds.create", {"charge": "ch_0002"}),
         ("refunds.update", {"id": "re_", "metadata": {"a": "b"}})],
        ["charge.updated", "refund.created", "charge.refunded", "refund.updated",
         "charge.refund.updated"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("writes", "told"), _TOLD.values(), ids=_TOLD)
def test_each_write_is_told_by_its_own_events(call, writes, told):
    """What Stripe sends of each served write, in order; an id that ends in `_` is what was made."""
    made = {}
    for operation, given in writes:
        params = {name: made.get(value, value) if name in ("id", "product") else value
                  for name, value in given.items()}  # fmt: skip
        answer = call.ok(f"stripe.{operation}", **params)
        made[answer["id"].partition("_")[0] + "_"] = answer["id"]
    assert _own(call) == told


def test_what_a_declined_card_leaves_is_told(call):
    """The failed charge and the intent, which was made by the same call or was there before."""
    declined = {**CARD, "payment_method": "pm_card_chargeDeclined"}
    call.refused("stripe.payment_intents.create", 402, **declined)
    assert _own(call) == ["payment_intent.created", "charge.failed",
                          "payment_intent.payment_failed"]  # fmt: skip
    call.ok("stripe.payment_methods.attach", id="pm_card_chargeCustomerFail", customer="cus_ada")
    method = call.ok("stripe.payment_methods.list", customer="cus_ada")["data"][0]["id"]
    call.refused("stripe.invoices.pay", 402, id="in_open", payment_method=method)
    last = call.ok("stripe.events.list", type="invoice.*")["data"]
    assert [each["type"] for each in last] == ["invoice.payment_failed"]
    assert last[0]["data"]["object"]["id"] == "in_open"
    draft = call.ok("stripe.payment_intents.create", amount=500, currency="eur")
    before = len(_own(call))
    call.refused("stripe.payment_intents.confirm", 402, id=draft["id"],
                 payment_method="pm_card_chargeDeclined")  # fmt: skip
    assert _own(call)[before:] == ["charge.failed", "payment_intent.payment_failed"]


def test_an_update_tells_what_was_before(call):
    """Only what has changed, and of nested objects only what has changed in them."""
    call.ok("stripe.customers.update", id="cus_ada", name="A. Byron", address={"city": "Linz"},
            metadata={"vip": "yes"})  # fmt: skip
    (told,) = call.ok("stripe.events.list", type="customer.updated")["data"]
    assert told["data"]["previous_attributes"] == {
        "name": "Ada Byron", "address": {"city": "Graz"}, "metadata": {"vip": None},
    }  # fmt: skip


def test_events_are_narrowed(call):
    """By type, by a group of types, by several, by time, by delivery; page by page."""
    call.ok("stripe.refunds.create", charge="ch_0001", amount=100)
    now = call.session.clock.seconds
    assert _types(call, type="refund.created") == ["refund.created"]
    assert _types(call, type="charge.*") == ["charge.refunded", "charge.succeeded"]
    assert _types(call, type="c[h]arge.*") == []
    assert _types(call, types=["refund.created", "x"]) == ["refund.created"]
    assert len(_types(call, created={"gte": now})) == 2
    assert len(_types(call, delivery_success=True)) == 3
    assert _types(call, delivery_success=False) == []
    first = call.ok("stripe.events.list", limit=1)
    assert first["has_more"] is True
    after = first["data"][0]["id"]
    assert _types(call, starting_after=after) == ["refund.created", "charge.succeeded"]
    for given in ({"type": "a", "types": ["b"]}, {"types": [str(n) for n in range(21)]}):
        assert call("stripe.events.list", **given)[0] == 400
    status, told = call.raw("stripe", "GET", "/v1/events?types=refund.created")
    assert (status, told["error"]["message"]) == (400, "Invalid array")


def test_events_are_the_cases_own(caller_of):
    """Another case sees none of them, and they are no effect of the case's."""
    one, other = caller_of("a"), caller_of("b")
    before = other.ok("stripe.events.list")
    one.ok("stripe.refunds.create", charge="ch_0001")
    assert len(_own(one)) == 2
    assert other.ok("stripe.events.list") == before
    assert not any(table == "stripe.events" for table, _ in one.session.effect())


def test_listing_in_between_changes_nothing(world, make_caller):
    """Ids and what is told are the same, whether events are read after each write or at the end."""
    pages = []
    for read in ("stripe.events.list", "stripe.balance.retrieve"):
        call = make_caller(Engine(world, seed=3), "c")
        for operation, given in (
            ("refunds.create", {"charge": "ch_0001", "amount": 5}),
            ("customers.update", {"id": "cus_ada", "name": "X"}),
            ("refunds.create", {"charge": "ch_0001"}),
        ):
            call.ok(f"stripe.{operation}", **given)
            call.ok(read)
        pages.append(call.ok("stripe.events.list"))
    assert pages[0] == pages[1]


def test_a_stale_read_shows_what_was_told_by_then(world, make_caller):
    """A lag hides the events of what it hides, also where they were seen before."""
    fault = {"match": {"operation": "stripe.events.list", "nth": 2}, "do": "stale_read",
             "options": {"seconds": 30}}  # fmt: skip
    engine = Engine(world, seed=7, faults=[Fault.model_validate(fault)])
    call = make_caller(engine, "c")
    call.ok("stripe.refunds.create", charge="ch_0001", amount=5)
    call.session.clock.advance(60)
    call.ok("stripe.customers.update", id="cus_ada", name="X")
    counts = [len(call.ok("stripe.events.list")["data"]) for _ in range(3)]
    assert counts == [4, 3, 4]


def test_an_event_that_only_names_its_object_shows_it_whole(world_of, make_caller):
    """As the world shows it, and a refund by the charge that it is of."""
    charge = {"id": "ch_1", "amount": 500, "amount_refunded": 500, "refunded": True,
              "currency": "eur", "created": 5}  # fmt: skip
    events = [
        {"id": "evt_1", "type": "charge.succeeded", "created": 6,
         "data": {"object": {"id": "ch_1", "object": "charge"}}},
        {"id": "evt_2", "type": "charge.refunded", "created": 7,
         "data": {"object": {"id": "re_1", "object": "refund"}}},
        {"id": "evt_3", "type": "charge.refunded", "created": 7,
         "data": {"object": {"id": "re_gone", "object": "refund"}}},
    ]  # fmt: skip
    refunds = [{"id": "re_1", "charge": "ch_1", "amount": 500, "created": 7}]
    world = world_of(stripe={"charges": [charge], "events": events, "refunds": refunds})
    call = make_caller(Engine(world, seed=7), "c")
    taken, refunded, unknown = (
        call.ok("stripe.events.retrieve", id=f"evt_{n}")["data"]["object"] for n in (1, 2, 3)
    )
    assert (taken["object"], taken["refunded"], taken["amount_refunded"]) == ("charge", False, 0)
    assert (refunded["id"], refunded["amount_refunded"]) == ("ch_1", 500)
    assert unknown == {"id": "re_gone", "object": "refund"}
