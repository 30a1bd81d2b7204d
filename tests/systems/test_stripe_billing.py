"""What Stripe bills and pays out: drafts, items, subscriptions, prices, the account's balance."""

from importlib.resources import files
from pathlib import Path

import pytest

from understudy.model.action import ActionClass, Effect
from understudy.model.document import load_document
from understudy.model.policy import Policy
from understudy.systems.engine import Engine
from understudy.systems.stripe.subscribing import period_end


def test_an_invoice_from_its_draft_to_its_refund(call):
    """Drafted, filled, finalized, paid over a charge of its own, and refunded over that charge."""
    draft = call.ok("stripe.invoices.create", customer="cus_ada", description="Setup")
    assert (draft["status"], draft["amount_due"], draft["currency"]) == ("draft", 0, "eur")
    first = call.ok("stripe.invoiceitems.create", customer="cus_ada", invoice=draft["id"],
                    amount=4000, currency="eur", description="Hours")  # fmt: skip
    call.ok("stripe.invoiceitems.create", customer="cus_ada", invoice=draft["id"],
            price="price_pro", quantity=2)  # fmt: skip
    assert call.last.amount_minor == 9800
    call.ok("stripe.invoiceitems.update", id=first["id"], amount=5000)
    shown = call.ok("stripe.invoices.retrieve", id=draft["id"])
    assert [line["amount"] for line in shown["lines"]["data"]] == [5000, 9800]
    assert (shown["total"], shown["amount_remaining"]) == (14_800, 14_800)
    lines = call.ok("stripe.invoices.list_lines", id=draft["id"])["data"]
    assert lines == shown["lines"]["data"]
    assert call.ok("stripe.invoices.finalize", id=draft["id"])["status"] == "open"
    assert call.last.amount_minor == 14_800
    assert "no items any more" in call.refused(
        "stripe.invoiceitems.create", customer="cus_ada", invoice=draft["id"], amount=1
    )["message"]  # fmt: skip
    paid = call.ok("stripe.invoices.pay", id=draft["id"],
                   expand=["payments.data.payment.payment_intent"])  # fmt: skip
    assert (paid["status"], paid["amount_paid"], paid["amount_remaining"]) == ("paid", 14_800, 0)
    [payment] = paid["payments"]["data"]
    assert (payment["status"], payment["amount_paid"]) == ("paid", 14_800)
    charge = call.ok("stripe.charges.retrieve", expand=["balance_transaction"],
                     id=payment["payment"]["payment_intent"]["latest_charge"])  # fmt: skip
    assert charge["balance_transaction"]["fee"] == 459
    assert call.ok("stripe.refunds.create", charge=charge["id"])["amount"] == 14_800


def test_drafts_are_drafts(call):
    """Invoices and items are drafts until something is owed; what advances by itself is not."""
    call.ok("stripe.invoices.create", customer="cus_ada")
    assert (call.last.action_class, call.last.effect) == (ActionClass.DRAFT_ONLY, Effect.DRAFT)
    assert call.last.reversible_by == "stripe.invoices.delete"
    call.ok("stripe.invoices.create", customer="cus_ada", auto_advance=True)
    assert call.last.action_class is ActionClass.APPROVAL_REQUIRED
    call.ok("stripe.invoiceitems.create", customer="cus_ada", amount=500, currency="eur")
    assert (call.last.action_class, call.last.amount_minor) == (ActionClass.DRAFT_ONLY, 500)


def test_what_takes_back_a_draft(call):
    """Items and drafts are deleted; the items of a deleted draft wait for the next one."""
    item = call.ok("stripe.invoiceitems.create", customer="cus_ada", amount=500, currency="eur")
    assert call.ok("stripe.invoiceitems.list", pending=True)["data"] == [item]
    draft = call.ok("stripe.invoices.create", customer="cus_ada",
                    pending_invoice_items_behavior="include")  # fmt: skip
    assert draft["amount_due"] == 500
    assert call.ok("stripe.invoiceitems.list", pending=True)["data"] == []
    assert call.ok("stripe.invoiceitems.retrieve", id=item["id"])["invoice"] == draft["id"]
    assert call.ok("stripe.invoices.delete", id=draft["id"])["deleted"] is True
    assert call("stripe.invoices.retrieve", id=draft["id"])[0] == 404
    assert call.ok("stripe.invoiceitems.delete", id=item["id"])["object"] == "invoiceitem"
    assert call.session.effect() == {}
    assert "only delete draft" in call.refused("stripe.invoices.delete", id="in_open")["message"]


@pytest.mark.parametrize(("operation", "given", "param"), [
    ("invoices.create", {}, "customer"), ("invoices.create", {"customer": "cus_x"}, "customer"),
    ("invoiceitems.create", {"customer": "cus_ada"}, "amount"),
    ("invoiceitems.create", {"customer": "cus_ada", "price": "price_x"}, "price"),
    ("invoiceitems.create", {"customer": "cus_ada", "amount": "much"}, "amount"),
    ("invoiceitems.create", {"customer": "cus_ada", "amount": 5, "invoice": "in_x"}, "invoice"),
    ("payouts.create", {"currency": "eur"}, "amount"),
    ("payouts.create", {"amount": -5, "currency": "eur"}, "amount"),
    ("payouts.create", {"amount": 5, "currency": "gold"}, "currency"),
    ("subscriptions.create", {"customer": "cus_ada"}, "items"),
    ("subscriptions.create", {"customer": "cus_ada", "items": [{"price": "no"}]},
     "items[0][price]"),
    ("prices.create", {"currency": "eur", "product": "prod_1"}, "unit_amount"),
    ("prices.create", {"currency": "eur", "product": "no", "unit_amount": 5}, "product"),
    ("products.create", {}, "name"), ("charges.create", {"currency": "eur"}, "amount"),
])  # fmt: skip
def test_what_bills_nothing_is_refused(call, operation, given, param):
    """With the parameter that is wrong or missing, as an attempt, and without an effect."""
    answered = 404 if str(given.get(param)).endswith("_x") and param != "customer" else 400
    assert call.refused(f"stripe.{operation}", answered, **given)["param"] == param


def test_an_invoice_to_be_sent_says_when_it_is_due(call):
    """`send_invoice` needs a due date; days until then are counted from now."""
    call.refused("stripe.invoices.create", customer="cus_ada", collection_method="send_invoice")
    sent = call.ok("stripe.invoices.create", customer="cus_ada", days_until_due=30,
                   collection_method="send_invoice")  # fmt: skip
    assert sent["due_date"] == sent["created"] + 30 * 86_400
    by_way = call.ok("stripe.invoices.list", collection_method="send_invoice")["data"]
    assert [each["id"] for each in by_way] == [sent["id"]]


def test_nothing_due_is_paid_at_once(call):
    """An empty draft that is finalized counts as paid, and no money has moved."""
    draft = call.ok("stripe.invoices.create", customer="cus_ada")
    assert call.ok("stripe.invoices.finalize", id=draft["id"])["status"] == "paid"
    assert not any(table == "stripe.charges" for table, _ in call.session.effect())


def test_a_payment_outside_of_stripe_charges_nobody(call):
    """`paid_out_of_band` settles the invoice without a charge."""
    paid = call.ok("stripe.invoices.pay", id="in_open", paid_out_of_band=True)
    assert paid["status"] == "paid"
    assert not any(table == "stripe.charges" for table, _ in call.session.effect())
    assert call("stripe.invoices.pay", id="in_draft", payment_method="pm_card_chargeDeclined")[0] \
        == 402  # fmt: skip


def test_payouts_come_out_of_the_balance(call):
    """No more than there is; pending ones are cancelled, and the balance is whole again."""
    assert call.refused("stripe.payouts.create", amount=5, currency="eur")["code"] == (
        "balance_insufficient"
    )
    call.ok("stripe.charges.create", amount=10_000, currency="eur", customer="cus_ada")
    (held,) = call.ok("stripe.balance.retrieve")["available"]
    assert (held["amount"], held["currency"]) == (10_000 - 320, "eur")
    payout = call.ok("stripe.payouts.create", amount=9000, currency="eur", description="Rent")
    assert (payout["status"], payout["method"]) == ("pending", "standard")
    action = call.last
    assert (action.action_class, action.amount_minor) == (ActionClass.APPROVAL_REQUIRED, 9000)
    assert action.reversible_by == "stripe.payouts.cancel"
    assert call.ok("stripe.payouts.list", status="pending")["data"] == [payout]
    assert call.ok("stripe.payouts.update", id=payout["id"], metadata={"a": "b"})["metadata"]
    entry = call.ok("stripe.balance_transactions.retrieve", id=payout["balance_transaction"])
    assert (entry["net"], entry["type"]) == (-9000, "payout")
    assert call.ok("stripe.payouts.cancel", id=payout["id"])["status"] == "canceled"
    assert call.ok("stripe.balance.retrieve")["available"][0]["amount"] == 9680
    assert "canceled" in call.refused("stripe.payouts.cancel", id=payout["id"])["message"]


def test_the_shipped_policy_lets_nobody_pay_out(world, make_caller):
    """Under `standard` a payout is refused with Stripe's 403, captured, and changes nothing."""
    shipped = Path(str(files("understudy"))) / "data" / "policies" / "standard.yaml"
    policy = load_document(shipped, Policy)
    call = make_caller(Engine(world, writes=policy.write_modes()), "case-1")
    status, body = call("stripe.payouts.create", amount=5, currency="eur")
    assert (status, body["error"]["type"]) == (403, "invalid_request_error")
    assert (call.last.response_status, call.session.effect()) == (403, {})
    # What a policy forbids of a system that is not mounted is no mistake.
    assert Engine(world, systems={"crm": "hubspot"}, writes=policy.write_modes()).writes


def test_a_subscription_begins_with_a_paid_invoice(call):
    """The first period is charged at once; its value is what the action puts at stake."""
    three = [{"price": "price_pro", "quantity": 3}]
    made = call.ok("stripe.subscriptions.create", customer="cus_ada", items=three,
                   expand=["latest_invoice.payments"])  # fmt: skip
    assert call.last.amount_minor == 3 * 4900
    assert (made["status"], made["quantity"]) == ("active", 3)
    assert made["latest_invoice"]["status"] == "paid"
    assert made["items"]["data"][0]["price"]["id"] == "price_pro"
    assert made["latest_invoice"]["parent"]["subscription_details"]["subscription"] == made["id"]
    [payment] = made["latest_invoice"]["payments"]["data"]
    assert payment["amount_paid"] == 3 * 4900
    listed = call.ok("stripe.subscriptions.list", customer="cus_ada", plan="price_pro")["data"]
    assert [each["id"] for each in listed] == [made["id"], "sub_ada"]


def test_a_subscription_on_trial_costs_nothing_yet(call):
    """The trial is its first period, and nobody is charged."""
    made = call.ok("stripe.subscriptions.create", customer="cus_ada", trial_period_days=14,
                   items=[{"price": "price_pro"}], metadata={"from": "call"})  # fmt: skip
    assert (made["status"], made["metadata"]) == ("trialing", {"from": "call"})
    end = made["items"]["data"][0]["current_period_end"]
    assert made["trial_end"] == end == made["created"] + 14 * 86_400
    assert not any(table == "stripe.charges" for table, _ in call.session.effect())
    assert call.ok("stripe.subscriptions.update", id=made["id"], trial_end="now")["status"] == (
        "active"
    )


def test_a_subscription_may_wait_for_its_payment(call):
    """`default_incomplete` leaves the invoice open; paying it makes the subscription active."""
    body = b"customer=cus_ada&items[0][price]=price_pro&payment_behavior=default_incomplete"
    status, made = call.raw("stripe", "POST", "/v1/subscriptions", body)
    assert (status, made["status"]) == (200, "incomplete")
    call.ok("stripe.invoices.pay", id=made["latest_invoice"])
    assert call.ok("stripe.subscriptions.retrieve", id=made["id"])["status"] == "active"


@pytest.mark.parametrize(("recurring", "days"), [
    ({"interval": "week", "interval_count": 2}, 14), ({"interval": "day"}, 1),
    ({"interval": "month"}, 30), ({"interval": "year"}, 365), (None, 30),
])  # fmt: skip
def test_periods_follow_the_calendar(recurring, days):
    """From the first of November: a month has thirty days, a year that of the calendar."""
    first_of_november = 1_793_491_200
    assert period_end(first_of_november, recurring) == first_of_november + days * 86_400


def test_products_and_prices_are_made_and_taken_off_sale(call):
    """A product with its price; both are found, renamed, and no longer active."""
    product = call.ok("stripe.products.create", name="Support",
                      default_price_data={"currency": "eur", "unit_amount": 900})  # fmt: skip
    assert call.ok("stripe.products.list", ids=[product["id"]])["data"] == [product]
    price = call.ok("stripe.prices.retrieve", id=product["default_price"])
    assert (price["type"], price["unit_amount"]) == ("one_time", 900)
    yearly = call.ok(
        "stripe.prices.create", currency="eur", unit_amount=9000, lookup_key="gold",
        product=product["id"], recurring={"interval": "year"},
    )  # fmt: skip
    assert yearly["recurring"]["interval"] == "year"
    named = call.ok("stripe.prices.list", lookup_keys=["gold"], type="recurring")["data"]
    assert [each["id"] for each in named] == [yearly["id"]]
    assert call.ok("stripe.prices.list", recurring={"interval": "week"})["data"] == []
    call.ok("stripe.prices.update", id=yearly["id"], active=False, nickname="Old")
    assert call.ok("stripe.prices.list", active=False)["data"][0]["nickname"] == "Old"
    assert call.ok("stripe.products.update", id=product["id"], active=False)["active"] is False
    found = call.ok("stripe.products.search", query="active:'false'")["data"]
    assert [each["id"] for each in found] == [product["id"]]


def test_a_changed_price_is_the_case_s_own(call, caller_of):
    """What a subscription shows of its price is the case's, and no other case's."""

    def shown(caller):
        (item,) = caller.ok("stripe.subscriptions.retrieve", id="sub_ada")["items"]["data"]
        return item["price"]["nickname"]

    other = caller_of("case-2")
    assert shown(call) is None
    call.ok("stripe.prices.update", id="price_pro", nickname="Mine")
    assert (shown(call), shown(other)) == ("Mine", None)


def test_an_intent_is_changed_and_confirmed(call):
    """Until it is confirmed its amount may change; then the customer is charged, once."""
    draft = call.ok("stripe.payment_intents.create", amount=500, currency="eur")
    assert draft["payment_method"] is None
    assert "missing a payment method" in call.refused(
        "stripe.payment_intents.confirm", id=draft["id"])["message"]  # fmt: skip
    call.ok("stripe.payment_intents.update", id=draft["id"], amount=700, metadata={"k": "v"})
    done = call.ok("stripe.payment_intents.confirm", id=draft["id"], payment_method="pm_card_visa",
                   expand=["latest_charge"])  # fmt: skip
    assert (done["status"], done["latest_charge"]["amount"]) == ("succeeded", 700)
    assert call.last.amount_minor == 700
    for step, given in (("confirm", {}), ("update", {"amount": 5})):
        error = call.refused(f"stripe.payment_intents.{step}", id=draft["id"], **given)
        assert error["code"] == "payment_intent_unexpected_state"


def test_held_money_is_taken_in_part_or_let_go(call):
    """A capture moves the charge too; what is not taken goes back, and so does a cancelled hold."""

    def held():
        return call.ok("stripe.payment_intents.create", amount=1000, currency="eur", confirm=True,
                       capture_method="manual", payment_method="pm_card_visa")  # fmt: skip

    first = held()
    assert (
        "larger"
        in call.refused("stripe.payment_intents.capture", id=first["id"], amount_to_capture=2000)[
            "message"
        ]
    )
    call.ok("stripe.payment_intents.capture", id=first["id"], amount_to_capture=800)
    charge = call.ok("stripe.charges.retrieve", id=first["latest_charge"])
    assert (charge["captured"], charge["amount_captured"], charge["amount_refunded"]) == (
        True, 800, 200,
    )  # fmt: skip
    second = held()
    call.ok("stripe.payment_intents.cancel", id=second["id"])
    assert call.ok("stripe.charges.retrieve", id=second["latest_charge"])["refunded"] is True
    third = call.ok("stripe.charges.create", amount=900, currency="eur", source="tok_visa",
                    capture=False)  # fmt: skip
    assert third["balance_transaction"] is None
    taken = call.ok("stripe.charges.capture", id=third["id"])
    assert (taken["captured"], taken["balance_transaction"] is None) == (True, False)
    assert call.refused("stripe.charges.capture", id=third["id"])["code"] == (
        "charge_already_captured"
    )


def test_payment_methods_are_attached_and_taken_off(call):
    """One of Stripe's own for tests, one that was paid by, one of a card; nobody's are refused."""
    mine = call.ok("stripe.payment_methods.attach", id="pm_card_visa", customer="cus_ada")
    assert call.last.action_class is ActionClass.APPROVAL_REQUIRED
    assert (mine["customer"], mine["id"].startswith("pm_1")) == ("cus_ada", True)
    paid = call.ok("stripe.charges.retrieve", id="ch_0001")["payment_method"]
    assert call.ok("stripe.payment_methods.retrieve", id=paid)["customer"] == "cus_ada"
    listed = call.ok("stripe.payment_methods.list", customer="cus_ada", type="card")["data"]
    assert [each["id"] for each in listed] == [mine["id"]]
    own = call.ok("stripe.payment_methods.list_of_customer", id="cus_ada")["data"]
    assert own == listed
    both = {"id": "cus_ada", "method_id": mine["id"]}
    assert call.ok("stripe.payment_methods.retrieve_of_customer", **both) == mine
    call.ok("stripe.customers.update", id="cus_ada", payment_method=mine["id"])
    assert call.ok("stripe.payment_methods.detach", id=mine["id"])["customer"] is None
    assert call.ok("stripe.payment_methods.list", customer="cus_ada")["data"] == []
    made = call.ok("stripe.payment_methods.create", type="card", card={"token": "tok_visa"})
    assert call.ok("stripe.payment_methods.attach", id=made["id"], customer="cus_bob")["customer"]
    attach = "stripe.payment_methods.attach"
    assert call.refused(attach, 404, id="pm_none", customer="cus_ada")["param"] == "payment_method"
    declines = {"id": "pm_card_chargeDeclined", "customer": "cus_ada"}
    assert call.refused(attach, 402, **declines)["decline_code"] == "generic_decline"
    assert "not attached" in call.refused("stripe.payment_methods.detach", id=mine["id"])["message"]
    call.refused("stripe.payment_methods.create", type="card")


def test_what_a_charge_was_paid_by_is_the_case_s_own(call, caller_of):
    """A charge given to another customer takes its payment method along, in its own case only."""
    other = caller_of("case-2")
    paid = call.ok("stripe.charges.retrieve", id="ch_0001")["payment_method"]
    call.ok("stripe.charges.update", id="ch_0001", customer="cus_bob")
    owners = [
        caller.ok("stripe.payment_methods.retrieve", id=paid)["customer"]
        for caller in (call, other)
    ]
    assert owners == ["cus_bob", "cus_ada"]


def test_a_price_in_parts_of_a_cent(call):
    """What is no whole number of minor units is shown as a decimal alone."""
    body = b"currency=eur&product=prod_1&unit_amount_decimal=12.5"
    _, price = call.raw("stripe", "POST", "/v1/prices", body)
    assert (price["unit_amount"], price["unit_amount_decimal"]) == (None, "12.5")


def test_a_product_keeps_its_name_and_a_list_its_status(call):
    """What cannot be unset, and a status that is a list, are refused as Stripe refuses them."""
    _, product = call("stripe.products.create", name="Seat")
    status, body = call("stripe.products.update", id=product["id"], name="")
    assert (status, body["error"]["param"]) == (400, "name")
    assert call("stripe.subscriptions.list", status=["all", "ended"])[0] == 400


def test_the_next_invoice_is_told_before_it_is_made(call):
    """A subscription's next period, what a change costs by the second, and what waits for it."""
    preview = "stripe.invoices.create_preview"
    call.ok("stripe.invoiceitems.create", customer="cus_ada", amount=500, currency="eur")
    effect = call.session.effect()
    shown = call.ok(preview, subscription="sub_ada")
    assert (shown["billing_reason"], shown["status"], shown["amount_due"]) == (
        "upcoming", "draft", 2 * 4900 + 500,
    )  # fmt: skip
    basic = {"items": [{"id": "si_1", "price": "price_basic", "quantity": 4}]}
    changed = call.ok(preview, subscription="sub_ada", subscription_details=basic)
    unused, remaining, following, waiting = changed["lines"]["data"]
    assert -2 * 4900 < unused["amount"] < 0 < remaining["amount"] < 4 * 1900
    assert unused["parent"]["subscription_item_details"]["proration"] is True
    assert (following["amount"], waiting["amount"]) == (4 * 1900, 500)
    assert changed["total"] == sum(line["amount"] for line in changed["lines"]["data"])
    plain = {**basic, "proration_behavior": "none"}
    assert call.ok(preview, subscription="sub_ada", subscription_details=plain)["total"] == 8100
    new = {"items": [{"price": "price_basic", "quantity": 4}]}
    begun = call.ok(preview, customer="cus_bob", subscription_details=new,
                    invoice_items=[{"amount": 700, "description": "Setup"}])  # fmt: skip
    assert begun["total"] == 4 * 1900 + 700
    assert call.session.effect() == effect


@pytest.mark.parametrize(
    ("given", "param"),
    [({}, "customer"), ({"customer": "cus_none"}, "customer"), ({"subscription": "sub_none"},
     "subscription"), ({"customer": "cus_bob"}, None), ({"subscription": "sub_old"}, None),
     ({"customer": "cus_bob", "colour": "red"}, "colour"),
     ({"subscription": "sub_ada", "subscription_details": "x"}, "subscription_details"),
     ({"subscription": "sub_ada", "subscription_details": {"items": [{"price": "price_none"}]}},
      "subscription_details[items][0][price]"),
     ({"customer": "cus_bob", "invoice_items": [{"quantity": 1}]}, "invoice_items[0][amount]")],
)  # fmt: skip
def test_an_invoice_that_cannot_be_told_before(call, given, param):
    """What is not there, not known, or not due."""
    status, body = call("stripe.invoices.create_preview", **given)
    assert (status in (400, 404), body["error"].get("param")) == (True, param)
