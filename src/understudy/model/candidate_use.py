"""The forms in which a candidate is named: a line, a prompt, a service with more to say."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration
from understudy.model.errors import nearest
from understudy.model.http_use import ServiceUse

__all__ = ["BareModel", "CandidateUse", "ModelUse"]


class BareModel(Configuration):
    """A model with nothing around it: instructions, and the systems' operations as its tools."""

    model: str = Field(min_length=1)
    prompt: str = Field(
        min_length=1, description="the file with the instructions, relative to the campaign file"
    )
    base_url: str | None = Field(
        None, pattern="^https?://", description="the provider, before that of the campaign's models"
    )
    tools: tuple[str, ...] = Field(
        (), description="what it is offered, by name or pattern; by default what most agents need"
    )
    most_calls: int = Field(20, ge=1, description="how often it is asked in one case")
    options: dict[str, Any] = Field(
        default_factory=dict, description="sent along with each call, `temperature` for example"
    )


class ModelUse(Configuration):
    """A candidate that is a prompt, on any provider with chat completions."""

    openai: BareModel


_TEXT_FORMS = ("exec", "mcp")
_FORMS = ("openai", "http", *_TEXT_FORMS)


def _as_text(use: Any) -> Any:
    """A command as a line: YAML reads `use: {exec: …}`, and `exec: …` unquoted, as a mapping.

    Raises `ValueError` for a form that is not known.
    """
    if not isinstance(use, dict):
        return use
    odd = next((name for name in use if name not in _FORMS), None)
    if odd is not None or len(use) != 1:
        told = f"`{odd}` is no form of candidate{nearest(str(odd), _FORMS)}" if odd else "one form"
        raise ValueError(f"{told}; known: `module:callable`, an address, {', '.join(_FORMS)}")
    ((form, rest),) = use.items()
    if form not in _TEXT_FORMS:
        return use
    if isinstance(rest, list) and rest and all(isinstance(part, str) for part in rest):
        rest = shlex.join(rest)
    if not isinstance(rest, str):
        raise ValueError(f"`{form}` is a command: `{form}: node agent.js`")
    return f"{form}: {rest}"


def _form(use: Any) -> str:
    """Which form is meant, so that an error speaks of that one alone."""
    if isinstance(use, str):
        return "line"
    named = use if isinstance(use, dict) else type(use).model_fields
    return "ServiceUse" if "http" in named else "ModelUse"


CandidateUse = Annotated[
    Annotated[str, pydantic.Tag("line")]
    | Annotated[ModelUse, pydantic.Tag("ModelUse")]
    | Annotated[ServiceUse, pydantic.Tag("ServiceUse")],
    pydantic.Discriminator(_form),
    pydantic.BeforeValidator(_as_text),
]
"""How a candidate is reached: a line, a prompt, or a service with more than an address."""
