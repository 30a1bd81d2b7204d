"""The two domains as systems of one's own: what each operation does, refuses and leaves alone."""

from __future__ import annotations

import copy

import pytest
from tests.external.airline import Airline
from tests.external.books import Dialect
from tests.external.retail import Retail

from understudy.diff.effects import compare_effects
from understudy.model.action import Action

SHOP = {
    "users": {"u": {
        "address": {"zip": "1"},
        "payment_methods": {
            "gift_card_1": {"source": "gift_card", "id": "gift_card_1", "balance": 10.0},
            "card_1": {"source": "credit_card", "id": "card_1"},
        },
    }},
    "products": {"p": {"variants": {
        "a": {"available": True, "price": 5.0, "options": {"size": "S"}},
        "b": {"available": True, "price": 9.1, "options": {"size": "M"}},
        "c": {"available": False, "price": 1.0, "options": {"size": "L"}},
        "d": {"available": True, "price": 99.0, "options": {"size": "XL"}},
    }}},
    "orders": {
        name: {
            "user_id": "u", "status": status, "address": {"zip": "1"},
            "items": [{"item_id": "a", "product_id": "p", "price": 5.0, "options": {}}],
            "payment_history": [
                {"transaction_type": "payment", "amount": 5.0, "payment_method_id": "card_1"}
            ],
        }
        for name, status in (("#P", "pending"), ("#D", "delivered"))
    },
}  # fmt: skip
LINES = {
    "users": {"ann_1": {
        "reservations": [],
        "payment_methods": {
            "gift_card_1": {"source": "gift_card", "id": "gift_card_1", "amount": 300},
            "certificate_1": {"source": "certificate", "id": "certificate_1", "amount": 100},
        },
    }},
    "flights": {"HAT1": {"origin": "JFK", "destination": "LAX", "dates": {
        "2024-05-20": {"status": "available", "available_seats": {"economy": 1},
                       "prices": {"economy": 120}},
        "2024-05-01": {"status": "landed"},
    }}},
    "reservations": {},
}  # fmt: skip
BOOKING = {
    "user_id": "ann_1", "origin": "JFK", "destination": "LAX", "flight_type": "one_way",
    "cabin": "economy", "flights": [{"flight_number": "HAT1", "date": "2024-05-20"}],
    "passengers": [{"first_name": "Ann", "last_name": "Lee", "dob": "1990-01-01"}],
    "payment_methods": [{"payment_id": "gift_card_1", "amount": 120}],
    "total_baggages": 0, "nonfree_baggages": 0, "insurance": "no",
}  # fmt: skip
ADDRESS = dict.fromkeys(("address1", "address2", "city", "state", "country", "zip"), "x")


def act(operation, status=None, **fields):
    return Action(
        system="shop", operation=f"shop.{operation}", fields=fields, response_status=status
    )


def play(system, *actions):
    """The statuses, and what has changed by then."""
    before = system.snapshot()
    answered = [system.apply(action).response_status for action in actions]
    return answered, {(one.entity, one.id, one.field): one.after for one in system.diff(before)}


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("cancel_pending_order", {"order_id": "#D", "reason": "no longer needed"}),
        ("cancel_pending_order", {"order_id": "#P", "reason": "bored"}),
        ("cancel_pending_order", {"order_id": "#P"}),
        ("modify_pending_order_items",
         {"order_id": "#P", "item_ids": ["a"], "new_item_ids": ["c"],
          "payment_method_id": "card_1"}),
        ("modify_pending_order_items",
         {"order_id": "#P", "item_ids": ["a"], "new_item_ids": ["a"],
          "payment_method_id": "card_1"}),
        ("modify_pending_order_items",
         {"order_id": "#P", "item_ids": ["a", "a"], "new_item_ids": ["b", "b"],
          "payment_method_id": "card_1"}),
        ("exchange_delivered_order_items",
         {"order_id": "#D", "item_ids": ["a"], "new_item_ids": ["d"],
          "payment_method_id": "gift_card_1"}),
        ("return_delivered_order_items",
         {"order_id": "#D", "item_ids": ["b"], "payment_method_id": "card_1"}),
        ("modify_pending_order_payment", {"order_id": "#P", "payment_method_id": "card_1"}),
        ("modify_user_address", {"user_id": "nobody", **ADDRESS}),
        ("modify_user_address", {"user_id": "u", **ADDRESS, "zip": 1}),
        ("unheard_of", {}),
    ],
)  # fmt: skip
def test_what_the_shop_refuses_changes_nothing(operation, fields):
    """A call against its rules is an attempt: status 400, and the state stays."""
    assert play(Retail(SHOP, Dialect.TAU2), act(operation, **fields)) == ([400], {})


def test_other_variants_are_paid_with_the_gift_card():
    """The difference leaves the card, the item has the new price, and the order says so."""
    chosen = {"item_ids": ["a"], "new_item_ids": ["b"], "payment_method_id": "gift_card_1"}
    statuses, after = play(
        Retail(SHOP, Dialect.TAU2), act("modify_pending_order_items", order_id="#P", **chosen)
    )
    assert statuses == [200]
    assert after["users", "u", "payment_methods"]["gift_card_1"]["balance"] == 5.9
    assert after["orders", "#P", "items"][0]["price"] == 9.1
    assert after["orders", "#P", "status"] == "pending (item modified)"


def test_the_shared_state_stays_as_it_was():
    """Runs share one initial state, and none of them writes to it."""
    before = copy.deepcopy(SHOP)
    play(
        Retail(SHOP, Dialect.TAU),
        act("cancel_pending_order", order_id="#P", reason="no longer needed"),
        act("return_delivered_order_items", order_id="#D", item_ids=["a"],
            payment_method_id="card_1"),
        act("modify_user_address", user_id="u", **ADDRESS),
    )  # fmt: skip
    assert before == SHOP


def test_two_ways_to_one_state_are_equal():
    """Order of items does not matter to an exchange; the address that stays is no difference."""
    back = {"order_id": "#P", "payment_method_id": "gift_card_1"}
    effects = compare_effects(
        lambda: Retail(SHOP, Dialect.TAU2),
        [act("modify_pending_order_payment", **back)],
        [act("cancel_pending_order", order_id="#D", reason="no longer needed"),
         act("modify_pending_order_payment", **back)],
    )  # fmt: skip
    assert effects.equal
    assert [action.response_status for action in effects.candidate] == [400, 200]


def test_a_booking_takes_money_and_a_seat():
    """The card is charged, the flight has a seat less, and a second booking finds none."""
    statuses, after = play(
        Airline(LINES, Dialect.TAU2),
        act("book_reservation", **BOOKING), act("book_reservation", **BOOKING),
    )  # fmt: skip
    assert statuses == [200, 400]
    assert after["users", "ann_1", "payment_methods"]["gift_card_1"]["amount"] == 180
    assert after["users", "ann_1", "reservations"] == ["HATHAT"]
    assert after["flights", "HAT1", "dates"]["2024-05-20"]["available_seats"]["economy"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"payment_methods": [{"payment_id": "gift_card_1", "amount": 119}]},
        {"payment_methods": [{"payment_id": "certificate_1", "amount": 120}]},
        {"flights": [{"flight_number": "HAT1", "date": "2024-05-01"}]},
        {"passengers": [{"first_name": "Ann", "last_name": "Lee"}]},
        {"cabin": "first"},
        {"insurance": "maybe"},
        {"user_id": "ann_2"},
    ],
)
def test_a_booking_against_the_rules_changes_nothing(change):
    """Too little money, no seat, no such passenger, cabin or customer: refused without effect."""
    booking = act("book_reservation", **BOOKING | change)
    assert play(Airline(LINES, Dialect.TAU2), booking) == ([400], {})


def test_certificates_run_out():
    """The environment has three ids for them; a fourth is refused."""
    gift = act("send_certificate", user_id="ann_1", amount=50)
    statuses, _ = play(Airline(LINES, Dialect.TAU2), gift, gift, gift, gift)
    assert statuses == [200, 200, 200, 400]


def test_an_id_in_another_case_is_taken_where_the_log_says_so():
    """Later environments fold ids: what the log shows as accepted is, and is kept as spelled."""
    fields = BOOKING | {"user_id": "Ánn_1 "}
    statuses, after = play(Airline(LINES, Dialect.TAU2), act("book_reservation", 200, **fields))
    assert statuses == [200]
    assert after["reservations", "HATHAT", "user_id"] == "ann_1"
    assert play(Airline(LINES, Dialect.TAU2), act("book_reservation", **fields)) == ([400], {})
