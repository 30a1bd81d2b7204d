"""What a text commits to: each form of an amount, a date, a reference and a promise."""

from __future__ import annotations

import pytest

from understudy.diff.facts import facts_of, missing_facts


@pytest.mark.parametrize("number", range(1, 13))
def test_every_month_is_known_by_its_names(number):
    """Long or short, before or after the day, with and without its year."""
    names = ("January", "February", "March", "April", "May", "June", "July", "August",
             "September", "October", "November", "December")  # fmt: skip
    name = names[number - 1]
    expected = frozenset({f"{number:02}-03"})
    for text in (
        f"on 3 {name}", f"on 3. {name[:3]}", f"on {name} 3rd", f"on {name[:3]}. 3",
        f"on the 3rd of {name.upper()}", f"by 2026-{number:02}-03!",
    ):  # fmt: skip
        assert facts_of(text).dates == expected, text
        assert facts_of(text).references == frozenset(), text
    for text in (f"on 3 {name} 2026", f"on {name} 3, 2026", f"2026-{number:02}-03"):
        facts = facts_of(text)
        assert (facts.dates, facts.years) == (expected, frozenset({"2026"})), text


def test_a_date_in_figures_is_taken_as_it_is_written():
    """Nobody knows whether 3/4 is in March or April, so it is neither, and no amount."""
    facts = facts_of("on 3/4/2026 and 03.04.26")
    assert facts.dates == frozenset({"3/4/2026", "03.04.26"})
    assert (facts.amounts, facts.years) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("EUR 80", "8E+1", "EUR"),
        ("80 EUR", "8E+1", "EUR"),
        ("80.50€", "80.5", "EUR"),
        ("$1,234.50", "1234.5", "USD"),
        ("£ 12", "12", "GBP"),
        ("¥1200", "1.2E+3", "JPY"),
        ("1.234,50 CHF", "1234.5", "CHF"),
        ("KWD 1'250", "1.25E+3", "KWD"),
    ],
)
def test_money_is_a_number_and_a_currency(text, amount, currency):
    """By sign or code, before or after, in any country's writing; and never a reference."""
    facts = facts_of(f"You get {text}.")
    assert facts.amounts == frozenset({amount})
    assert facts.currencies == frozenset({currency})
    assert facts.references == frozenset()


def test_a_bare_number_is_an_amount_and_a_long_one_a_reference():
    """`3 seats`, and order 10017; a price with decimals is never cut in two."""
    facts = facts_of("3 seats for order 10017 at 99.5, see re_1A2b3C4d and INV-2024")
    assert facts.amounts == frozenset({"3", "99.5"})
    assert facts.references == frozenset({"10017", "re_1A2b3C4d", "INV-2024"})
    assert facts.currencies == frozenset()


@pytest.mark.parametrize(
    ("text", "promise"),
    [
        ("we will refund it", "refund"),
        ("we reimburse you", "refund"),
        ("your money back", "refund"),
        ("we sent it all back", "refund"),
        ("it is returned to you", "refund"),
        ("we credited it", "credit"),
        ("it is cancelled", "cancel"),
        ("the contract terminates", "cancel"),
        ("we waive the fee", "waive"),
        ("it is free of charge", "waive"),
        ("a discount", "discount"),
        ("a voucher", "discount"),
        ("we compensate you", "compensate"),
        ("as goodwill", "compensate"),
        ("it was deleted", "delete"),
        ("we erase it", "delete"),
        ("it is removed", "delete"),
        ("both are merged", "merge"),
        ("a replacement", "replace"),
        ("an exchange", "replace"),
        ("guaranteed", "guarantee"),
        ("we promise", "guarantee"),
    ],
)
def test_promises_are_known_by_their_words(text, promise):
    """Stated as such, and denied by any word that denies."""
    facts = facts_of(text.capitalize() + ".")
    assert facts.promises == frozenset({promise})
    assert (("promise", promise), True) in facts.said
    denied = facts_of(f"It is not true that {text}.")
    assert (("promise", promise), False) in denied.said
    assert facts.contradicts(denied) and denied.contradicts(facts)
    assert "negation" in facts.differences(denied)


def test_a_credit_card_is_no_credit():
    """The card is charged, which promises nothing."""
    assert facts_of("We charged your credit card.").promises == frozenset()


@pytest.mark.parametrize(
    "text", ["order no. 17", "do not hesitate", "not only this", "without delay", "no problem"]
)
def test_words_that_deny_nothing(text):
    """They look like denials; a text with them states what it states."""
    assert facts_of(f"{text} and we refund it").said >= {(("promise", "refund"), True)}


def test_a_denial_reaches_as_far_as_its_clause():
    """After a full stop, `but` or `so` something else may be stated."""
    facts = facts_of("We cannot cancel it, but we refund it. We never waive fees")
    assert (("promise", "cancel"), False) in facts.said
    assert (("promise", "refund"), True) in facts.said
    assert (("promise", "waive"), False) in facts.said


def test_differences_are_named_by_sort():
    """Amounts and dates both ways, references and promises where they are left out."""
    full = facts_of("We refund 80 EUR for order 10017 on 3 May 2026.")
    assert full.differences(full) == []
    assert full.differences(facts_of("Hello.")) == [
        "amounts", "references", "dates", "promises",
    ]  # fmt: skip
    assert facts_of("Hello.").differences(full) == ["amounts", "dates", "promises"]
    assert full.differences(facts_of("We refund 80 USD for order 10017 on 3 May.")) == ["amounts"]
    other = facts_of("We refund 80 EUR for order 10017 on 3 May 2027.")
    assert full.differences(other) == ["dates"]
    assert full.differences(facts_of("You get 80 EUR for order 10017 on 3 May.")) == []


def test_clashes_are_what_cannot_both_be_true():
    """What only one text mentions is none."""
    full = facts_of("We refund 80 EUR for order 10017 on 3 May.")
    assert full.clashes(facts_of("Hello.")) == []
    assert full.clashes(facts_of("70 EUR, order 10018, 4 May")) == [
        "amounts", "references", "dates",
    ]  # fmt: skip
    assert full.clashes(facts_of("We do not refund it.")) == ["negation"]


def test_a_single_not_is_seen_without_any_fact():
    """The same words, of which one text denies."""
    one, other = facts_of("That is possible."), facts_of("That is not possible.")
    assert one.contradicts(other) and one.differences(other) == ["negation"]
    assert not one.contradicts(facts_of("That is quite possible."))


def test_html_is_read_as_people_see_it():
    """Tags are no words, entities are what they stand for."""
    facts = facts_of('<p class="x80">We don&#8217;t refund <b>80&nbsp;EUR</b></p>')
    assert (("promise", "refund"), False) in facts.said
    assert facts.amounts == frozenset({"8E+1"})


@pytest.mark.parametrize(
    ("fact", "text", "found"),
    [
        ("80", "80 EUR", True),
        ("80", "80.00 EUR", True),
        ("80", "80.05 EUR", False),
        ("80", "180", False),
        ("80", "801", False),
        ("80", "1.80", False),
        ("80.5", "80.50", True),
        ("80.5", "80.51", False),
        ("1,286", "1286", True),
        ("1286", "1,286.00", True),
        ("Blue  Car", "a blue car", True),
        ("blue car", "a bluecar", False),
        ("re_1", "re_1 is there", True),
        ("EUR", "EUR80", True),
        ("re_1", "re_12 is there", False),
    ],
)
def test_a_required_fact_is_found_whole(fact, text, found):
    """Numbers are not found within others; case, commas and spacing do not matter."""
    assert missing_facts([fact], ["Hello.", text]) == ([] if found else [fact])
