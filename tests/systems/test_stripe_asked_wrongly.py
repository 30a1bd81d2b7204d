"""What Stripe refuses of filters, amounts and currencies, and what a declined charge tells."""

import pytest


@pytest.mark.parametrize(
    ("operation", "name"),
    [("invoices.list", "status"), ("subscriptions.list", "status"), ("payouts.list", "status"),
     ("subscriptions.list", "collection_method"), ("payment_methods.list", "type"),
     ("invoice_payments.list", "status")],
)  # fmt: skip
def test_a_filter_s_value_is_one_of_its_words(call, operation, name):
    """Another is refused and told what there is: nothing found would be a wrong answer."""
    status, body = call(f"stripe.{operation}", **{name: "foo"})
    assert (status, body["error"]["param"]) == (400, name)
    assert body["error"]["message"].startswith(f"Invalid {name}: must be one of ")


@pytest.mark.parametrize("table", ["refunds", "disputes", "charges", "customers", "events"])
def test_a_filter_that_there_is_not_is_named(call, table):
    """Also where another list has it."""
    status, body = call(f"stripe.{table}.list", status="succeeded")
    error = body["error"]
    assert (status, error["code"], error["param"]) == (400, "parameter_unknown", "status")


def test_a_page_begins_at_one_object_only(call):
    """Both cursors at once are refused."""
    both = {"starting_after": "ch_0002", "ending_before": "ch_0005"}
    assert call("stripe.charges.list", **both)[0] == 400


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [(49, "usd", "amount_too_small"), (29, "gbp", "amount_too_small"), (50, "usd", None),
     (49, "jpy", "amount_too_small"), (1499, "czk", "amount_too_small"), (1, "afn", None),
     (10**8, "eur", "amount_too_large"), (10**8, "jpy", None)],
)  # fmt: skip
def test_a_payment_is_neither_too_small_nor_too_large(call, amount, currency, code):
    """Of its own currency; prepared or charged at once, and changed later."""
    asked = {"amount": amount, "currency": currency}
    for operation, more in (
        ("payment_intents.create", {}),
        ("charges.create", {"source": "tok_visa"}),
    ):
        status, body = call(f"stripe.{operation}", **asked, **more)
        assert (status, body.get("error", {}).get("code")) == ((400, code) if code else (200, None))
        assert code is None or body["error"]["param"] == "amount"
    drafted = call.ok("stripe.payment_intents.create", amount=2000, currency=currency)
    changed, _ = call("stripe.payment_intents.update", id=drafted["id"], amount=amount)
    assert changed == (400 if code else 200)


@pytest.mark.parametrize(
    ("operation", "given"),
    [("payment_intents.create", {"amount": 500}),
     ("charges.create", {"amount": 500, "source": "tok_visa"}),
     ("invoiceitems.create", {"amount": 500, "customer": "cus_bob"}),
     ("invoices.create", {"customer": "cus_bob"}), ("payouts.create", {"amount": 500}),
     ("prices.create", {"unit_amount": 500, "product": "prod_1"}),
     ("customer_balance.create", {"amount": -500, "id": "cus_bob"})],
)  # fmt: skip
def test_a_currency_that_there_is_not(call, operation, given):
    """It is refused, and told which there are."""
    error = call.refused(f"stripe.{operation}", currency="xxx", **given)
    assert error["param"] == "currency"
    assert error["message"].startswith("Invalid currency: xxx. Stripe currently supports these")


def test_a_declined_charge_says_why(call):
    """The bank's code is on the charge, as on the error."""
    status, body = call("stripe.charges.create", amount=500, currency="eur",
                        source="tok_chargeDeclinedInsufficientFunds")  # fmt: skip
    charge = call.ok("stripe.charges.retrieve", id=body["error"]["charge"])
    assert (status, charge["failure_code"], charge["outcome"]["reason"]) == (
        402, "card_declined", "insufficient_funds",
    )  # fmt: skip
    assert charge["failure_message"] == body["error"]["message"]
    assert charge["outcome"]["type"] == "issuer_declined"
    known = call.ok("stripe.charges.retrieve", id="ch_2000")
    assert (known["failure_code"], known["outcome"]["reason"]) == (
        "card_declined", "generic_decline",
    )  # fmt: skip


def test_a_payout_that_cannot_be_made(call):
    """More than there is, and one that is canceled already."""
    error = call.refused("stripe.payouts.create", amount=10**6, currency="eur")
    assert (error["code"], "card balance is too low" in error["message"]) == (
        "balance_insufficient", True,
    )  # fmt: skip
    call.ok("stripe.charges.create", amount=9000, currency="eur", source="tok_visa")
    made = call.ok("stripe.payouts.create", amount=500, currency="eur")
    call.ok("stripe.payouts.cancel", id=made["id"])
    assert "status is canceled" in call.refused("stripe.payouts.cancel", id=made["id"])["message"]


def test_of_an_ended_subscription_only_what_is_said_changes(call):
    """Its metadata and why it was cancelled; all else is refused."""
    why = {"feedback": "too_expensive"}
    changed = call.ok("stripe.subscriptions.update", id="sub_old", metadata={"a": "b"},
                      cancellation_details=why)  # fmt: skip
    assert (changed["metadata"], changed["status"]) == ({"a": "b"}, "canceled")
    assert changed["cancellation_details"]["feedback"] == "too_expensive"
    refused = call.refused("stripe.subscriptions.update", id="sub_old", description="x")
    assert "canceled subscription" in refused["message"]


def test_nested_names_that_there_are_not(call):
    """Of a dispute's evidence and a time's bounds: named, and nothing is kept or left out."""
    error = call.refused("stripe.disputes.update", id="dp_1", evidence={"foo": "x"})
    assert (error["code"], error["param"]) == ("parameter_unknown", "evidence[foo]")
    _, body = call("stripe.charges.list", created={"after": "1"})
    assert body["error"]["param"] == "created[after]"
    _, body = call("stripe.charges.list", created={"gt": "x"})
    assert body["error"]["code"] == "parameter_invalid_integer"
    whole = {"customer_name": "Ada", "enhanced_evidence": {"visa_compliance": {"a": "b"}}}
    shown = call.ok("stripe.disputes.update", id="dp_1", evidence=whole)
    assert shown["evidence"]["customer_name"] == "Ada"
    assert shown["evidence"]["enhanced_evidence"] == whole["enhanced_evidence"]


def test_a_word_that_is_searched_for_is_quoted(call):
    """Only numbers and null stand bare."""
    assert call("stripe.customers.search", query="email:ada")[0] == 400
    assert call("stripe.customers.search", query="created>5 AND phone:null")[0] == 200


def test_a_paid_invoice_is_not_paid_again(call):
    """It is told so."""
    assert call.refused("stripe.invoices.pay", id="in_paid")["message"] == "Invoice is already paid"


@pytest.mark.parametrize(
    "table",
    ["charges", "invoices", "subscriptions", "payment_intents", "invoiceitems", "credit_notes"],
)
def test_a_customer_that_there_never_was_has_no_lists(call, table):
    """400 as at Stripe; who has nothing, or is deleted, has empty ones."""
    status, body = call(f"stripe.{table}.list", customer="cus_none")
    error = body["error"]
    assert (status, error["code"], error["param"]) == (400, "resource_missing", "customer")
    assert error["message"] == "No such customer: 'cus_none'"
    made = call.ok("stripe.customers.create", email="new@example.com")["id"]
    assert call.ok(f"stripe.{table}.list", customer=made)["data"] == []
    call.ok("stripe.customers.delete", id=made)
    assert call.ok(f"stripe.{table}.list", customer=made)["data"] == []


@pytest.mark.parametrize("name", ["amount", "reason", "charge", "payment_intent"])
def test_an_empty_value_refunds_nothing(call, name):
    """It would unset what cannot be unset; taken as absent, an empty amount would be all."""
    given = {"charge": "ch_0001", "amount": 100, name: ""}
    status, body = call("stripe.refunds.create", **given)
    error = body["error"]
    assert (status, error["code"], error["param"]) == (400, "parameter_invalid_empty", name)
    assert call.last.amount_minor == (None if name == "amount" else 100)


def test_digits_of_other_scripts_are_no_amount(call):
    """What Stripe cannot read is not guessed."""
    status, body = call("stripe.refunds.create", charge="ch_0001", amount="\u0663")
    assert (status, body["error"]["code"]) == (400, "parameter_invalid_integer")
