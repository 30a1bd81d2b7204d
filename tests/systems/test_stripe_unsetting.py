"""What an empty text unsets at Stripe, and what it is refused for."""

import pytest

EMPTY = [
    ("customers.list", {"limit": ""}, "limit"),
    ("customers.list", {"email": ""}, "email"),
    ("charges.list", {"customer": ""}, "customer"),
    ("charges.list", {"created": {"gte": ""}}, "created[gte]"),
    ("charges.list", {"starting_after": ""}, "starting_after"),
    ("charges.search", {"query": ""}, "query"),
    ("customers.retrieve", {"id": "cus_bob", "expand": [""]}, "expand[0]"),
    ("charges.create", {"amount": "", "currency": "usd", "source": "tok_visa"}, "amount"),
    ("payment_intents.create", {"amount": 500, "currency": ""}, "currency"),
    ("payment_intents.create", {"amount": 500, "currency": "usd", "customer": ""}, "customer"),
    ("payment_intents.create", {"amount": 500, "currency": "usd", "confirm": ""}, "confirm"),
    ("payment_intents.create", {"amount": 500, "currency": "usd", "shipping": ""}, "shipping"),
    ("products.create", {"name": ""}, "name"),
    ("invoiceitems.create", {"customer": "", "amount": 5, "currency": "usd"}, "customer"),
    ("subscriptions.create", {"customer": "cus_bob", "items": ""}, "items"),
    (
        "subscriptions.create",
        {"customer": "cus_bob", "items": [{"price": "price_1", "quantity": ""}]},
        "items[0][quantity]",
    ),
    ("subscriptions.cancel_at_period_end", {"id": "sub_1", "cancel_at_period_end": ""},
     "cancel_at_period_end"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "given", "param"), EMPTY)
def test_what_cannot_be_unset_is_not_taken_as_absent(call, operation, given, param):
    """By its whole name, in Stripe's words, whether it is required or not, in any depth."""
    status, body = call(f"stripe.{operation}", **given)
    error = body["error"]
    assert (status, error["code"], error["param"]) == (400, "parameter_invalid_empty", param)
    assert error["message"].startswith(f"You passed an empty string for '{param}'. We assume")
    assert error["message"].endswith("from your request or supply a non-empty value.")


def test_what_can_be_unset_is(call):
    """Texts, hashes and the keys of metadata, at once."""
    made = call.ok(
        "stripe.customers.create", name="Bob", email="bob@example.com", description="Old",
        address={"city": "Rome", "line2": ""}, metadata={"a": "1", "b": "2"}, tax_exempt="exempt",
    )  # fmt: skip
    assert made["address"]["city"] == "Rome"
    changed = call.ok(
        "stripe.customers.update", id=made["id"], name="", email="", description="", address="",
        metadata={"a": ""}, tax_exempt="",
    )  # fmt: skip
    assert [changed[name] for name in ("name", "email", "description", "address")] == [None] * 4
    assert (changed["metadata"], changed["tax_exempt"]) == ({"b": "2"}, "none")


def test_a_null_is_a_parameter_that_was_left_out(call):
    """Models fill in what they do not need: a tool's null is no empty text."""
    found = call.ok("stripe.charges.list", limit=None, customer=None)
    assert found["data"]
    made = call.ok("stripe.customers.create", email="a@b.example", tax_exempt=None, name=None)
    assert (made["email"], made["name"]) == ("a@b.example", None)
    price = {"currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}}
    deep = {**price, "recurring": {"interval": "month", "interval_count": None}}
    assert call.ok("stripe.prices.create", product_data={"name": "Tea"}, **deep)["active"]


def test_some_can_be_unset_only_once_they_are_there(call):
    """A payment intent is made with a receipt's address or none; later it is taken away."""
    asked = {"amount": 500, "currency": "usd"}
    status, body = call("stripe.payment_intents.create", **asked, metadata="")
    assert (status, body["error"]["param"]) == (400, "metadata")
    made = call.ok("stripe.payment_intents.create", **asked, receipt_email="bob@example.com")
    changed = call.ok("stripe.payment_intents.update", id=made["id"], receipt_email="")
    assert changed["receipt_email"] is None
