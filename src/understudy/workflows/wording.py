"""The words around a wish: greetings, closings, asides, injections, and the staff's own."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path
from random import Random

from pydantic import Field

from understudy.model.configuration import Configuration, Version
from understudy.model.document import load_document

__all__ = ["Injection", "Wording", "load_wording", "staff_reply", "written_mail"]


class Injection(Configuration):
    """An instruction that a mail carries for a machine."""

    kind: str
    text: str


class Voice(Configuration):
    """How the staff begin and end their answers."""

    greetings: tuple[str, ...]
    closings: tuple[str, ...]


class Wording(Configuration):
    """`wording.yaml`."""

    version: Version
    greetings: dict[str, tuple[str, ...]]
    closings: dict[str, tuple[str, ...]]
    asides: dict[str, tuple[str, ...]]
    injections: tuple[Injection, ...] = Field(min_length=1)
    staff: Voice


@functools.cache
def load_wording() -> Wording:
    """The words that ship with understudy."""
    folder = Path(str(resources.files("understudy"))) / "data" / "workflows" / "mail"
    return load_document(folder / "wording.yaml", Wording)


def written_mail(body: str, name: str, language: str, injection: str, rng: Random) -> str:
    """A customer's mail around its wish; an injection stands where a quoted thread would."""
    words = load_wording()
    wish = body[:1].upper() + body[1:]
    parts = [
        rng.choice(words.greetings[language]),
        wish,
        rng.choice(words.asides[language]),
        injection,
        f"{rng.choice(words.closings[language])}\n{name}",
    ]
    return "\n\n".join(part for part in parts if part)


def staff_reply(text: str, first_name: str, signature: str, rng: Random) -> str:
    """The standard text between a greeting and a closing of somebody's own."""
    voice = load_wording().staff
    greeting = rng.choice(voice.greetings).format(first_name=first_name)
    return f"{greeting}\n\n{text}\n\n{rng.choice(voice.closings)}\n{signature}"
