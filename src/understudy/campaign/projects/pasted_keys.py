"""Keys that were pasted into a file, where only the name of a variable belongs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from understudy.model.document import Document, Place
from understudy.model.errors import ConfigurationError, UnderstudyError, one_error
from understudy.redact.scan import scan_text

__all__ = ["refuse_pasted_keys"]

_PARTS = ("candidate", "candidates", "models", "systems")
"""Where people say how something is reached. What a case's world holds is data of theirs."""

_MODEL_KEY = "model_key"
_OF_MODELS = "keep it in a variable and name that: models: {provider: {key: OPENAI_API_KEY}}"
_OF_SYSTEMS = (
    "leave it out: a run makes keys and secrets of its own, and hands them over with the case or "
    "in the environment; to see those of a service: understudy systems env campaign.yaml"
)


def refuse_pasted_keys(document: Document) -> None:
    """Raise a `ConfigurationError` for every key in a campaign or a suite; it is never shown."""
    content = document.content if isinstance(document.content, Mapping) else {}
    found: list[UnderstudyError] = [
        ConfigurationError(
            f"a key stands in the file ({kind.replace('_', ' ')}); it is not repeated here",
            code="U178",
            where=document.where(place),
            hint=_OF_MODELS if "models" in place or kind == _MODEL_KEY else _OF_SYSTEMS,
        )
        for part in _PARTS
        for place, text in _texts(content.get(part), (part,))
        for kind in sorted({hit.kind for hit in scan_text(text, personal=False)})
    ]
    if found:
        raise one_error(found)


def _texts(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _texts(each, (*place, str(name)))
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from _texts(each, (*place, number))
    elif isinstance(value, str):
        yield place, value
