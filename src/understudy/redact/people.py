"""Names and places in prose, as Presidio finds them; only where a user asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from understudy.model.errors import ConfigurationError

__all__ = ["Finder", "Span", "presidio_finder", "without_spans"]

_KINDS = {
    "PERSON": "name", "LOCATION": "address", "US_SSN": "national_id", "US_PASSPORT": "national_id",
    "US_DRIVER_LICENSE": "national_id", "UK_NINO": "national_id", "UK_NHS": "national_id",
}  # fmt: skip
"""What is taken from Presidio; all else is found by patterns already."""
_MODELS = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm")
_DONE = re.compile(r"REDACTED_|Redacted [0-9a-f]{10}|@d-[0-9a-f]{8}\.example|\d")
_SURE = 0.5


class Span(NamedTuple):
    """Where in a text somebody is named, and what by."""

    start: int
    end: int
    kind: str


Finder = Callable[[str], Iterable[Span]]


def presidio_finder() -> Finder:
    """What finds names and places in English prose, with the largest model that is installed.

    Raises `ConfigurationError` where Presidio or a model of spaCy is not there: nothing is fetched.
    """
    try:
        import spacy.util
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider
    except ImportError as error:
        raise ConfigurationError(
            f"names in prose are found with Presidio, and `{error.name}` is not installed",
            hint="pip install 'understudy[presidio]'",
        ) from None
    model = next(filter(spacy.util.is_package, _MODELS), None)
    if model is None:
        raise ConfigurationError(
            f"Presidio needs a model of spaCy, and none of {', '.join(_MODELS)} is installed",
            hint=f"python -m spacy download {_MODELS[-1]}",
        )
    models = [{"lang_code": "en", "model_name": model}]
    told = {"nlp_engine_name": "spacy", "models": models}
    engine = NlpEngineProvider(nlp_configuration=told).create_engine()
    analyzer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])

    def find(text: str) -> Iterable[Span]:
        found = analyzer.analyze(text, language="en", entities=list(_KINDS), score_threshold=_SURE)
        return [Span(each.start, each.end, _KINDS[each.entity_type]) for each in found]

    return find


def without_spans(text: str, spans: Iterable[Span], replace: Callable[[str, str], str]) -> str:
    """The text with each span replaced by what `replace` makes of its kind and words.

    Of spans that overlap the first and longest counts; pseudonyms and ids stay.

    >>> without_spans("ask Ann now", [Span(4, 7, "name")], lambda kind, words: f"<{kind}>")
    'ask <name> now'
    """
    made, position = [], 0
    for start, end, kind in sorted(spans, key=lambda span: (span.start, -span.end)):
        if start < position or _DONE.search(text, start, end):
            continue
        made += [text[position:start], replace(kind, text[start:end])]
        position = end
    return "".join([*made, text[position:]])
