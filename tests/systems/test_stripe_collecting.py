"""By what an invoice is paid: the intent that it has from being finalized on, and what pays it."""

import pytest

OLDER = "2024-06-20"


def _drafted(call, amount=4000):
    call.ok("stripe.invoiceitems.create", customer="cus_ada", amount=amount, currency="eur")
    return call.ok("stripe.invoices.create", customer="cus_ada",
                   pending_invoice_items_behavior="include")["id"]  # fmt: skip


def _intent_of(call, invoice):
    (payment,) = call.ok("stripe.invoice_payments.list", invoice=invoice)["data"]
    named = payment["payment"]["payment_intent"]
    return payment, call.ok("stripe.payment_intents.retrieve", id=named)


def test_a_finalized_invoice_has_its_intent(call):
    """One open payment of what is due, by whose secret a browser pays; older forms name it."""
    invoice = _drafted(call)
    assert call.ok("stripe.invoice_payments.list", invoice=invoice)["data"] == []
    shown = call.ok("stripe.invoices.finalize", id=invoice, expand=["confirmation_secret"])
    payment, intent = _intent_of(call, invoice)
    assert (payment["status"], payment["amount_requested"], payment["is_default"]) == (
        "open", 4000, True
    )  # fmt: skip
    assert (intent["status"], intent["amount"], intent["customer"]) == (
        "requires_payment_method", 4000, "cus_ada"
    )  # fmt: skip
    assert shown["confirmation_secret"]["client_secret"] == intent["client_secret"]
    status, older = call.raw("stripe", "GET", f"/v1/invoices/{invoice}", stripe_version=OLDER)
    assert (status, older["payment_intent"], older["charge"]) == (200, intent["id"], None)
    assert call.session.actions[-1].amount_minor == 4000


def test_an_invoice_is_paid_by_the_intent_it_has(call):
    """A declined card leaves the same intent to be tried again, and the next one pays by it."""
    invoice = _drafted(call)
    call.ok("stripe.invoices.finalize", id=invoice)
    _, before = _intent_of(call, invoice)
    error = call.refused(
        "stripe.invoices.pay", 402, id=invoice, payment_method="pm_card_chargeDeclined"
    )
    assert (error["code"], error["payment_intent"]["id"]) == ("card_declined", before["id"])
    assert call.ok("stripe.invoices.pay", id=invoice)["status"] == "paid"
    payment, after = _intent_of(call, invoice)
    assert (after["id"], after["status"], payment["status"]) == (before["id"], "succeeded", "paid")


def test_a_draft_whose_payment_is_declined_is_owed(call):
    """It stays finalized, less the credit that was applied; its intent pays it later, and once."""
    call.ok("stripe.customer_balance.create", id="cus_ada", amount=-1000, currency="eur")
    invoice = _drafted(call)
    card = "pm_card_chargeDeclined"
    status, declined = call("stripe.invoices.pay", id=invoice, payment_method=card)
    assert status == 402
    owed = call.ok("stripe.invoices.retrieve", id=invoice)
    assert (owed["status"], owed["amount_due"], owed["starting_balance"]) == ("open", 3000, -1000)
    assert call.ok("stripe.customers.retrieve", id="cus_ada")["balance"] == 0
    entries = call.ok("stripe.customer_balance.list", id="cus_ada")["data"]
    assert sorted(each["amount"] for each in entries) == [-1000, 1000]
    _, intent = _intent_of(call, invoice)
    assert (intent["id"], intent["amount"]) == (declined["error"]["payment_intent"]["id"], 3000)
    call.ok("stripe.payment_intents.confirm", id=intent["id"], payment_method="pm_card_visa")
    paid = call.ok("stripe.invoices.retrieve", id=invoice)
    assert (paid["status"], paid["amount_paid"]) == ("paid", 3000)


def test_what_no_charge_was_tried_for_stays_a_draft(call):
    """A payment method that does not exist is refused before anything is finalized."""
    invoice = _drafted(call)
    assert call("stripe.invoices.pay", id=invoice, payment_method="pm_none")[0] in (400, 404)
    assert call.ok("stripe.invoices.retrieve", id=invoice)["status"] == "draft"


def test_whoever_confirms_the_intent_has_paid_the_invoice(call):
    """The invoice is paid over the intent's charge, and the subscription that waited is active."""
    body = b"customer=cus_ada&items[0][price]=price_pro&payment_behavior=default_incomplete"
    _, made = call.raw("stripe", "POST", "/v1/subscriptions", body)
    _, intent = _intent_of(call, made["latest_invoice"])
    call.ok("stripe.payment_intents.confirm", id=intent["id"], payment_method="pm_card_visa")
    invoice = call.ok("stripe.invoices.retrieve", id=made["latest_invoice"])
    assert (invoice["status"], invoice["amount_paid"], invoice["amount_remaining"]) == (
        "paid", 4900, 0
    )  # fmt: skip
    assert call.ok("stripe.subscriptions.retrieve", id=made["id"])["status"] == "active"
    assert "already paid" in call.refused("stripe.invoices.pay", id=invoice["id"])["message"]


@pytest.mark.parametrize(
    ("step", "given", "reason"),
    [("void", {}, "void_invoice"), ("pay", {"paid_out_of_band": True}, None)],
)
def test_what_is_not_to_be_paid_any_more_cannot_be(call, step, given, reason):
    """A void invoice, or one that was paid elsewhere, has its intent canceled."""
    invoice = _drafted(call)
    call.ok("stripe.invoices.finalize", id=invoice)
    call.ok(f"stripe.invoices.{step}", id=invoice, **given)
    _, intent = _intent_of(call, invoice)
    assert (intent["status"], intent["cancellation_reason"]) == ("canceled", reason)
    assert call.refused(
        "stripe.payment_intents.confirm", id=intent["id"], payment_method="pm_card_visa"
    )["code"] == "payment_intent_unexpected_state"  # fmt: skip


def test_a_subscription_that_costs_nothing_does_not_wait(call):
    """Nothing due means nothing to wait for, also with `default_incomplete`."""
    free = call.ok("stripe.prices.create", product="prod_1", currency="eur", unit_amount=0,
                   recurring={"interval": "month"})["id"]  # fmt: skip
    body = f"customer=cus_ada&items[0][price]={free}&payment_behavior=default_incomplete"
    _, made = call.raw("stripe", "POST", "/v1/subscriptions", body.encode())
    assert made["status"] == "active"
    assert call.ok("stripe.invoices.retrieve", id=made["latest_invoice"])["status"] == "paid"


def test_what_waits_depends_on_all_that_is_due(call):
    """A credit that covers the first invoice leaves nothing to wait for; what is sold once does."""
    body = "customer=cus_ada&payment_behavior=default_incomplete&items[0][price]="
    call.ok("stripe.customer_balance.create", id="cus_ada", amount=-4900, currency="eur")
    _, covered = call.raw("stripe", "POST", "/v1/subscriptions", f"{body}price_pro".encode())
    invoice = call.ok("stripe.invoices.retrieve", id=covered["latest_invoice"])
    assert (covered["status"], invoice["status"], invoice["total"]) == ("active", "paid", 4900)
    free = call.ok("stripe.prices.create", product="prod_1", currency="eur", unit_amount=0,
                   recurring={"interval": "month"})["id"]  # fmt: skip
    once = call.ok("stripe.prices.create", product="prod_1", currency="eur", unit_amount=900)["id"]
    body += f"{free}&add_invoice_items[0][price]={once}"
    _, waiting = call.raw("stripe", "POST", "/v1/subscriptions", body.encode())
    payment, intent = _intent_of(call, waiting["latest_invoice"])
    assert (waiting["status"], payment["status"]) == ("incomplete", "open")
    assert (intent["status"], intent["amount"]) == ("requires_payment_method", 900)


def test_an_invoice_that_is_sent_has_an_intent_too(call):
    """A subscription that is paid by invoice waits with an open payment."""
    made = call.ok("stripe.subscriptions.create", customer="cus_ada",
                   items=[{"price": "price_pro", "quantity": 2}],
                   collection_method="send_invoice", days_until_due=14)  # fmt: skip
    payment, intent = _intent_of(call, made["latest_invoice"])
    assert (payment["status"], intent["amount"]) == ("open", 9800)


def test_a_balance_is_applied_when_an_invoice_is_finalized(call):
    """A credit is used up first, what is left of it stays, and a debt is collected with it."""

    def balance():
        return call.ok("stripe.customers.retrieve", id="cus_ada")["balance"]

    call.ok("stripe.customer_balance.create", id="cus_ada", amount=-5000, currency="eur")
    covered = call.ok("stripe.invoices.finalize", id=_drafted(call, 4000))
    assert (covered["status"], covered["total"], covered["amount_due"]) == ("paid", 4000, 0)
    assert (covered["starting_balance"], covered["ending_balance"], balance()) == (
        -5000, -1000, -1000
    )  # fmt: skip
    partly = call.ok("stripe.invoices.finalize", id=_drafted(call, 4000))
    assert (partly["status"], partly["amount_due"], balance()) == ("open", 3000, 0)
    _, intent = _intent_of(call, partly["id"])
    assert intent["amount"] == 3000
    call.ok("stripe.customer_balance.create", id="cus_ada", amount=700, currency="eur")
    begun = call.ok("stripe.subscriptions.create", customer="cus_ada",
                    items=[{"price": "price_pro"}])  # fmt: skip
    first = call.ok("stripe.invoices.retrieve", id=begun["latest_invoice"])
    assert (first["amount_paid"], first["total"], balance()) == (5600, 4900, 0)
    entries = call.ok("stripe.customer_balance.list", id="cus_ada")["data"]
    applied = [each["invoice"] for each in entries if each["type"] == "applied_to_invoice"]
    assert set(applied) == {covered["id"], partly["id"], first["id"]}


def test_an_invoice_of_nothing_books_nothing_on_a_balance(call):
    """A trial's first invoice leaves a credit as it is, and the balance has no entry for it."""
    call.ok("stripe.customer_balance.create", id="cus_ada", amount=-500, currency="eur")
    made = call.ok("stripe.subscriptions.create", customer="cus_ada", trial_period_days=7,
                   items=[{"price": "price_pro"}])  # fmt: skip
    invoice = call.ok("stripe.invoices.retrieve", id=made["latest_invoice"])
    assert (invoice["status"], invoice["starting_balance"], invoice["ending_balance"]) == (
        "paid", -500, -500
    )  # fmt: skip
    (entry,) = call.ok("stripe.customer_balance.list", id="cus_ada")["data"]
    assert entry["amount"] == -500


def test_what_a_cheaper_plan_gives_back_stays_with_the_customer(call):
    """`always_invoice` of a credit is an invoice of less than nothing, paid by the balance."""
    changed = call.ok("stripe.subscriptions.update", id="sub_ada",
                      items=[{"id": "si_1", "quantity": 1}],
                      proration_behavior="always_invoice")  # fmt: skip
    invoice = call.ok("stripe.invoices.retrieve", id=changed["latest_invoice"])
    assert (invoice["status"], invoice["amount_due"]) == ("paid", 0)
    assert invoice["ending_balance"] == invoice["total"] < 0
    assert call.ok("stripe.customers.retrieve", id="cus_ada")["balance"] == invoice["total"]


def test_a_bank_that_asks_is_waited_for(call):
    """The intent says where to go on; nobody has paid, and off session it is a decline."""
    given = {"amount": 900, "currency": "eur", "payment_method": "pm_card_authenticationRequired"}
    made = call.ok("stripe.payment_intents.create", **given, confirm=True)
    assert (made["status"], made["latest_charge"]) == ("requires_action", None)
    assert made["next_action"]["type"] == "use_stripe_sdk"
    body = b"return_url=https://shop.example/back"
    path = f"/v1/payment_intents/{made['id']}/confirm"
    _, again = call.raw("stripe", "POST", path, body)
    assert again["next_action"]["redirect_to_url"]["return_url"] == "https://shop.example/back"
    body = "amount=900&currency=eur&confirm=true&off_session=true&payment_method={}"
    status, refused = call.raw("stripe", "POST", "/v1/payment_intents",
                               body.format(given["payment_method"]).encode())  # fmt: skip
    assert (status, refused["error"]["code"]) == (402, "authentication_required")
    assert refused["error"]["payment_intent"]["status"] == "requires_payment_method"
    invoice = _drafted(call)
    _, refused = call("stripe.invoices.pay", id=invoice, payment_method=given["payment_method"])
    error = refused["error"]
    assert error["code"] == "invoice_payment_intent_requires_action"
    assert error["payment_intent"]["status"] == "requires_action"
    assert call.ok("stripe.invoices.retrieve", id=invoice)["status"] == "open"


@pytest.mark.parametrize(("step", "given", "answered", "status"), [
    ("payment_intents.confirm", {"payment_method": "pm_card_visa"}, 200, "succeeded"),
    ("payment_intents.confirm", {"payment_method": "pm_card_chargeDeclined"}, 402,
     "requires_payment_method"),
    ("payment_intents.update", {"payment_method": "pm_card_visa"}, 200, "requires_confirmation"),
    ("payment_intents.cancel", {}, 200, "canceled"), ("invoices.void", {}, 200, "canceled"),
])  # fmt: skip
def test_a_payer_is_asked_for_nothing_any_more(call, step, given, answered, status):
    """Once a payment is made, declined or given up, nothing of what was asked for is left."""
    invoice = _drafted(call)
    call.ok("stripe.invoices.finalize", id=invoice)
    asking = "pm_card_authenticationRequired"
    assert call("stripe.invoices.pay", id=invoice, payment_method=asking)[0] == 402
    _, intent = _intent_of(call, invoice)
    assert intent["next_action"] is not None
    named = invoice if step == "invoices.void" else intent["id"]
    assert call(f"stripe.{step}", id=named, **given)[0] == answered
    after = call.ok("stripe.payment_intents.retrieve", id=intent["id"])
    assert (after["status"], after["next_action"]) == (status, None)


def test_the_charge_of_a_confirmed_intent_names_its_invoice(call):
    """Older versions tell by `invoice` what was paid, whoever confirmed the intent."""
    invoice = _drafted(call)
    call.ok("stripe.invoices.finalize", id=invoice)
    _, intent = _intent_of(call, invoice)
    paid = call.ok("stripe.payment_intents.confirm", id=intent["id"], payment_method="pm_card_visa")
    path = f"/v1/charges/{paid['latest_charge']}"
    assert call.raw("stripe", "GET", path, stripe_version=OLDER)[1]["invoice"] == invoice


def test_a_payment_may_spell_out_what_it_is_paid_by(call):
    """`payment_method_data` makes a method of a card by token, number or another type."""
    body = (
        b"amount=900&currency=eur&confirm=true&payment_method_data[type]=card"
        b"&payment_method_data[card][token]="
    )
    _, paid = call.raw("stripe", "POST", "/v1/payment_intents", body + b"tok_mastercard")
    assert paid["status"] == "succeeded"
    card = call.ok("stripe.payment_methods.retrieve", id=paid["payment_method"])["card"]
    assert card["brand"] == "mastercard"
    status, refused = call.raw(
        "stripe", "POST", "/v1/payment_intents", body + b"tok_chargeDeclined"
    )
    assert (status, refused["error"]["code"]) == (402, "card_declined")
    kind = b"amount=900&currency=eur&payment_method_data[type]="
    _, drafted = call.raw("stripe", "POST", "/v1/payment_intents", kind + b"sepa_debit")
    assert drafted["status"] == "requires_confirmation"
    assert call.raw("stripe", "POST", "/v1/payment_intents", kind + b"shells")[0] == 400
    _, refused = call.raw("stripe", "POST", "/v1/payment_intents", kind + b"card")
    assert refused["error"]["param"] == "payment_method_data[card]"


def test_a_paid_invoice_may_be_sent(call):
    """As at Stripe, for the customer's records; a void one may not."""
    assert call.ok("stripe.invoices.send", id="in_paid")["status"] == "paid"
    call.ok("stripe.invoices.void", id="in_open")
    assert "only send" in call.refused("stripe.invoices.send", id="in_open")["message"]


def test_a_customer_is_billed_in_the_currency_of_their_first_item(call):
    """An invoice that names none takes the items that wait, and loses none of them."""
    customer = call.ok("stripe.customers.create", name="Ann")
    call.ok("stripe.invoiceitems.create", customer=customer["id"], amount=700, currency="eur")
    assert call.ok("stripe.customers.retrieve", id=customer["id"])["currency"] == "eur"
    made = call.ok(
        "stripe.invoices.create", customer=customer["id"],
        pending_invoice_items_behavior="include",
    )  # fmt: skip
    assert (made["currency"], made["amount_due"]) == ("eur", 700)
