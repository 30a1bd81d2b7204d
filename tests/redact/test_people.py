"""People who are named in prose go where a finder says so, and only there."""

from __future__ import annotations

import re
import sys

import pytest

from understudy.model.errors import ConfigurationError
from understudy.redact.key import RedactionKey
from understudy.redact.people import Span, presidio_finder
from understudy.redact.redactor import Redactor

KEY = RedactionKey(material=b"k" * 32)


def ann(text):
    """Finds one person, wherever she stands."""
    return [Span(*match.span(), "name") for match in re.finditer("Ann Field", text)]


def test_who_is_found_in_prose_gets_the_pseudonym_of_the_name():
    """In text, in JSON, in markup and in a list, equal to the one of a field that names her."""
    redactor = Redactor(KEY, finder=ann)
    said = "ask Ann Field today"
    told = redactor.redact_value(
        {"first_name": "Ann Field", "note": said, "page": f"<p>{said}</p>", "all": [said] * 9}
    )
    name = told["first_name"]
    assert told["note"] == f"ask {name} today" and told["page"] == f"<p>ask {name} today</p>"
    assert told["all"] == [told["note"]] * 9
    assert redactor.redact_value(told) == told
    assert redactor.counts == {"name": 12}


def test_headers_are_no_prose_and_synthetic_people_are_nobody():
    """A finder is not asked of headers, nor where all people are made up."""
    said = "ask Ann Field today"
    redactor = Redactor(KEY, finder=ann)
    assert redactor.redact_headers({"x-note": said}) == {"x-note": said}
    assert "Ann" not in redactor.redact_text(said)
    assert Redactor(KEY, finder=ann, personal=False).redact_text(said) == said


def test_presidio_that_is_not_there_is_one_clear_error(monkeypatch):
    """What is missing and what to install, before anything is read."""
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(ConfigurationError, match="not installed") as raised:
        presidio_finder()
    assert raised.value.hint == "pip install 'understudy[presidio]'"


def test_presidio_finds_names_and_places_in_prose():
    """The library and a model of it: who writes and where from is gone, the rest stays."""
    pytest.importorskip("presidio_analyzer", reason="the extra presidio is not installed")
    try:
        finder = presidio_finder()
    except ConfigurationError as error:
        pytest.skip(str(error))
    clean = Redactor(KEY, finder=finder).redact_text("My name is John Smith and I live in Berlin.")
    assert "John" not in clean and "Berlin" not in clean and clean.startswith("My name is ")


def test_presidio_without_a_model_names_those_that_would_do():
    """Nothing is fetched: a model that is missing is named, with the command that brings it."""
    util = pytest.importorskip("spacy.util", reason="the extra presidio is not installed")
    pytest.importorskip("presidio_analyzer", reason="the extra presidio is not installed")
    if any(map(util.is_package, ("en_core_web_lg", "en_core_web_md", "en_core_web_sm"))):
        pytest.skip("a model is installed")
    with pytest.raises(ConfigurationError, match="en_core_web_sm"):
        presidio_finder()
