"""Text that came from outside, made safe to show: control and bidi characters are written out."""

from __future__ import annotations

import re

__all__ = ["printable"]

# C0 and C1 controls but newline and tab, bidi embeddings, overrides and isolates, zero-width marks.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: object, limit: int | None = None) -> str:
    r"""`text` with every character that could steer a terminal or reorder a line written as `\x..`.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    shown = _UNSAFE.sub(_escape, str(text))
    return shown if limit is None or len(shown) <= limit else f"{shown[: limit - 1]}…"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
