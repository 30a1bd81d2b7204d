"""When two values mean the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.diff.facts import facts_of
from understudy.diff.fields import FieldRule, Rules, Sort
from understudy.diff.values import canonical, differing_fields, same_value
from understudy.model.action import Action, Effect, Target

SAID = "Dear Ada, your refund of EUR 80.00 for order 1017 was issued today."
EXACT = FieldRule()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        (SAID.replace("80.00", "800.00"), "amounts"),
        (SAID.replace("1017", "1071"), "references"),
        (SAID.replace("was issued", "was not issued"), "negation"),
        (SAID.replace("today", "today, and next month is free of charge"), "promises"),
        (SAID.replace(" of EUR 80.00", ""), "amounts"),
        (SAID + " It arrives by 2026-12-01.", "dates"),
        (SAID.replace("EUR", "USD"), "amounts"),
    ],
)
def test_texts_that_read_alike_and_say_something_else(text, sort):
    """What string similarity calls 97 to 100 % alike is told apart by its facts."""
    assert sort in facts_of(SAID).differences(facts_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "We have sent 80.00 EUR back to your card (order 1017).",
        "Hi! For order 1017 we issued a refund of €80 this morning.",
        "<p>Your refund for order&nbsp;1017 is on its way: <b>80,00 EUR</b>.</p>",
        "Order 1017 was reimbursed: 80 EUR. Your ticket is ZD-12345.",
    ],
)
def test_a_paraphrase_with_the_same_facts_is_accepted(text):
    """Other words, mark-up and number forms are no difference, and a further reference is none."""
    assert facts_of(SAID).differences(facts_of(text)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Due on 2 November.", "Due on November 2nd."),
        ("Due on 2 November 2026.", "Due on 2026-11-02."),
        ("We refunded 1000 EUR.", "We refunded €1,000."),
        ("We refunded order 1017.", "We refunded order no. 1017."),
        ("Your refund is done.", "Your refund is done, no further action is needed."),
        ("We have decided 3 things.", "We have marked 3 things."),
    ],
)
def test_one_fact_in_two_forms(one, other):
    """Dates, amounts and numbers are read in the forms that people write."""
    assert facts_of(one).differences(facts_of(other)) == []


@pytest.mark.parametrize(
    ("one", "other", "sort"),
    [
        ("Due on 2 November.", "Due on 2 December.", "dates"),
        ("Due on 2026-11-02.", "Due on 2 Nov 2027.", "dates"),
        ("EUR 1000.50 refunded", "EUR 1000.99 refunded", "amounts"),
        ("We have received your parcel.", "We have not received your parcel.", "negation"),
    ],
)
def test_two_facts_in_one_form(one, other, sort):
    """A month, a year, cents and a `not` make another fact."""
    assert sort in facts_of(one).differences(facts_of(other))


def test_a_denial_is_not_a_promise():
    """`We cannot refund` and `we refunded` contradict each other."""
    assert "negation" in facts_of("We refunded it.").differences(facts_of("We cannot refund it."))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("250", 250.0),
        (19, "19.00"),
        (" ord_1 ", "ord_1"),
        ("true", True),
        (False, "false"),
        (["b", "a"], ["a", "b"]),
        ([{"id": "1"}, {"id": "2"}], [{"id": "2"}, {"id": "1"}]),
        ({"a": 1, "b": None}, {"a": "1.0"}),
        ("2026-10-01T14:00:00+02:00", "2026-10-01T12:00:00Z"),
    ],
)
def test_forms_that_mean_the_same(one, other):
    """Numbers, lists without order, absent values and times have one canonical form."""
    assert same_value(EXACT, one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0123", "123"),
        ("ord_1", "ORD_1"),
        (["a", "a"], ["a"]),
        (True, 1.5),
        ("true", False),
        ("True", True),
        ("", None),
        (12345678901234567890123456789012345, 12345678901234567890123456789012346),
        (float("nan"), float("nan")),
        ("2026-10-01", "2026-10-02"),
    ],
)
def test_forms_that_do_not_mean_the_same(one, other):
    """Codes keep their zeros, ids their case, multisets their counts; NaN equals nothing."""
    assert not same_value(EXACT, one, other)


@given(JSON)
def test_every_value_means_what_it_means(value):
    """A value equals itself, and comparing never fails, whatever a log holds."""
    assert canonical(value) == canonical(value)
    assert list(differing_fields({"x": value}, {"x": value}, "s.o", Rules())) == []


def test_a_value_nested_without_end_is_compared_all_the_same():
    """Hostile nesting ends in an answer and not in a crash."""
    deep: list[object] = []
    for _ in range(500):
        deep = [deep]
    assert canonical(deep) == canonical(deep)


@pytest.mark.parametrize(
    ("rule", "one", "other"),
    [
        (FieldRule(Sort.EMAIL), "Ada@Example.com", "ada@example.com "),
        (FieldRule(Sort.PHONE), "+49 (30) 123-456", "0049 30 123456"),
        (FieldRule(classes=(frozenset({"damaged", "defective"}),)), "damaged", "defective"),
        (FieldRule(tolerance=1), "2026-10-01T12:00:00Z", "2026-10-02T11:00:00Z"),
        (FieldRule(Sort.IGNORED), "2026", "1999"),
        (FieldRule(Sort.TEXT), "Paid 5 EUR.", "5 EUR were paid."),
    ],
)
def test_fields_have_their_own_sameness(rule, one, other):
    """Mail addresses, telephone numbers, classes of words, dates and texts compare by sort."""
    assert same_value(rule, one, other)


def test_bookkeeping_is_ignored_and_amounts_are_known():
    """The usual rules tell stamps, texts, amounts and contact data by the field's name."""
    sorts = {
        name: Rules().of("s.o", name).sort.value
        for name in ("hs_timestamp", "comment.body", "amount", "requester.email", "phone", "city")
    }
    assert list(sorts.values()) == ["ignored", "text", "amount", "email", "phone", "exact"]


def test_arguments_from_logs_compare_sensibly(judge):
    """Recorded tool calls agree whatever the form of numbers and the order of items."""

    def book(payment, flights):
        return Action(
            system="airline",
            operation="airline.book_reservation",
            fields={"user_id": "ada_1", "payment_methods": payment, "flights": flights},
            effect=Effect.PAY,
        )

    flights = [{"flight_number": "HAT1", "date": "2026-05-01"}, {"flight_number": "HAT2"}]
    one = book([{"payment_id": "card_1", "amount": "250"}], flights)
    other = book([{"amount": 250.0, "payment_id": "card_1"}], flights[::-1])
    wrong = book([{"amount": 251, "payment_id": "card_1"}], flights)
    assert judge([one], [other]).findings == ()
    assert [each.field for each in judge([wrong], [one]).findings] == ["payment_methods"]


def test_an_amount_in_a_field_is_priced_by_its_size(judge):
    """Where the action carries no amount itself, the field's difference is what is exposed."""

    def grant(amount):
        return Action(
            system="shop",
            operation="shop.grant",
            target=Target(type="user", id="1"),
            fields={"amount": amount},
        )

    found = judge([grant("30.50")], [grant(20)]).findings
    assert [(each.kind.value, each.exposure_minor) for each in found] == [("wrong_value", 1050)]


def test_nested_fields_are_named_by_their_path(judge):
    """A difference deep in an object is told where it lies."""

    def change(city):
        return Action(
            system="stripe",
            operation="stripe.customers.update",
            target=Target(type="customer", id="cus_1"),
            fields={"address": {"city": city, "line1": "Weg 1"}},
        )

    found = judge([change("Bonn")], [change("Köln")]).findings
    assert [(each.field, each.expected, each.actual) for each in found] == [
        ("address.city", "Köln", "Bonn")
    ]


@pytest.mark.parametrize(
    "forms",
    [
        (80, "80", "80.0", 80.0, Decimal("8E+1"), "80.000"),
        (0, "0", "-0", -0.0, "0.00"),
        (10**16, 1e16, "10000000000000000"),
        (0.5, "0.50", Decimal("0.5")),
        (1.5e300, Decimal("1.5E+300")),
    ],
)
def test_equal_numbers_have_one_form_and_one_name(forms):
    """Not only equal but written alike, since lists are sorted and new objects named by it."""
    assert {repr(canonical(each)) for each in forms} == {repr(canonical(forms[0]))}
    for each in forms:
        assert canonical([each, 9]) == canonical([9, forms[0]])


@pytest.mark.parametrize(
    ("one", "other"),
    [(10**40, 10**40 + 1), (12.345, 12.346), ("1.5", "1.50001"), (float("inf"), 1)],
)
def test_numbers_are_not_rounded(one, other):
    """Long ids and small parts tell numbers apart."""
    assert canonical(one) != canonical(other)
