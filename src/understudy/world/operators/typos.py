"""What fingers, ears and scanners do to a word, and what a short field cuts off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pydantic
from pydantic import Field

from understudy.model.configuration import WEIGHTS, Configuration, ShareText, possible_weights
from understudy.world.entropy import chosen
from understudy.world.operators.registry import (
    ANY_TEXT,
    CellWork,
    Kim,
    Level,
    Operator,
    RahmDo,
)

__all__ = ["OPERATORS", "phonetic_ocr", "truncate", "typo_keyboard"]

_LAYOUTS = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890"),
    "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm", "1234567890ß"),
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn", "1234567890"),
}
_SOUNDS = (
    ("ph", "f"), ("ey", "ei"), ("ei", "ai"), ("ck", "k"), ("th", "t"), ("ie", "y"), ("c", "k"),
    ("v", "w"), ("y", "i"), ("z", "s"), ("oe", "ö"), ("ss", "ß"), ("ou", "u"), ("dt", "t"),
)  # fmt: skip
_SHAPES = (
    ("rn", "m"), ("0", "O"), ("1", "l"), ("5", "S"), ("8", "B"), ("O", "0"), ("l", "1"),
    ("m", "rn"), ("I", "l"), ("S", "5"), ("B", "8"), ("cl", "d"), ("vv", "w"),
)  # fmt: skip


class TypoParameters(Configuration):
    """Weights of substitution, insertion, deletion and transposition.

    `layout` is the keyboard; `letters` weighs what is typed instead of the neighbouring key;
    `slips` how many slips a value has: the first weight is of one.
    """

    substitute: float = Field(45, ge=0)
    insert: float = Field(15, ge=0)
    delete: float = Field(22, ge=0)
    transpose: float = Field(18, ge=0)
    layout: Literal["qwerty", "qwertz", "azerty"] = "qwerty"
    letters: Annotated[dict[str, float], WEIGHTS] = Field(default_factory=dict)
    slips: Annotated[tuple[float, ...], WEIGHTS] = Field((1,), min_length=1, max_length=8)

    @pydantic.model_validator(mode="after")
    def _some(self) -> Self:
        possible_weights((self.substitute, self.insert, self.delete, self.transpose))
        return self


class SoundParameters(Configuration):
    """How often the mistake was heard, and not scanned.

    `table` has confusions of one's own, what is there and what is read, instead of both.
    """

    heard: ShareText = 0.6
    table: dict[str, str] = Field(default_factory=dict)


class TruncateParameters(Configuration):
    """The field's length, and what stands at the cut.

    With `unit: bytes` the field counts bytes of UTF-8, and a letter cut in two is U+FFFD.
    """

    length: int = Field(20, ge=1)
    ellipsis: str = ""
    unit: Literal["letters", "bytes"] = "letters"


def _neighbours(layout: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in _LAYOUTS[layout]:
        for place, letter in enumerate(row):
            near = row[max(place - 1, 0) : place] + row[place + 1 : place + 2]
            found[letter] = near
            found[letter.upper()] = near.upper()
    return found


_NEAR = {layout: _neighbours(layout) for layout in _LAYOUTS}


def typo_keyboard(work: CellWork) -> pa.Array:
    """Slips of a finger: a neighbouring key, a key too many or too few, two keys swapped."""
    p = work.parameters
    many = chosen(work.words[3], p.slips) + 1
    made = work.values.to_pylist()
    for turn in range(int(many.max(initial=0))):
        hit = np.flatnonzero(many > turn).tolist()
        kind, place, pick, letter = (_turned(work.words[lane], turn) for lane in range(4))
        kinds = chosen(kind, (p.substitute, p.insert, p.delete, p.transpose)).tolist()
        letters = _letters(p.letters, letter)
        places, picks = (place >> np.uint64(32)).tolist(), pick.tolist()
        for row in hit:
            other = letters[row] if letters else _NEAR[p.layout]
            made[row] = _slip(made[row], kinds[row], places[row], picks[row], other)
    return pa.array(made, pa.string())


def _turned(words: npt.NDArray[np.uint64], turn: int) -> npt.NDArray[np.uint64]:
    """Other words for each further slip of the same cell; the first are the words themselves."""
    return words if not turn else (words + np.uint64(turn)) * np.uint64(0x9E3779B97F4A7C15)


def _letters(weights: dict[str, float], words: npt.NDArray[np.uint64]) -> list[str]:
    if not weights:
        return []
    known = list(weights)
    return [known[pick] for pick in chosen(words, list(weights.values())).tolist()]


def _slip(value: str, kind: int, place: int, pick: int, keys: str | dict[str, str]) -> str:
    # An address keeps its domain: a typo in it could make one that belongs to somebody.
    word, at_sign, domain = value.partition("@")
    if not word:
        return value
    at = place * len(word) >> 32
    near = keys if isinstance(keys, str) else keys.get(word[at], word[at])
    return _SLIPS[kind](word, at, near[pick % len(near)]) + at_sign + domain


_SLIPS: tuple[Callable[[str, int, str], str], ...] = (
    lambda word, at, other: word[:at] + other + word[at + 1 :],
    lambda word, at, other: word[:at] + other + word[at:],
    lambda word, at, _: word[:at] + word[at + 1 :],
    lambda word, at, _: word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
)


def phonetic_ocr(work: CellWork) -> pa.Array:
    """A name as it was heard on the telephone, or a number as a scanner read it."""
    heard = chosen(work.words[0], (work.parameters.heard, 1 - work.parameters.heard)) == 0
    own = tuple(work.parameters.table.items())
    made = [
        _replaced(value, own or (_SOUNDS if ear else _SHAPES), int(pick))
        for value, ear, pick in zip(work.values.to_pylist(), heard, work.words[1], strict=True)
    ]
    return pa.array(made, pa.string())


def _replaced(value: str, table: tuple[tuple[str, str], ...], pick: int) -> str:
    fitting = [pair for pair in table if pair[0] in value]
    if not fitting:
        return value
    old, new = fitting[pick % len(fitting)]
    return value.replace(old, new, 1)


def truncate(work: CellWork) -> pa.Array:
    """The text ends where the field of an older system ended."""
    p = work.parameters
    cut = _cut_bytes if p.unit == "bytes" else _cut_letters
    made = [cut(value, p.length, p.ellipsis) for value in work.values.to_pylist()]
    return pa.array(made, pa.string())


def _cut_letters(value: str, length: int, ellipsis: str) -> str:
    return value if len(value) <= length else value[:length].rstrip() + ellipsis


def _cut_bytes(value: str, length: int, ellipsis: str) -> str:
    data = value.encode()
    return value if len(data) <= length else data[:length].decode("utf-8", "replace") + ellipsis


OPERATORS = (
    Operator(
        "typo_keyboard",
        Level.CELL,
        Kim.WRONG,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        typo_keyboard,
        TypoParameters,
    ),
    Operator(
        "phonetic_ocr",
        Level.CELL,
        Kim.WRONG,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        phonetic_ocr,
        SoundParameters,
    ),
    Operator(
        "truncate",
        Level.CELL,
        Kim.WRONG,
        RahmDo.MULTI_SCHEMA,
        ANY_TEXT,
        truncate,
        TruncateParameters,
    ),
)
