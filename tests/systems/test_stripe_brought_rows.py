"""Rows as an export brings them: shown whole, changed by the case alone, never written to."""

from __future__ import annotations

import copy

import orjson
import pytest

from understudy.candidates.toolbox import Toolbox
from understudy.model.world import World
from understudy.systems.engine import Engine

ROWS = {
    "stripe.customers": {"cus_1": {"id": "cus_1", "created": 1}},
    "stripe.products": {"prod_1": {"id": "prod_1", "name": "Seat"}},
    "stripe.prices": {
        name: {"id": name, "product": "prod_1", "unit_amount": 900, "currency": "eur"}
        for name in ("price_1", "price_2")
    },
    "stripe.subscriptions": {
        "sub_1": {
            "id": "sub_1", "customer": "cus_1", "status": "active", "created": 1,
            "items": {"object": "list", "data": [{"id": "si_1", "price": "price_1"}]},
        },
        "sub_2": {"id": "sub_2", "customer": "cus_1", "status": "active", "items": ["price_1"]},
    },
    "stripe.charges": {
        "ch_1": {
            "id": "ch_1", "customer": "cus_1", "amount": 900, "currency": "eur", "paid": True,
            "status": "succeeded", "invoice": "in_1", "payment_intent": "pi_elsewhere",
        }
    },
    "stripe.invoices": {
        "in_1": {
            "id": "in_1", "customer": "cus_1", "status": "paid", "currency": "eur",
            "lines": [
                {"amount": 900, "pricing": {"price_details": {"price": "price_1"}}},
                {"amount": 100, "pricing": {"price_details": {}, "type": "price_details"}},
            ],
        }
    },
}  # fmt: skip


@pytest.fixture
def systems():
    engine = Engine(World(copy.deepcopy(ROWS), now=1_800_000_000), seed=1)
    return Toolbox(engine, engine.open_case("one"))


def test_what_is_shown_of_a_line_does_not_change_its_row(systems):
    """The product of a line's price is told, and the world's own row has none as before."""
    world = systems._engine.world
    before = orjson.dumps(world.get("stripe.invoices", "in_1"))
    first, second = systems.call("stripe.invoices.retrieve", id="in_1")["lines"]["data"]
    assert first["pricing"]["price_details"] == {"price": "price_1", "product": "prod_1"}
    assert second["pricing"]["price_details"] in ({}, {"product": None})
    assert orjson.dumps(world.get("stripe.invoices", "in_1")) == before


def test_a_changed_subscription_shows_its_new_price(systems):
    """Items in the vendor's own list keep their ids, and tell what the case has changed."""
    (item,) = systems.call("stripe.subscriptions.retrieve", id="sub_1")["items"]["data"]
    assert (item["id"], item["price"]["id"]) == ("si_1", "price_1")
    changed = [{"id": "si_1", "price": "price_2"}]
    answer = systems.call("stripe.subscriptions.update", id="sub_1", items=changed)
    (item,) = answer["items"]["data"]
    assert (item["id"], item["price"]["id"]) == ("si_1", "price_2")
    (odd,) = systems.call("stripe.subscriptions.retrieve", id="sub_2")["items"]["data"]
    assert odd["price"] is None


def test_a_payment_whose_intent_is_not_there_has_its_charge_s_amount(systems):
    """It is told by its charge, and not as paid with nothing."""
    (payment,) = systems.call("stripe.invoice_payments.list", invoice="in_1")["data"]
    assert (payment["status"], payment["amount_paid"]) == ("paid", 900)
    assert payment["payment"]["charge"] == "ch_1"
