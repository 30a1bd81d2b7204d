"""Actions in plain words, as every report prints them."""

from __future__ import annotations

import pytest

from understudy.cost.wording import action_line, deed, money_of, place_of, shown
from understudy.model.action import DESK, ESCALATION_OPERATION, Action, Target


def refund(**more):
    usual = {"amount_minor": 9600, "currency": "EUR"}
    return Action(system="stripe", operation="stripe.refunds.create", **(usual | more))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"), ("text", "text"), (3, "3"), (False, "False"), ([1, "a"], "[1, 'a']"),
        ("\x1b[1m", "\\x1b[1m"), ("", ""), (0, "0"),
    ],
)  # fmt: skip
def test_a_value_is_short_and_printable(value, words):
    """Texts stand bare, everything else as Python writes it, and nothing controls a terminal."""
    assert shown(value) == words


def test_long_values_are_cut():
    """A value takes at most 120 signs, an action at most 200, however long the data is."""
    assert shown("x" * 120) == "x" * 120
    assert len(shown("x" * 121)) == 120
    assert len(shown(["x"] * 100)) == 120
    assert len(action_line(refund(fields={"reason": "x" * 500, "note": "y" * 500}))) == 200
    assert len(deed(Action(system="s", operation="s." + "o" * 300))) == 200


def test_an_amount_is_told_in_its_currency():
    """None where there is none, bare where the currency is not known, yen without decimals."""
    assert money_of(refund()) == "96.00 EUR"
    assert money_of(refund(currency="eur")) == "96.00 EUR"
    assert money_of(refund(currency="jpy")) == "9,600 JPY"
    assert money_of(refund(currency=None)) == "9600"
    assert money_of(refund(amount_minor=None)) is None
    assert money_of(refund(amount_minor=0)) == "0.00 EUR"


def test_the_place_is_the_object_and_never_the_desk():
    """What exists is named, what is made is new, and a handover has no place."""
    assert place_of(refund()) == ""
    assert place_of(refund(target=Target(type="charge", id="ch_1"))) == "charge ch_1"
    assert place_of(refund(target=Target(type="charge"))) == "new charge"
    assert len(place_of(refund(target=Target(type="charge", id="9" * 300)))) == 120
    assert len(place_of(refund(target=Target(type="t" * 300)))) == 120
    handed = Action(system=DESK, operation=ESCALATION_OPERATION, target=Target(type="case", id="1"))
    assert (place_of(handed), deed(handed)) == ("", "handed the case to a person")


def test_a_deed_has_its_amount_and_its_place_where_there_are_any():
    """Known operations in words, others by their name; nothing is left of what is not there."""
    assert deed(refund(amount_minor=None)) == "refunded"
    assert deed(refund(target=Target(type="charge", id="c"))) == "refunded 96.00 EUR (charge c)"
    own = Action(system="erp", operation="erp.post")
    assert deed(own) == "did erp.post"
    paid = Action(system="erp", operation="erp.post", amount_minor=5, currency="EUR")
    assert deed(paid) == "did erp.post for 0.05 EUR"


def test_a_line_has_everything_that_was_said():
    """Operation, deed, refusal and all fields, in their order."""
    assert action_line(refund(fields={"reason": None, "n": 2})) == (
        "stripe.refunds.create: refunded 96.00 EUR; reason=nothing, n=2"
    )
    assert action_line(refund()) == "stripe.refunds.create: refunded 96.00 EUR"
    refused = Action(system="erp", operation="erp.post", response_status=409)
    assert action_line(refused) == "refused with 409, not done: did erp.post"
    assert action_line(Action(system="erp", operation="erp.post")) == "did erp.post"
