"""Server-sent events."""

from __future__ import annotations

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor

KEY = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"


def events(*texts):
    lines = [json.dumps({"id": "c-1", "choices": [{"delta": {"content": text}}]}) for text in texts]
    return "".join(f"event: delta\ndata: {line}\n\n" for line in lines) + "data: [DONE]\n\n"


def contents(stream):
    lines = [line for line in stream.split("\n") if line.startswith("data: {")]
    return [json.loads(line[6:])["choices"][0]["delta"]["content"] for line in lines]


@given(st.lists(st.integers(1, len(KEY) - 1), max_size=6, unique=True).map(sorted))
def test_a_secret_cut_over_events_never_stays(cuts):
    """However a stream cuts a key, the pieces together hold none of it, and the stream is whole."""
    places = [0, *cuts, len(KEY)]
    pieces = [KEY[a:b] for a, b in itertools.pairwise(places)]
    redactor = Redactor(RedactionKey(material=b"k" * 32))
    clean = redactor.redact_text(events("the key is ", *pieces, " they say"))
    said = "".join(contents(clean))
    assert said.startswith("the key is REDACTED_STRIPE_KEY_")
    assert said.endswith(" they say")
    assert len(contents(clean)) == len(pieces) + 2
    assert clean.count("event: delta") == len(pieces) + 2
    assert "data: [DONE]" in clean
    assert redactor.counts == {"stripe_key": 1}


def test_a_stream_without_secrets_says_the_same():
    """Nothing is moved between events where nothing had to go."""
    stream = events("Hel", "lo, ", "world")
    clean = Redactor(RedactionKey(material=b"k" * 32)).redact_text(stream)
    assert contents(clean) == ["Hel", "lo, ", "world"]


def test_fields_of_events_are_redacted_by_name():
    """A token in an event's field goes, whatever it looks like."""
    stream = 'data: {"token": "hunter2", "n": 1}\n\n: comment\n\ndata: not json\n\n'
    clean = Redactor(RedactionKey(material=b"k" * 32)).redact_text(stream)
    assert "hunter2" not in clean
    assert ": comment" in clean
    assert "data: not json" in clean
