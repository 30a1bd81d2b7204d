"""What Stripe refuses of money that is held, of items, prices and payment methods."""

import pytest

from understudy.model.action import ActionClass, Effect
from understudy.systems.engine import Engine


def held(call):
    """An intent whose money is held."""
    return call.ok("stripe.payment_intents.create", amount=1000, currency="eur", confirm=True,
                   capture_method="manual", payment_method="pm_card_visa")  # fmt: skip


def test_money_that_was_let_go_is_not_taken(call):
    """A held charge that was refunded cannot be captured, and was never on the balance."""
    charge = call.ok("stripe.charges.create", amount=1000, currency="eur", customer="cus_ada",
                     capture=False)  # fmt: skip
    assert call.ok("stripe.refunds.create", charge=charge["id"])["balance_transaction"] is None
    assert call.ok("stripe.balance.retrieve")["available"] == []
    error = call.refused("stripe.charges.capture", id=charge["id"])
    assert error["code"] == "charge_already_refunded"
    let_go = held(call)
    call.ok("stripe.payment_intents.cancel", id=let_go["id"])
    call.refused("stripe.charges.capture", id=let_go["latest_charge"])


def test_an_intent_s_charge_is_captured_by_the_intent(call):
    """Else the money would be taken twice."""
    intent = held(call)
    error = call.refused("stripe.charges.capture", id=intent["latest_charge"])
    assert error["code"] == "payment_intent_unexpected_state"
    call.ok("stripe.payment_intents.capture", id=intent["id"])
    assert call.ok("stripe.balance.retrieve")["available"][0]["amount"] == 1000 - 59


@pytest.mark.parametrize("written", ["true", "True", "1", "TRUE"])
def test_a_payment_is_one_however_true_is_written(call, written):
    """What moves money is captured as such, and not as a draft."""
    body = f"amount=500&currency=eur&payment_method=pm_card_visa&confirm={written}"
    status, made = call.raw("stripe", "POST", "/v1/payment_intents", body.encode())
    assert (status, made["status"]) == (200, "succeeded")
    assert (call.last.action_class, call.last.effect) == (
        ActionClass.APPROVAL_REQUIRED, Effect.PAY,
    )  # fmt: skip


def test_a_quantity_changes_what_an_item_charges(call):
    """Also where neither price nor amount is said again."""
    item = call.ok("stripe.invoiceitems.create", customer="cus_ada", price="price_pro")
    changed = call.ok("stripe.invoiceitems.update", id=item["id"], quantity=3)
    assert (changed["quantity"], changed["amount"]) == (3, 3 * item["amount"])
    assert call.last.amount_minor == 3 * item["amount"]


def test_an_item_stays_with_its_customer_and_currency(call):
    """No item of one customer on another's invoice, and no two currencies in one sum."""
    draft = call.ok("stripe.invoices.create", customer="cus_ada")
    item = {"customer": "cus_bob", "invoice": draft["id"], "amount": 5}
    assert call.refused("stripe.invoiceitems.create", **item)["param"] == "customer"
    call.ok("stripe.invoiceitems.create", customer="cus_ada", amount=700, currency="usd")
    call.ok("stripe.invoiceitems.create", customer="cus_ada", amount=500, currency="eur")
    drafted = call.ok("stripe.invoices.create", customer="cus_ada", currency="eur",
                      pending_invoice_items_behavior="include")  # fmt: skip
    assert drafted["amount_due"] == 500


@pytest.mark.parametrize("exact", ["NaN", "1e99999", "1e999999999", "-5", "1_0", "ten"])
def test_a_decimal_that_is_none(call, exact):
    """Refused, however large the number is that it would be."""
    body = f"currency=eur&product=prod_1&unit_amount_decimal={exact}"
    status, answer = call.raw("stripe", "POST", "/v1/prices", body.encode())
    assert (status, answer["error"]["param"]) == (400, "unit_amount_decimal")


def test_a_price_recurs_within_three_years(call):
    """A period that no calendar holds is refused before somebody subscribes to it."""
    longest = {"interval": "year", "interval_count": 9000}
    error = call.refused("stripe.prices.create", currency="eur", product="prod_1", unit_amount=5,
                         recurring=longest)  # fmt: skip
    assert error["param"] == "recurring[interval_count]"


def test_a_payment_method_belongs_to_one_customer(call):
    """It is taken off the one before it is attached to another."""
    mine = call.ok("stripe.payment_methods.attach", id="pm_card_visa", customer="cus_ada")["id"]
    error = call.refused("stripe.payment_methods.attach", id=mine, customer="cus_bob")
    assert "already been attached" in error["message"]
    call.ok("stripe.payment_methods.detach", id=mine)
    assert call.ok("stripe.payment_methods.attach", id=mine, customer="cus_bob")["customer"] == (
        "cus_bob"
    )


def card(call, number):
    """The id of a payment method of a card by its number."""
    spelled = {"number": number, "exp_month": 4, "exp_year": 2042, "cvc": "123"}
    return call.ok("stripe.payment_methods.create", type="card", card=spelled)["id"]


def pay(call, method, **given):
    """Status and answer of an intent that is confirmed at once."""
    return call("stripe.payment_intents.create", amount=1000, currency="eur",
                payment_method=method, confirm=True, **given)  # fmt: skip


@pytest.mark.parametrize(
    ("number", "brand"),
    [("4242424242424242", "visa"), ("5555 5555 5555 4444", "mastercard"),
     ("378282246310005", "amex"), ("6011111111111117", "discover")],
)  # fmt: skip
def test_a_card_is_what_its_number_says(call, number, brand):
    """Brand, last digits and expiry are those given; one number has one fingerprint."""
    shown = [call.ok("stripe.payment_methods.retrieve", id=card(call, number))["card"]
             for _ in range(2)]  # fmt: skip
    told = shown[0]
    assert (told["brand"], told["last4"], told["exp_month"], told["exp_year"]) == (
        brand, number[-4:], 4, 2042,
    )  # fmt: skip
    assert told["fingerprint"] == shown[1]["fingerprint"]


@pytest.mark.parametrize(
    ("number", "code", "decline"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000000069", "expired_card", None),
    ],
)
def test_stripe_s_numbers_for_declines_decline(call, number, code, decline):
    """As its names for them do: when attached, and when paid by."""
    method = card(call, number)
    for status, answer in (
        call("stripe.payment_methods.attach", id=method, customer="cus_ada"), pay(call, method),
    ):  # fmt: skip
        error = answer["error"]
        assert (status, error["code"], error.get("decline_code")) == (402, code, decline)


def test_a_card_that_fails_only_when_it_is_to_pay(call):
    """It is attached like any other, by number and by name; an invoice is not paid by it."""
    for method in (card(call, "4000000000000341"), "pm_card_chargeCustomerFail"):
        attach = "stripe.payment_methods.attach"
        mine = call.ok(attach, id=method, customer="cus_ada")
        assert mine["card"]["last4"] == "0341"
        assert pay(call, mine["id"], customer="cus_ada")[0] == 402
        default = {"default_payment_method": mine["id"]}
        call.ok("stripe.customers.update", id="cus_ada", invoice_settings=default)
        assert call("stripe.invoices.pay", id="in_open")[0] == 402


def test_a_number_that_no_card_has(call):
    """Stripe's own example of one is refused."""
    wrong = {"number": "4242424242424241"}
    status, answer = call("stripe.payment_methods.create", type="card", card=wrong)
    assert (status, answer["error"]["code"]) == (402, "incorrect_number")
    error = call.refused("stripe.payment_methods.create", type="cash", card=wrong)
    assert error["message"] == "Invalid type: must be card"


def test_nobody_pays_by_another_s_card(call):
    """Neither for another customer nor for none."""
    hers = call.ok("stripe.payment_methods.attach", id="pm_card_visa", customer="cus_ada")["id"]
    for given in ({"customer": "cus_bob"}, {}):
        status, answer = pay(call, hers, **given)
        assert (status, answer["error"]["param"]) == (400, "payment_method")
    assert pay(call, hers, customer="cus_ada")[0] == 200


def test_a_dispute_that_is_closed_keeps_its_metadata_open(call):
    """Evidence comes too late; a note for one's own use does not."""
    call.ok("stripe.disputes.close", id="dp_1")
    noted = call.ok("stripe.disputes.update", id="dp_1", metadata={"order_id": "6735"})
    assert (noted["status"], noted["metadata"]) == ("lost", {"order_id": "6735"})
    call.refused("stripe.disputes.update", id="dp_1", evidence={"product_description": "late"})


def test_a_customer_is_made_with_what_they_pay_by(call):
    """It is attached to them, and one that declines makes no customer."""
    method = card(call, "4242424242424242")
    for given in (method, "pm_card_visa"):
        made = call.ok("stripe.customers.create", payment_method=given)["id"]
        (mine,) = call.ok("stripe.payment_methods.list", customer=made, type="card")["data"]
        assert (mine["customer"], mine["card"]["last4"]) == (made, "4242")
    before = call.session.effect()
    declined = card(call, "4000000000000002")
    assert call("stripe.customers.create", payment_method=declined)[0] == 402
    assert call.session.effect().keys() == before.keys() | {("stripe.payment_methods", declined)}


def test_a_declined_payment_is_left_to_be_tried_again(call):
    """Intent and failed charge are told and can be read; they are no effect of the case's."""
    status, answer = pay(call, "pm_card_chargeDeclined")
    told, before = answer["error"], call.session.effect()
    intent = call.ok("stripe.payment_intents.retrieve", id=told["payment_intent"]["id"])
    assert (status, intent) == (402, told["payment_intent"])
    assert (intent["status"], intent["last_payment_error"]["code"], before) == (
        "requires_payment_method", "card_declined", {},
    )  # fmt: skip
    charge = call.ok("stripe.charges.retrieve", id=told["charge"])
    assert (charge["status"], charge["paid"], charge["failure_code"], charge["id"]) == (
        "failed", False, "card_declined", intent["latest_charge"],
    )  # fmt: skip
    assert call.refused("stripe.refunds.create", charge=charge["id"])
    paid = call.ok("stripe.payment_intents.confirm", id=intent["id"], payment_method="pm_card_visa")
    assert paid["status"] == "succeeded"
    effect = call.session.effect()[("stripe.payment_intents", intent["id"])]
    assert effect["status"] == ("requires_payment_method", "succeeded")


def test_a_draft_that_is_declined_stays_the_case_s_own(call):
    """What was drafted before the decline is its effect, and what the bank made of it is not."""
    draft = call.ok("stripe.payment_intents.create", amount=1000, currency="eur")
    place = ("stripe.payment_intents", draft["id"])
    confirm = "stripe.payment_intents.confirm"
    assert call(confirm, id=draft["id"], payment_method="pm_card_chargeDeclined")[0] == 402
    effect = call.session.effect()
    assert set(effect) == {place}
    assert effect[place]["amount"] == (None, 1000)
    assert "last_payment_error" not in effect[place]
    shown = call.ok("stripe.payment_intents.retrieve", id=draft["id"])
    assert shown["last_payment_error"]["decline_code"] == "generic_decline"


def test_a_charge_that_is_declined_names_its_failure(call):
    """As Stripe's own documents say to look at it."""
    given = {"amount": 500, "currency": "eur", "source": "tok_chargeDeclined"}
    status, answer = call("stripe.charges.create", **given)
    assert status == 402
    charge = call.ok("stripe.charges.retrieve", id=answer["error"]["charge"])
    assert (charge["status"], charge["captured"]) == ("failed", False)
    assert call.session.effect() == {}


def test_a_subscription_whose_card_declines_waits(call):
    """Incomplete, with an invoice to pay; asked to, it is refused instead. Paid, it is active."""
    late = call.ok("stripe.payment_methods.attach", id="pm_card_chargeCustomerFail",
                   customer="cus_bob")["id"]  # fmt: skip
    given = {"customer": "cus_bob", "items": [{"price": "price_pro"}],
             "default_payment_method": late}  # fmt: skip
    create = "stripe.subscriptions.create"
    assert call(create, **given, payment_behavior="error_if_incomplete")[0] == 402
    begun = call.ok(create, **given, expand=["latest_invoice.confirmation_secret"])
    invoice = begun["latest_invoice"]
    intent = invoice["confirmation_secret"]["client_secret"].partition("_secret_")[0]
    waiting = call.ok("stripe.payment_intents.retrieve", id=intent)["status"]
    assert (begun["status"], invoice["status"], waiting) == (
        "incomplete", "open", "requires_payment_method",
    )  # fmt: skip
    call.ok("stripe.invoices.pay", id=invoice["id"], payment_method="pm_card_visa")
    assert call.ok("stripe.subscriptions.retrieve", id=begun["id"])["status"] == "active"


@pytest.mark.parametrize(
    ("operation", "given", "param"),
    [
        ("payment_intents.create", {"amount": 500, "currency": "eur"}, "payment_method"),
        ("payment_intents.update", {"id": "pi_draft"}, "payment_method"),
        ("payment_intents.confirm", {"id": "pi_draft"}, "payment_method"),
        ("invoices.pay", {"id": "in_open"}, "payment_method"),
        ("invoices.create", {"customer": "cus_ada"}, "default_payment_method"),
    ],
)
def test_nobody_pays_by_what_is_not_there(call, operation, given, param):
    """An invented payment method is refused, with and without a confirmation."""
    draft = call.ok("stripe.payment_intents.create", amount=500, currency="eur")
    if given.get("id") == "pi_draft":
        given = {"id": draft["id"]}
    error = call.refused(f"stripe.{operation}", **given, **{param: "pm_invented"})
    assert (error["param"], error["code"]) == (param, "resource_missing")


@pytest.mark.parametrize("settings", [True, False])
def test_what_a_customer_is_to_pay_by_is_there(make_caller, world_of, settings):
    """Exports tell no payment methods, but customers and subscriptions name theirs."""
    named = {"default_payment_method": "pm_hers"}
    ada = {"id": "cus_ada", "created": 1, "invoice_settings": named if settings else None}
    sub = {"id": "sub_1", "customer": "cus_ada", "created": 1, **({} if settings else named)}
    caller = make_caller(Engine(world_of(stripe={"customers": [ada], "subscriptions": [sub]})), "c")
    paid = caller.ok("stripe.payment_intents.create", amount=500, currency="eur", confirm=True,
                     customer="cus_ada", payment_method="pm_hers")  # fmt: skip
    assert paid["status"] == "succeeded"


def test_an_item_that_names_no_amount(make_caller, world_of):
    """A row of few words is no reason to break where its quantity changes."""
    item = {"id": "ii_1", "customer": "cus_ada", "currency": "eur", "quantity": 2}
    rows = {"customers": [{"id": "cus_ada", "created": 1}], "invoiceitems": [item]}
    caller = make_caller(Engine(world_of(stripe=rows)), "c")
    assert caller.ok("stripe.invoiceitems.update", id="ii_1", quantity=3)["id"] == "ii_1"


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        ({"exp_month": 13, "exp_year": 2042}, "invalid_expiry_month"),
        ({"exp_month": 4, "exp_year": 2020}, "invalid_expiry_year"),
        ({"exp_month": 4, "exp_year": 2099}, "invalid_expiry_year"),
        ({"exp_month": 4, "exp_year": 20}, "invalid_expiry_year"),
        ({"exp_month": 1, "exp_year": 2026}, "invalid_expiry_month"),
    ],
)
def test_a_card_that_has_ended_or_never_ends(call, ends, code):
    """Stripe's own errors for months and years that no card has, by the case's own clock."""
    wrong = {"number": "4242424242424242", **ends}
    error = call.refused("stripe.payment_methods.create", 402, type="card", card=wrong)
    assert error["code"] == code


def test_a_year_may_be_written_short(call):
    """Two digits are of this century, as at Stripe."""
    short = {"number": "4242424242424242", "exp_month": 4, "exp_year": 42}
    made = call.ok("stripe.payment_methods.create", type="card", card=short)
    assert made["card"]["exp_year"] == 2042


@pytest.mark.parametrize("token", ["tok_nonsense", "tok_visa111", "tok_test_123"])
def test_a_token_that_nobody_made_is_refused(call, token):
    """Neither charged nor kept; nor is a trial card's name that Stripe has not."""
    paid = call.refused("stripe.charges.create", amount=500, currency="eur", source=token)
    assert (paid["message"], paid["code"]) == (f"No such token: '{token}'", "resource_missing")
    kept = call.refused("stripe.payment_methods.create", type="card", card={"token": token})
    assert (kept["param"], kept["code"]) == ("card[token]", "resource_missing")
    method = token.replace("tok_", "pm_card_")
    given = {"amount": 500, "currency": "eur", "payment_method": method}
    assert call.refused("stripe.payment_intents.create", **given)["code"] == "resource_missing"
    call.refused("stripe.payment_methods.attach", 404, id=method, customer="cus_ada")


def test_a_token_made_in_a_browser_may_be_there(call):
    """It looks like Stripe's own, and nobody here has seen it being made."""
    made = call.ok("stripe.charges.create", amount=500, currency="eur",
                   source="tok_1NvWxQ2eZvKYlo2C0a1b2c3d")  # fmt: skip
    assert made["paid"] is True
