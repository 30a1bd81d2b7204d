"""A body that a source wrote down as base64."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

__all__ = ["unpacked_base64"]

_GAPS = re.compile(r"\s+")
_ALIKE = str.maketrans("-_", "+/")


def unpacked_base64(text: Any, warnings: list[str]) -> bytes | None:
    r"""The bytes, however their base64 was broken into lines or left without its padding.

    What is none costs the body only, with a warning: people black out bodies by hand. Its text is
    not kept, since nobody could tell what stands in it.

    >>> unpacked_base64("aGVs\r\nbG8", []), unpacked_base64("REMOVED BY HAND", [])
    (b'hello', None)
    """
    plain = _GAPS.sub("", text).rstrip("=").translate(_ALIKE) if isinstance(text, str) else "%"
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        warnings.append("a body is not the base64 that it says, and was left out")
        return None
