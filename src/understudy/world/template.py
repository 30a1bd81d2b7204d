"""One value written as another: a template over the parts of the clean value.

`{}` is the whole value, `{0}` its first part (parts are runs of digits and of letters), `{0:int}` a
number without its leading zeros, `{0:pad2}` with them, `{0:lower}`, `{0:upper}` and `{0:title}`
letters of another case. `{#3}`, `{a3}`, `{A3}` and `{x3}` are three random digits, small letters,
capitals and other letters: they stand where too few rows share what was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product

__all__ = ["Template", "infer", "masked", "parse", "parts"]

_PARTS = re.compile(r"\d+|[A-Z]?[a-z]+|[A-Z]+|[^\W\d_]+|.", re.DOTALL)
_FIELD = re.compile(r"\{\{|\}\}|\{(\d*)(?::(int|pad\d|lower|upper|title))?\}|\{([#aAx])(\d+)\}")
_CHOICES = 128
_PER_PART = 6
_FILL = {"#": "0123456789", "a": "abcdefghijklmnopqrstuvwxyz", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


@dataclass(frozen=True, slots=True)
class _Piece:
    """A literal, a reference to a part (`part` -1: the whole), or `fill` random letters."""

    literal: str = ""
    part: int | None = None
    how: str = ""
    fill: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template; made by `parse`."""

    text: str
    pieces: tuple[_Piece, ...]

    def render(self, value: str, word: int) -> str | None:
        """The value written so, or None where it lacks a part.

        >>> parse("{2}/{0:pad2}/{4}").render("1/14/71", 0)
        '14/01/71'
        """
        found = parts(value)
        made = []
        for piece in self.pieces:
            text = _piece_text(piece, value, found, word)
            if text is None:
                return None
            made.append(text)
            word = (word * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return "".join(made)

    def read(self, written: str, value: str) -> str | None:
        """The clean value of which `written` would be the rendering, in the shape of `value`.

        >>> parse("{}%").read("0.09%", "0.092"), parse("{}%").read("0.09", "0.092")
        ('0.09', None)
        """
        match = _pattern(self).fullmatch(written)
        if match is None:
            return None
        if any(piece.part == -1 for piece in self.pieces):
            return match.group("whole")
        found = list(parts(value))
        for name, text in match.groupdict().items():
            place = int(name.removeprefix("p"))
            if place < len(found):
                found[place] = text
        return "".join(found)


def parts(value: str) -> list[str]:
    """The runs of digits and letters of a value, and each mark between them.

    >>> parts("9:40aDec 1")
    ['9', ':', '40', 'a', 'Dec', ' ', '1']
    """
    return _PARTS.findall(value)


@lru_cache(maxsize=4096)
def parse(text: str) -> Template:
    """A template from its text; `ValueError` where a brace is none of the fields."""
    pieces: list[_Piece] = []
    at = 0
    for match in _FIELD.finditer(text):
        pieces += [_Piece(text[at : match.start()])] if match.start() > at else []
        at = match.end()
        pieces.append(_field(match))
    pieces += [_Piece(text[at:])] if at < len(text) else []
    if any("{" in p.literal or "}" in p.literal for p in pieces if len(p.literal) > 1):
        raise ValueError(f"`{text}` has a brace that is no field; write `{{{{` for the letter")
    return Template(text, tuple(pieces))


def _field(match: re.Match[str]) -> _Piece:
    if match.group() in ("{{", "}}"):
        return _Piece(match.group()[0])
    if match.group(3):
        return _Piece(how=match.group(3), fill=int(match.group(4)))
    return _Piece(part=int(match.group(1)) if match.group(1) else -1, how=match.group(2) or "")


def _piece_text(piece: _Piece, value: str, found: Sequence[str], word: int) -> str | None:
    if piece.fill:
        letters = _FILL.get(piece.how, "éüñçøß")
        return "".join(letters[(word >> 4 + 3 * n) % len(letters)] for n in range(piece.fill))
    if piece.part is None:
        return piece.literal
    if piece.part >= len(found):
        return None
    return _HOW[piece.how[:3]](value if piece.part < 0 else found[piece.part], piece.how)


_HOW: dict[str, Callable[[str, str], str]] = {
    "": lambda text, _: text,
    "int": lambda text, _: text.lstrip("0") or "0",
    "pad": lambda text, how: text.zfill(int(how[3:])),
    "low": lambda text, _: text.lower(),
    "upp": lambda text, _: text.upper(),
    "tit": lambda text, _: text.title(),
}


@lru_cache(maxsize=4096)
def _pattern(template: Template) -> re.Pattern[str]:
    made: list[str] = []
    seen: set[int] = set()
    for piece in template.pieces:
        if piece.fill:
            made.append({"#": r"\d", "a": "[a-z]", "A": "[A-Z]"}.get(piece.how, r"\w") + "+")
        elif piece.part is None:
            made.append(re.escape(piece.literal))
        elif piece.part in seen:
            made.append(r".+")
        else:
            seen.add(piece.part)
            name = "whole" if piece.part < 0 else f"p{piece.part}"
            made.append(f"(?P<{name}>.+)" if piece.part < 0 else rf"(?P<{name}>\w+)")
    return re.compile("".join(made), re.DOTALL)


def infer(before: str, after: str) -> list[str]:
    """Templates that write `before` as `after`, simplest first; empty where none reuses enough.

    >>> infer("12", "12.0 oz"), infer("1/2/71", "71/1/2")[0], infer("555-0101", "5550101")
    (['{}.0 oz'], '{4}/{0}/{2}', ['{0}{2}'])
    """
    if not before or len(before) > 120 or len(after) > 240:
        return []
    if before in after and before != after:
        head, _, tail = after.partition(before)
        if not (head[-1:].isalnum() and before[:1].isalnum()) or head.isdigit():
            return [f"{_escaped(head)}{{}}{_escaped(tail)}"]
    return list(islice(_by_parts(parts(before), parts(after)), _CHOICES))


def _by_parts(old: list[str], new: list[str]) -> Iterator[str]:
    ways = [_references(old, part) for part in new]
    needed = sum(len(part) for part in old if part.isalnum())
    for chosen in product(*ways) if len(new) <= 24 else ():
        places = [place for _, found in chosen for place in found]
        used = set(places)
        if len(used) == len(places) and needed:
            kept = sum(len(old[place]) for place in used)
            if 2 * kept >= needed:
                yield "".join(text for text, _ in chosen)


def _references(old: list[str], part: str) -> list[tuple[str, tuple[int, ...]]]:
    """How a part of the new value can be had: from parts of the old one, or literally."""
    if not part.isalnum():
        return [(_escaped(part), ())]
    found: list[tuple[str, tuple[int, ...]]] = [
        (f"{{{place}{how}}}", (place,))
        for place, other in enumerate(old)
        if other.isalnum()
        for how in _relations(other, part)
    ]
    found += [("".join(f"{{{place}}}" for place in run), run) for run in _runs(old, part)]
    return found[:_PER_PART] or [(_escaped(part), ())]


def _runs(old: list[str], part: str) -> Iterator[tuple[int, ...]]:
    """Parts one after the other that make the new one when what is between them is left out."""
    places = [place for place, other in enumerate(old) if other.isalnum()]
    for start in range(len(places) - 1):
        text, run = "", 0
        while start + run < len(places) and len(text) < len(part):
            text += old[places[start + run]]
            run += 1
        if run > 1 and text == part:
            yield tuple(places[start : start + run])


def _relations(old: str, new: str) -> list[str]:
    """All that makes one part of the other; a number can be one with or without its zeros."""
    if new.isascii() and old.isascii() and new.isdigit() and old.isdigit():
        hows = [""] if old == new else []
        hows += [":int"] if (old.lstrip("0") or "0") == new else []
        return hows + [f":pad{len(new)}"] * (old.zfill(len(new)) == new and 1 < len(new) < 10)
    if old == new:
        return [""]
    return [f":{how}" for how in ("lower", "upper", "title") if getattr(old, how)() == new][:1]


def masked(template: str) -> str:
    """The template with each letter and digit of its literals made a random one.

    >>> masked("12/2/11 {} est.")
    '{#2}/{#1}/{#2} {} {a3}.'
    """
    made = []
    for piece in parse(template).pieces:
        if piece.part is None and not piece.fill:
            made += [_mask(part) for part in parts(piece.literal)]
        else:
            made.append(_piece_source(piece))
    return "".join(made)


def _mask(part: str) -> str:
    if not part.isalnum():
        return _escaped(part)
    if part.isdigit():
        return f"{{#{len(part)}}}"
    if part.isascii():
        small = f"{{a{len(part) - part[0].isupper()}}}"
        if part.isupper():
            return f"{{A{len(part)}}}"
        return "{A1}" + small if part[0].isupper() else small
    return f"{{x{len(part)}}}"


def _piece_source(piece: _Piece) -> str:
    if piece.fill:
        return f"{{{piece.how}{piece.fill}}}"
    how = f":{piece.how}" if piece.how else ""
    return f"{{{'' if piece.part == -1 else piece.part}{how}}}"


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
