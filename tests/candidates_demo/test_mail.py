"""Reading mails as customers write them."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.candidates.demo.mail import Sum, own_words, read_mail, wishes
from understudy.workflows.amounts import LIMITS, spoken_text


def mail(text: str, subject: str = ""):
    return read_mail(
        {"subject": subject, "description": text}, {"email": "A@b.example", "name": ""}
    )


@given(
    minor=st.integers(1, 10**8),
    currency=st.sampled_from(sorted(LIMITS)),
    language=st.sampled_from(["en", "de", "es", "fr"]),
    seed=st.integers(0, 50),
)
def test_an_amount_is_read_as_the_customer_meant_it(minor, currency, language, seed):
    """Whatever sign, mark and order an amount is written in, the same minor units come out."""
    text = spoken_text(minor, currency, language, Random(seed))
    found = mail(f"please refund {text} to us").sums
    assert [(each.minor(), each.currency) for each in found] == [(minor, currency)]


@pytest.mark.parametrize("written", ["12.5", "1,2345", "1.2.34"])
def test_an_amount_that_is_not_clear_is_none(written):
    """What could mean two things is not guessed."""
    assert Sum(written, "EUR").minor() is None


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("please refund invoice ABCDEFGH-0001", "refund"),
        ("you took 5 EUR twice from our card", "twice"),
        ("please cancel our subscription", "cancel"),
        ("we have moved. Our new address is:", "address"),
        ("please change my e-mail address to a@b.example", "email"),
        ("our lawyer will take over", "management"),
        ("bitte kündigen Sie unser Abo", "cancel"),
        ("because of your outage we could not work", "outage"),
    ],
)
def test_a_wish_is_understood(text, wish):
    """The first wish of a mail is the one that it is about."""
    assert wishes(mail(text))[0] == wish


def test_a_mail_about_nothing_has_no_wish():
    """Nothing is read into a mail that asks for nothing."""
    assert wishes(mail("I am out of office until Monday.")) == []


def test_quotes_signatures_and_markup_are_not_the_senders_words():
    """What stands in a quoted thread, below a signature or in tags is not what is asked for."""
    thread = "Refund it.\n\nWe look into it.\n\nAnn wrote on Monday:\n> Please cancel.\n> Bye"
    assert own_words(thread) == "Refund it."
    assert "Director" not in own_words("Refund it.\n-- \nAnn\nDirector")
    assert "style" not in own_words('<div style="x"><p>Refund &amp; thanks</p></div>')


def test_a_new_address_is_three_lines_behind_a_colon():
    """Street, city and postal code are taken as written, and a shorter block is none."""
    assert mail("Our new address is:\n\n5 High Street\nLondon\nSW1A 1AA\n\nThanks").address == (
        "5 High Street", "London", "SW1A 1AA",
    )  # fmt: skip
    assert mail("Our new address is:\n\nLondon\n\nThanks").address is None
