"""What Stripe refuses of money that is held, of items, prices and payment methods."""

import pytest

from understudy.model.action import ActionClass, Effect


def ok(call, operation, **given):
    """The payload of a call that succeeds."""
    status, body = call(operation, **given)
    assert status == 200, body
    return body


def refused(call, operation, **given):
    """The error of a call that is refused, and has no effect."""
    before = call.session.effect()
    status, body = call(operation, **given)
    assert (status, call.session.effect() == before) == (400, True)
    return body["error"]


def held(call):
    """An intent whose money is held."""
    return ok(call, "stripe.payment_intents.create", amount=1000, currency="eur", confirm=True,
              capture_method="manual", payment_method="pm_card_visa")  # fmt: skip


def test_money_that_was_let_go_is_not_taken(call):
    """A held charge that was refunded cannot be captured, and was never on the balance."""
    charge = ok(call, "stripe.charges.create", amount=1000, currency="eur", customer="cus_ada",
                capture=False)  # fmt: skip
    assert ok(call, "stripe.refunds.create", charge=charge["id"])["balance_transaction"] is None
    assert ok(call, "stripe.balance.retrieve")["available"] == []
    error = refused(call, "stripe.charges.capture", id=charge["id"])
    assert error["code"] == "charge_already_refunded"
    let_go = held(call)
    ok(call, "stripe.payment_intents.cancel", id=let_go["id"])
    refused(call, "stripe.charges.capture", id=let_go["latest_charge"])


def test_an_intent_s_charge_is_captured_by_the_intent(call):
    """Else the money would be taken twice."""
    intent = held(call)
    error = refused(call, "stripe.charges.capture", id=intent["latest_charge"])
    assert error["code"] == "payment_intent_unexpected_state"
    ok(call, "stripe.payment_intents.capture", id=intent["id"])
    assert ok(call, "stripe.balance.retrieve")["available"][0]["amount"] == 1000 - 59


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
    item = ok(call, "stripe.invoiceitems.create", customer="cus_ada", price="price_pro")
    changed = ok(call, "stripe.invoiceitems.update", id=item["id"], quantity=3)
    assert (changed["quantity"], changed["amount"]) == (3, 3 * item["amount"])
    assert call.last.amount_minor == 3 * item["amount"]


def test_an_item_stays_with_its_customer_and_currency(call):
    """No item of one customer on another's invoice, and no two currencies in one sum."""
    draft = ok(call, "stripe.invoices.create", customer="cus_ada")
    item = {"customer": "cus_bob", "invoice": draft["id"], "amount": 5}
    assert refused(call, "stripe.invoiceitems.create", **item)["param"] == "customer"
    ok(call, "stripe.invoiceitems.create", customer="cus_ada", amount=700, currency="usd")
    ok(call, "stripe.invoiceitems.create", customer="cus_ada", amount=500, currency="eur")
    drafted = ok(call, "stripe.invoices.create", customer="cus_ada", currency="eur",
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
    error = refused(call, "stripe.prices.create", currency="eur", product="prod_1", unit_amount=5,
                    recurring=longest)  # fmt: skip
    assert error["param"] == "recurring[interval_count]"


def test_a_payment_method_belongs_to_one_customer(call):
    """It is taken off the one before it is attached to another."""
    mine = ok(call, "stripe.payment_methods.attach", id="pm_card_visa", customer="cus_ada")["id"]
    error = refused(call, "stripe.payment_methods.attach", id=mine, customer="cus_bob")
    assert "already been attached" in error["message"]
    ok(call, "stripe.payment_methods.detach", id=mine)
    assert ok(call, "stripe.payment_methods.attach", id=mine, customer="cus_bob")["customer"] == (
        "cus_bob"
    )
