"""What the one pass over a text says is never less than what a look at each pattern would find."""

from __future__ import annotations

import json
import random
import sys

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.redact.fields import PEOPLE, kind_of_field, sensitive_names
from understudy.redact.key import RedactionKey
from understudy.redact.patterns import PERSONAL, SECRETS
from understudy.redact.redactor import Redactor
from understudy.redact.search import Search, finder_for
from understudy.redact.sieve import Sieve

ALL = SECRETS + PERSONAL
SIEVE = Sieve(personal=True)
AROUND = st.text(st.sampled_from('ab 1.:-_@/\\"\n\té€\u2028K'), max_size=6)


EXAMPLES = [pytest.param(6, id="few"), pytest.param(300, id="many", marks=pytest.mark.fuzz)]


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("number", range(len(ALL)), ids=lambda n: f"{ALL[n].kind}-{n}")
def test_every_match_has_its_hint(number, examples):
    """Whatever a pattern matches, in whatever script and context, its hint is found there too."""
    tried = given(st.data())(lambda data: look_for_hints(ALL[number], data))
    settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))(tried)()


def look_for_hints(pattern, data):
    text = data.draw(AROUND) + data.draw(st.from_regex(pattern.regex)) + data.draw(AROUND)
    for match in pattern.regex.finditer(text):
        assert pattern in SIEVE.in_text(text).patterns, match[0]
        assert SIEVE.in_json(orjson.dumps([text]))


def spelled(name, chance):
    """A field's name as somebody else would write it."""
    letters = (each.upper() if chance.random() < 0.3 else each for each in name)
    return "".join(
        letter + chance.choice(("", "", "", "_", "-", " ", ".", "é", "\\")) for letter in letters
    )


def test_every_sensitive_name_is_seen_however_it_is_spelled():
    """A name that says that its field is secret or personal is never passed over in JSON."""
    chance = random.Random(1)
    for name in sorted(sensitive_names(personal=True)):
        for _ in range(20):
            key = chance.choice(("", "_", "$")) + spelled(name, chance)
            assert kind_of_field(key), key
            assert SIEVE.in_json(orjson.dumps({"a": [{key: 1}]})), key
    for parent in sorted(PEOPLE):
        for ending in ("", "s", "_s"):
            data = orjson.dumps({spelled(parent, chance) + ending: {spelled("name", chance): "A"}})
            assert SIEVE.in_json(data), data


def test_letters_that_fold_to_others_are_no_way_around():
    """The Kelvin sign is a `k` and the long s an `s` where case is ignored."""
    for text in ("api_\u212aey=hunter2hunter2", "pa\u017f\u017fword: hunter2hunter2"):
        assert "hunter2" not in Redactor(RedactionKey(material=b"k" * 32)).redact_text(text)
    value = {"api\u212aey": "hunter2hunter2"}
    assert "hunter2" not in str(Redactor(RedactionKey(material=b"k" * 32)).redact_value(value))


def test_a_plain_body_needs_no_look():
    """What has nothing in it is given back as it is, and a `name` that is no person's stays."""
    body = {"plan": {"name": "Gold", "price": 1200}, "items": [{"id": 1, "note": "as agreed"}]}
    assert Redactor(RedactionKey()).redact_value(body) is body


def values():
    """JSON with secrets and names in odd places."""
    said = st.sampled_from([
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "ann@corp.com", "4532015112830366", "+49 30 901820",
        "as agreed", "é", "Ann Smith", "0123456789abcdef01234567",
    ])  # fmt: skip
    names = st.sampled_from(
        ["email", "Name", "customer", "plan", "pass_word", "a@b.co", "note", "users"]
    )
    return st.recursive(
        said | st.integers() | st.none() | st.floats(allow_nan=False),
        lambda inner: st.lists(inner, max_size=6) | st.dictionaries(names, inner, max_size=6),
        max_leaves=16,
    )


@settings(max_examples=100, deadline=None)
@given(values())
def test_without_the_fast_search_everything_is_looked_for(value):
    """On a machine without RE2 the result is the same to the byte, and so are the counts."""
    key = RedactionKey(material=b"k" * 32)
    fast, slow = Redactor(key), Redactor(key)
    slow._sieve = Sieve(personal=True)
    slow._sieve._text = slow._sieve._json = Search(None)
    for _ in range(2):
        assert json.dumps(fast.redact_value(value)) == json.dumps(slow.redact_value(value))
        assert fast.counts == slow.counts


@pytest.mark.parametrize("text", [b"see ch_1a2b3c4d", b"batch_1a2b3c4d", b"x,cus_123456/re_77"])
def test_matches_are_found_alike_without_re2(text, monkeypatch):
    """What is found in an answer does not depend on whether RE2 installs."""
    expression = rb"\b(?:ch|cus)_\w{6,64}"
    fast = finder_for.__wrapped__(expression)
    monkeypatch.setitem(sys.modules, "re2", None)
    assert finder_for.__wrapped__(expression)(text) == fast(text)


def test_a_search_that_fails_finds_everything_possible():
    """Where the search says nothing at all, as without memory, nothing is passed over."""

    class Exhausted:
        def Match(self, data):
            return []

    broken = Sieve(personal=True)
    broken._text = broken._json = Search(Exhausted())
    assert broken.in_text("plain").patterns == ALL
    assert broken.in_json(b"{}")
