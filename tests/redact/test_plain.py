"""What a text's form alone says of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.redact.key import RedactionKey
from understudy.redact.patterns import PERSONAL, SECRETS
from understudy.redact.plain import PLAIN, is_plain
from understudy.redact.redactor import Redactor

KEY = RedactionKey(material=bytes(range(32)))


@given(st.from_regex(PLAIN, fullmatch=True))
def test_no_pattern_finds_anything_in_what_is_passed_over(text):
    """What is not looked into holds nothing that looking would have found, in base64 neither."""
    assert [
        p.kind for p in SECRETS + PERSONAL for m in p.regex.finditer(text) if p.valid(m[0])
    ] == []
    if is_plain(text):
        looked = Redactor(KEY)
        assert looked.redact_text(f"<{text}>") == f"<{text}>"
        assert not looked.counts


@pytest.mark.parametrize("value", [
    "4539148803436467", "4539 1488 0343 6467", "+4930901820", "93.184.216.34", "415-555-2671",
    "AC" + "0123456789abcdef0123456789abcdef",
    "key-" + "0123456789abcdef0123456789abcdef",
])  # fmt: skip
def test_numbers_that_are_somebody_s_are_not_plain(value):
    """Cards, phones, addresses of machines and keys are looked at, however numeric they are."""
    assert not is_plain(value)
    assert Redactor(KEY).redact_headers({"x-note": value}) != {"x-note": value}


def test_a_header_with_a_telling_name_is_taken_however_plain_its_value_is():
    """A session id may be a UUID, a one-time code a number, and a date somebody's birthday."""
    told = {
        "x-session-id": "0b2f1c3d-1111-4222-8333-444455556666", "x-api-key": "0123456789" * 3,
        "otp": "123456", "birthday": "1980-02-29",
    }  # fmt: skip
    clean = Redactor(KEY).redact_headers(told)
    assert not set(clean.values()) & set(told.values())
