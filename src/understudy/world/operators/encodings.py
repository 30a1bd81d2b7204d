"""Letters that are not what they look like: wrong decoders, look-alikes, escapes, emoji."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable
from typing import Literal

import pyarrow as pa
from pydantic import Field

from understudy.model.configuration import Configuration, ShareText
from understudy.world.operators.registry import (
    ANY_TEXT,
    CellWork,
    Kim,
    Level,
    Operator,
    RahmDo,
)

__all__ = ["OPERATORS", "emoji_rtl_text", "escape_artifact", "homoglyph_invisible", "mojibake"]

# Cyrillic letters, written out as numbers because nobody could tell them apart here either.
_LOOK_ALIKE = str.maketrans(
    "aeopcxyiABEKMHOPCT",
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0410"
    "\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422",
)
_INVISIBLE = ("\u200b", "\u00a0", "\u202a", "\ufeff", "\u00ad", "\u200e")
_EMOJI = (" 🙏", " 🙏🏽", " 👍", " 😡", " 😅", " 🚨🚨", " ❤️", " 👩‍💻")
_RTL = (
    ("arabic", " شكرا"), ("hebrew", " תודה"), ("arabic", " مرحبا"),
    ("arabic", " \u202b" + "عاجل" + "\u202c"),
)  # fmt: skip
Script = Literal["arabic", "hebrew"]
Hiding = Literal["cyrillic", "invisible", "nbsp", "nfd", "zwsp", "rtl", "bom"]
Escape = Literal["html", "double_html", "quote", "doubled", "csv", "suffix"]


class MojibakeParameters(Configuration):
    """The decoder that was wrong, and how often in a row.

    `written` is what the text was stored in, by default UTF-8. `utf-8` is the other way round:
    Latin-1 read as UTF-8, which leaves U+FFFD for each letter.
    """

    codec: Literal["cp1252", "latin-1", "cp1251", "cp437", "mac_roman", "utf-8"] = "cp1252"
    written: Literal["utf-8", "latin-1", "cp1252", "cp1251", "cp1250"] | None = None
    rounds: int = Field(1, ge=1, le=3)


class HidingParameters(Configuration):
    """Which ways of not being equal are used."""

    kinds: tuple[Hiding, ...] = Field(("cyrillic", "invisible", "nbsp", "nfd"), min_length=1)


class EscapeParameters(Configuration):
    """Which artifacts are used."""

    kinds: tuple[Escape, ...] = Field(("html", "double_html", "quote", "suffix"), min_length=1)


class EmojiParameters(Configuration):
    """The share that is right-to-left text, and in which scripts."""

    rtl: ShareText = 0.3
    scripts: tuple[Script, ...] = Field(("arabic", "hebrew"), min_length=1)


def mojibake(work: CellWork) -> pa.Array:
    """UTF-8 that was read as something else, as in `SÃ£o`."""
    codec, rounds = work.parameters.codec, work.parameters.rounds
    written = work.parameters.written or ("latin-1" if codec == "utf-8" else "utf-8")
    return _each(work, lambda value, _: _misread(value, written, codec, rounds))


def _misread(value: str, written: str, codec: str, rounds: int) -> str:
    for _ in range(rounds):
        value = value.encode(written, "replace").decode(codec, "replace")
    return value


def homoglyph_invisible(work: CellWork) -> pa.Array:
    """Looks the same and is not equal: look-alike letters, invisible ones, decomposed accents."""
    kinds = work.parameters.kinds
    return _each(work, lambda value, word: _HIDE[kinds[word % len(kinds)]](value, word >> 8))


def _cyrillic(value: str, _: int) -> str:
    for place, letter in enumerate(value):
        other = letter.translate(_LOOK_ALIKE)
        if other != letter:
            return value[:place] + other + value[place + 1 :]
    return value


def _invisible(value: str, word: int) -> str:
    place = (word >> 8) % (len(value) + 1)
    return value[:place] + _INVISIBLE[word % len(_INVISIBLE)] + value[place:]


def _with(mark: str) -> Callable[[str, int], str]:
    def put(value: str, word: int) -> str:
        place = word % (len(value) + 1)
        return value[:place] + mark + value[place:]

    return put


def _nbsp(value: str, word: int) -> str:
    return value.replace(" ", "\u00a0", 1) if " " in value else value + "\u00a0" * (1 + word % 2)


def _nfd(value: str, word: int) -> str:
    apart = unicodedata.normalize("NFD", value)
    return apart if apart != value else _invisible(value, word)


_HIDE: dict[str, Callable[[str, int], str]] = {
    "cyrillic": _cyrillic,
    "invisible": _invisible,
    "nbsp": _nbsp,
    "nfd": _nfd,
    "zwsp": _with("\u200b"),
    "rtl": _with("\u200f"),
    "bom": lambda value, _: f"\ufeff{value}",
}


def escape_artifact(work: CellWork) -> pa.Array:
    """Escapes that were applied and never undone: `&amp;amp;`, doubled quotes, a stray suffix."""
    kinds = work.parameters.kinds
    return _each(work, lambda value, word: _ESCAPE[kinds[word % len(kinds)]](value))


def _quoted(value: str) -> str:
    return value.replace("'", "''") if "'" in value else f'"{value}"'


def _escaped(value: str) -> str:
    made = html.escape(value)
    return made if made != value else f"{value}&nbsp;"


_ESCAPE: dict[str, Callable[[str], str]] = {
    "html": _escaped,
    "double_html": lambda value: html.escape(_escaped(value)),
    "quote": _quoted,
    "doubled": lambda value: value.replace("'", "''"),
    "csv": lambda value: f'"{value}",',
    "suffix": lambda value: f"{value}-*",
}


def emoji_rtl_text(work: CellWork) -> pa.Array:
    """An emoji or some right-to-left words at the end of the text."""
    limit = int(work.parameters.rtl * 256)
    leftward = tuple(text for script, text in _RTL if script in work.parameters.scripts)

    def add(value: str, word: int) -> str:
        tails = leftward if word % 256 < limit else _EMOJI
        return value + tails[(word >> 8) % len(tails)]

    return _each(work, add)


def _each(work: CellWork, change: Callable[[str, int], str]) -> pa.Array:
    pairs = zip(work.values.to_pylist(), work.words[0].tolist(), strict=True)
    return pa.array([change(value, word) for value, word in pairs], pa.string())


OPERATORS = (
    Operator(
        "mojibake",
        Level.CELL,
        Kim.WRONG,
        RahmDo.MULTI_INSTANCE,
        ANY_TEXT,
        mojibake,
        MojibakeParameters,
    ),
    Operator(
        "homoglyph_invisible",
        Level.CELL,
        Kim.UNUSABLE,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        homoglyph_invisible,
        HidingParameters,
    ),
    Operator(
        "escape_artifact",
        Level.CELL,
        Kim.UNUSABLE,
        RahmDo.MULTI_INSTANCE,
        ANY_TEXT,
        escape_artifact,
        EscapeParameters,
    ),
    Operator(
        "emoji_rtl_text",
        Level.TEXT,
        Kim.UNUSABLE,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        emoji_rtl_text,
        EmojiParameters,
    ),
)
