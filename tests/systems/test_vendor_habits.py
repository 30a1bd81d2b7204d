"""What recordings and suites that others made of the vendors' APIs show, and guesses had wrong."""

from __future__ import annotations

import pytest

from understudy.systems.likeness import unlike


def ok(caller, operation, **given):
    """The body of an answer that is no refusal."""
    status, body = caller(operation, **given)
    assert status < 300, body
    return body


@pytest.fixture
def caller(caller_of):
    """An open case that calls operations by name."""
    return caller_of("habits")


def test_a_customer_s_settings_are_read_back(caller):
    """Locales, shipping and how invoices are paid are kept, and shown by the next read."""
    ok(caller,
        "stripe.customers.update", id="cus_ada", preferred_locales=["fr-FR", "es-ES"],
        shipping={"name": "Ada", "address": {"city": "Graz"}},
        invoice_settings={"default_payment_method": "pm_card_visa"},
    )  # fmt: skip
    shown = ok(caller, "stripe.customers.retrieve", id="cus_ada")
    assert shown["preferred_locales"] == ["fr-FR", "es-ES"]
    assert shown["shipping"] == {"name": "Ada", "phone": None, "address": {"city": "Graz"}}
    assert shown["invoice_settings"]["default_payment_method"] == "pm_card_visa"
    assert shown["invoice_settings"]["footer"] is None


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"payment_method": "pm_doesnotexist"}, "payment_method"),
        (
            {"invoice_settings": {"default_payment_method": "pm_doesnotexist"}},
            "invoice_settings[default_payment_method]",
        ),
        ({"invoice_settings": {"colour": "red"}}, "invoice_settings[colour]"),
        ({"invoice_settings": "x"}, "invoice_settings"),
        ({"shipping": "x"}, "shipping"),
        ({"preferred_locales": "fr"}, "preferred_locales"),
    ],
)
def test_settings_that_stripe_refuses(caller, given, param):
    """A payment method that is not there, or a form that is another: 400 with the parameter."""
    status, body = caller("stripe.customers.create", email="n@example.com", **given)
    assert (status, body["error"]["param"]) == (400, param)


def test_what_a_charge_was_paid_by_may_be_used_again(caller):
    """The payment method that a charge shows is known to its customer."""
    method = ok(caller, "stripe.charges.retrieve", id="ch_0001")["payment_method"]
    ok(caller, "stripe.customers.update", id="cus_ada", payment_method=method)


def test_an_object_in_the_recycle_bin_may_be_archived_again(caller):
    """HubSpot answers 204 both times; what never was there is a 404."""
    for _ in range(2):
        assert caller("hubspot.objects.archive", object_type="contacts", id="101")[0] == 204
    assert caller("hubspot.objects.archive", object_type="contacts", id="999")[0] == 404


@pytest.mark.parametrize(
    "path", ["tax", "sources", "tax_ids", "invoice_credit_balance", "cash_balance", "subscriptions"]
)
def test_a_customer_s_hidden_parts_are_expanded(caller, path):
    """What Stripe shows only to who asks for it is no unknown property."""
    assert path in ok(caller, "stripe.customers.retrieve", id="cus_ada", expand=[path])


def test_only_lists_are_pointed_to_data(caller):
    """The hint to expand `data.…` stands where a list was asked, and nowhere else."""
    _, one = caller("stripe.customers.retrieve", id="cus_ada", expand=["colour"])
    assert one["error"]["message"] == "This property cannot be expanded (colour)."
    _, listed = caller("stripe.customers.list", expand=["colour"])
    assert "'data.colour'" in listed["error"]["message"]


def test_a_draft_invoice_is_finalized_by_paying_it(caller):
    """Stripe pays drafts too."""
    assert ok(caller, "stripe.invoices.pay", id="in_draft")["status"] == "paid"


def test_subscription_items_still_carry_their_plan(caller):
    """The older form of the price stands beside the price."""
    (item,) = ok(caller, "stripe.subscriptions.retrieve", id="sub_ada")["items"]["data"]
    assert item["plan"]["object"] == "plan"
    assert item["plan"]["amount"] == item["price"]["unit_amount"]


def test_object_types_may_be_written_in_capitals(caller):
    """`COMPANY` and `companies` are one type."""
    capitals, plain = (
        ok(caller, "hubspot.objects.list", object_type=name) for name in ("COMPANY", "companies")
    )
    assert capitals == plain


def test_the_token_s_user_is_given_an_authenticity_token(caller):
    """`users/me` answers with one, as for any session."""
    assert ok(caller, "zendesk.users.me")["user"]["authenticity_token"]


def test_a_vendor_s_own_words_are_no_ids(caller):
    """`upcoming` and `destroy_many` are told as not served, and nothing is written."""
    assert caller("stripe.invoices.retrieve", id="upcoming")[0] == 404
    assert caller("zendesk.users.delete", id="destroy_many")[0] == 405
    assert [gap.path for gap in caller.session.gaps] == [
        "/v1/invoices/upcoming", "/api/v2/users/destroy_many",
    ]  # fmt: skip
    assert caller.session.effect() == {}


def test_a_payment_intent_takes_what_stripe_documents(caller):
    """Parameters that Stripe knows are no unknown ones."""
    given = {"amount": 500, "currency": "eur", "customer": "cus_ada"}
    ok(caller, "stripe.payment_intents.create", **given, confirmation_method="manual")


def test_an_account_s_own_payment_methods_are_no_part_of_the_shape():
    """Which methods an account has switched on is its own affair, as its fields are."""
    recorded = {"payment_method_options": {"klarna": {}}, "amount": 1}
    assert unlike((200, recorded), (200, {"payment_method_options": {}, "amount": 2})) == []
