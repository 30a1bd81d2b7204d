"""One record of a source, before anything is known of it but that it can be held at all."""

from __future__ import annotations

from typing import Any

import msgspec

from understudy.model.canonical import refuse_unfit_numbers
from understudy.model.manifest import SourceFile
from understudy.redact.redactor import Redactor
from understudy.traffic.source_file import Limits, depth_exceeds, mend_text

__all__ = ["LeftOut", "Malformed", "fit", "text_of", "without_secrets"]


class Malformed(Exception):
    """A record that cannot be used, and why, in a few stable words."""


class LeftOut(Exception):
    """A record that is whole and is not wanted, and why."""


def fit(record: Any, limits: Limits, *, openings: int | None = None) -> tuple[Any, tuple[str, ...]]:
    """The record as a file can hold it, and what was mended; raises `Malformed` otherwise.

    Of a record that was read strictly, so that nothing but its depth is left to be looked at,
    `openings` is how many brackets open in it.
    """
    if (openings is None or openings > limits.depth) and depth_exceeds(record, limits.depth):
        raise Malformed(f"nested more than {limits.depth} deep")
    if openings is not None:
        return record, ()
    try:
        refuse_unfit_numbers(record)
    except ValueError:
        raise Malformed("holds a number that is not finite") from None
    mended = mend_text(record)
    return (record, ()) if mended == record else (mended, ("broken characters replaced",))


def text_of(record: Any, key: str) -> str:
    """The text under a key; empty where there is none."""
    value = record.get(key) if isinstance(record, dict) else None
    return value.strip() if isinstance(value, str) else ""


def without_secrets(source: SourceFile, redactor: Redactor) -> SourceFile:
    """The source as the manifest names it: file names hold keys and addresses too."""
    return msgspec.structs.replace(source, file=redactor.redact_text(source.file))
