"""Secrets and people's data in XML and HTML go by the names of elements and attributes."""

from __future__ import annotations

import pytest

from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.redact.scan import scan_text

HIDDEN = "Zq7f3a9c"


@pytest.fixture
def redactor():
    return Redactor(RedactionKey(material=b"k" * 32))


@pytest.mark.parametrize("text", [
    f"<password>{HIDDEN}</password>",
    f"<x:apiKey>\n  {HIDDEN}\n</x:apiKey>",
    f"<clientSecret><![CDATA[{HIDDEN}]]></clientSecret>",
    f"<credentials><who>{HIDDEN}</who></credentials>",
    f"<login api-key='{HIDDEN}' />",
    f'<LOGIN PASSWORD="{HIDDEN}">',
    f'<string name="api_key">{HIDDEN}</string>',
    f'<meta name="csrf-token" content="{HIDDEN}">',
    f"<input type=hidden name=authenticity_token value={HIDDEN}>",
    f'<input value="{HIDDEN}" name="password">',
    f"<p>open <input type='hidden' value='{HIDDEN}' id='__VIEWSTATE'/>",
    f"<customer><name>{HIDDEN}</name></customer>",
    f"<FirstName>{HIDDEN}</FirstName>",
    f"<a><b></wrong><password>{HIDDEN}",
])  # fmt: skip
def test_what_a_name_tells_is_taken_out(redactor, text):
    """An element, an attribute, a hidden field, whatever case, prefix or end it has."""
    clean = redactor.redact_text(text)
    assert HIDDEN not in clean and clean.startswith(text[:2])
    assert scan_text(clean) == [] and redactor.redact_text(clean) == clean
    assert sum(redactor.counts.values()) == 1


@pytest.mark.parametrize("text", [
    "<p>Write to the address &amp; wait</p>", "<plan name='x'>gold</plan>", "a < b and token > c",
    "<product><name>Desk</name></product>", "<!-- <password> --> text",
    "<input type=hidden value=1>", "<item key='k' value='v'/>", "<password/> text",
    "<password></password>",
])  # fmt: skip
def test_what_no_name_tells_stays_as_it_is(redactor, text):
    """Prose, products and pages keep every byte."""
    assert redactor.redact_text(text) == text and not redactor.counts


def test_equal_values_stay_equal_across_json_and_markup(redactor):
    """A secret has one pseudonym, escaped or not, in an element or in a field."""
    told = redactor.redact_value({"password": "a&b<c", "xml": "<password>a&amp;b&lt;c</password>"})
    assert told["xml"] == f"<password>{told['password']}</password>"


def test_people_of_a_generated_world_keep_their_names_in_markup():
    """Synthetic traffic loses its secrets only."""
    synthetic = Redactor(RedactionKey(material=b"k" * 32), personal=False)
    text = f"<customer><name>Ann</name><token>{HIDDEN}</token></customer>"
    clean = synthetic.redact_text(text)
    assert "<name>Ann</name>" in clean and HIDDEN not in clean


@pytest.mark.parametrize(
    "piece", ["<a ", '<a password="', "<!--", "<![CDATA[", "<password>", "<a b='"]
)
def test_text_of_nothing_but_beginnings_is_read_in_a_moment(redactor, piece):
    """No document makes the look at its tags slow: a time-out of the test is its failure."""
    text = piece * 100_000
    assert redactor.redact_text(text).count("<") >= 1
