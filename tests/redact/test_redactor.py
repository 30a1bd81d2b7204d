"""What is taken out of recorded traffic, and what stays."""

from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.redact.scan import scan_text, scan_value

KEY = RedactionKey(material=bytes(range(32)))
SECRETS = {
    "stripe_key": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "stripe_webhook": "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "hubspot_token": "pat-na1-" + "0b2f1c3d-1111-4222-8333-444455556666",
    "aws_key": "AKIA" + "IOSFODNN7EXAMPLE",
    "github_token": "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "slack_token": "xoxb-" + "123456789012-abcdefghijkl",
    "google_key": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "model_key": "sk-proj-" + "abcdefghijklmnopqrstuvwxyz0123456789",
    "mail_key": "SG." + "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr",
    "twilio_key": "AC" + "0123456789abcdef0123456789abcdef",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    "private_key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpA\n-----END RSA PRIVATE KEY-----",
}
PERSONAL = {
    "email": "Ann.Lee+news@corp-mail.com",
    "phone": "+49 30 901820-17",
    "card": "4539 1488 0343 6467",
    "iban": "DE89 3704 0044 0532 0130 00",
    "vat": "DE136695976",
    "ip": "93.184.216.34",
}
CANARY = "hunter2-canary-7f3"


@pytest.mark.parametrize(("kind", "secret"), SECRETS.items(), ids=SECRETS)
def test_known_secrets_never_survive(redactor, kind, secret):
    """Each known shape of a secret goes from the middle of a text, and is counted by its kind."""
    clean = redactor.redact_text(f"before <{secret}> after")
    assert secret not in clean
    assert clean.startswith("before <")
    assert clean.endswith("> after")
    assert redactor.counts[kind] == 1
    assert scan_text(clean) == []


@pytest.mark.parametrize(("kind", "value"), PERSONAL.items(), ids=PERSONAL)
def test_personal_data_goes_and_scan_accepts_what_stands_instead(redactor, kind, value):
    """Valid personal data is replaced by a pseudonym of a reserved range."""
    clean = redactor.redact_text(f"it is {value}, thanks")
    assert value not in clean
    assert redactor.counts == {kind: 1}
    assert scan_text(clean) == []
    assert [hit.kind for hit in scan_text(value)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "a basic economy seat, and basic information for the bearer",
        "order #W6390527 of 2024-05-20, 1611642131 seconds, 1,203.50 USD",
        "4242 4242 4242 4242 is a number that Stripe publishes for tests",
        "4111 1111 1111 1112 does not pass the check digit",
        "write to ann@example.com or call 127.0.0.1",
        "version 1.2.3.400, flight HAT136, reservation XEWRD9",
        '{"prompt_tokens": 3346, "next_page_token": null}',
    ],
)
def test_ordinary_text_stays_as_it_is(redactor, text):
    """What only resembles a secret or a number of somebody's is not touched."""
    assert redactor.redact_text(text) == text
    assert not redactor.counts


def test_synthetic_traffic_keeps_its_people_and_loses_its_secrets(key):
    """People of generated worlds are nobody; a secret among them is still a secret."""
    redactor = Redactor(key, personal=False)
    clean = redactor.redact_value({"email": PERSONAL["email"], "password": CANARY, "zip": "10115"})
    assert clean["email"] == PERSONAL["email"]
    assert clean["zip"] == "10115"
    assert CANARY not in clean["password"]


def test_equal_values_stay_equal_and_different_ones_different(redactor):
    """Joins survive: the same person has the same pseudonym in every place and spelling."""
    first = redactor.redact_value({"email": "Ann@Corp.com"})["email"]
    in_text = redactor.redact_text("from ann@corp.com to bob@corp.com")
    assert first in in_text
    addresses = re.findall(r"\S+@\S+", in_text)
    assert addresses[0] != addresses[1]
    assert addresses[0].partition("@")[2] == addresses[1].partition("@")[2]


def test_another_key_gives_other_pseudonyms():
    """Without the key nobody can recompute a pseudonym from a guess."""
    other = Redactor(RedactionKey(material=bytes(32)))
    assert other.redact_text("ann@corp.com") != Redactor(KEY).redact_text("ann@corp.com")


def test_formats_are_kept_where_systems_look_at_them(redactor):
    """Cards pass the check digit, phones keep their layout, numbers stay numbers."""
    clean = redactor.redact_value(
        {"card": PERSONAL["card"], "phone": "(415) 555-2671", "mobile": 4155552671}
    )
    assert luhn.is_valid(clean["card"].replace(" ", ""))
    assert re.fullmatch(r"\d{4} \d{4} \d{4} \d{4}", clean["card"])
    assert re.fullmatch(r"\(999\) \d{3}-\d{4}", clean["phone"])
    assert str(clean["mobile"]) == re.sub(r"\D", "", clean["phone"])


def test_field_names_decide_where_values_do_not_show(redactor):
    """A password or a name looks like any word; its field says what it is."""
    clean = redactor.redact_value(
        {
            "client_secret": {"value": CANARY, "rounds": 12},
            "customer": {"name": "Ann Lee", "plan": "pro"},
            "product": {"name": "Ann Lee lamp"},
            "lastName": "Lee",
        }
    )
    assert CANARY not in json.dumps(clean)
    assert clean["customer"]["name"].startswith("Redacted ")
    assert clean["customer"]["plan"] == "pro"
    assert clean["product"]["name"] == "Ann Lee lamp"
    assert clean["lastName"].startswith("Redacted ")


def test_headers_lose_their_secrets_and_keep_their_scheme(redactor):
    """Credentials and cookies go whole; what systems route by stays."""
    clean = redactor.redact_headers(
        {
            "Authorization": f"Bearer {CANARY}",
            "Cookie": f"sid={CANARY}; theme=dark",
            "Set-Cookie": f"sid={CANARY}; Path=/; HttpOnly",
            "X-Api-Key": CANARY,
            "Content-Type": "application/json",
            "Referer": f"https://u:{CANARY}@shop.test/x?api_key={CANARY}",
        }
    )
    assert CANARY not in json.dumps(clean)
    assert clean["Authorization"].startswith("Bearer REDACTED_")
    assert clean["Set-Cookie"].endswith("; Path=/; HttpOnly")
    assert clean["Content-Type"] == "application/json"


WRAPPINGS = {
    "json in text": lambda secret: json.dumps({"note": json.dumps({"password": secret})}),
    "form": lambda secret: f"grant_type=x&client_secret={secret}&a=1",
    "encoded form": lambda secret: f"data%5Bapi_key%5D=1&api_key%3D{secret}",
    "raw header": lambda secret: f"POST / HTTP/1.1\r\nCookie: sid={secret}\r\n\r\n",
    "yaml": lambda secret: f"api-key: '{secret}'",
    "url": lambda secret: f"postgres://admin:{secret}@db.internal/main",
    "base64": lambda secret: base64.b64encode(f'{{"password":"{secret}"}}'.encode()).decode(),
    "base64 twice": lambda secret: base64.b64encode(
        base64.b64encode(f"client_secret={secret}&scope=all".encode())
    ).decode(),
    "basic": lambda secret: "Basic " + base64.b64encode(f"ann:{secret}".encode()).decode(),
}


def uncovered(text: str, layers: int = 3) -> str:
    """The text with all base64 in it opened, so that nothing hides from the assertion."""
    found = [text]
    for token in re.findall(r"[A-Za-z0-9+/]{16,}={0,2}", text) if layers else ():
        try:
            inner = base64.b64decode(token + "=" * (-len(token) % 4)).decode("utf-8")
        except ValueError:
            continue
        found.append(uncovered(inner, layers - 1))
    return "\n".join(found)


@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS)
def test_canaries_survive_in_no_wrapping(redactor, wrap):
    """A secret is found in forms, JSON in text, URLs, raw headers and base64 of them."""
    clean = redactor.redact_text(f"see {wrap(CANARY)} !")
    assert CANARY not in uncovered(clean)
    assert scan_text(clean) == []


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=60),
    st.sampled_from([*SECRETS.values(), *PERSONAL.values(), "REDACTED_SECRET_0123456789abcdef"]),
)
NAMES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["password", "email", "name", "customer", "token", "phone", "zip", "dob", "ip"]
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(TREES)
def test_a_redacted_value_scans_clean_and_stays_as_it_is(value):
    """Redaction is complete by its own rules, and doing it twice changes nothing."""
    clean = Redactor(KEY).redact_value(value)
    again = Redactor(KEY)
    assert again.redact_value(clean) == clean
    assert list(scan_value(clean)) == []


@given(st.text(max_size=200), st.sampled_from([*SECRETS.values()]), st.text(max_size=200))
def test_no_surrounding_text_shields_a_secret(before, secret, after):
    """Whatever stands around it, set off by spaces, a known secret does not survive."""
    assert secret not in Redactor(KEY).redact_text(f"{before} {secret} {after}")


@pytest.mark.parametrize(
    "text",
    ["a" * 200_000, "a@" * 60_000, "1 " * 100_000, "eyJ" * 60_000, "-----BEGIN PRIVATE KEY" * 9000,
     "://" * 60_000, "password=" * 20_000, "1:" * 90_000, "DE12" * 50_000],
    ids=lambda text: text[:8],
)  # fmt: skip
@pytest.mark.timeout(15)
def test_no_text_makes_redaction_slow(redactor, text):
    """Hostile repetition of anything a pattern starts with is read in linear time."""
    redactor.redact_text(text)


def test_a_scan_names_the_place_and_never_the_value():
    """What was found is told by kind and place only, so that the report does not leak it."""
    hits = list(scan_value({"notes": [{"body": f"key {SECRETS['stripe_key']}"}], "token": CANARY}))
    assert [(hit.kind, hit.place) for hit in hits] == [
        ("stripe_key", "notes[0].body"),
        ("secret", "token"),
    ]
    assert SECRETS["stripe_key"] not in repr(hits)


def test_a_token_that_a_pseudonym_makes_long_enough_is_replaced_too():
    """What is too short to be a token may be one behind the pseudonym of an address in it."""
    clean = Redactor(KEY).redact_text("Bearer sl=a%40b.co and more")
    again = Redactor(KEY)
    assert again.redact_text(clean) == clean
    assert not again.counts


def test_a_query_with_bytes_that_are_no_text_is_redacted_all_the_same():
    """A URL that a capture could not decode whole costs no traceback, and hides its secret."""
    url = Redactor(KEY).redact_url("https://a.test/x?q=\udcff\ud800&token=hunter2hunter2")
    assert "hunter2" not in url
    assert url.startswith("https://a.test/x?q=")


def test_what_is_remembered_of_fields_is_short():
    """Long values of personal fields are replaced alike each time, and none of them is held."""
    redactor, long = Redactor(KEY), "Ann Lee " * 1_000
    first, again = (redactor.redact_value({"first_name": long}) for _ in range(2))
    assert first == again != {"first_name": long}
    assert redactor.counts["name"] == 2
    assert not any(len(value) > 500 for _, value in redactor._fields)
