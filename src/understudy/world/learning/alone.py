"""Learning from a damaged table alone: what can be seen without knowing the truth.

Each cell is put beside a guess of what it was. Nulls, words for nothing, spaces, case, encodings,
escapes, lost zeros and other writings of the column's usual form can be guessed; a plausible wrong
value cannot, and is not claimed.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import pyarrow as pa

from understudy.world.learned import OK
from understudy.world.learning.causes import Ways, explain
from understudy.world.learning.rows import RowWays
from understudy.world.learning.support import SUPPORT, counted, supported
from understudy.world.quality import pattern
from understudy.world.step import Step
from understudy.world.template import parts

__all__ = ["ways_alone"]

Cell = str | None
_NOTHING = re.compile(
    r"(n/?a|none|null|nil|nan|unknown|not available|not applicable|missing|tbd|-+|\?+|\.|x+|-1|"
    r"9{3,}|0000-00-00|1900-01-01|1970-01-01)",
    re.IGNORECASE,
)
_MOJIBAKE = re.compile("[\u00c2\u00c3\u00e2\u00c5][\u0080-\u00bf\u20ac\u2018-\u201e\u0152-\u0192]")
_NUMBER = re.compile(
    r"[-+]?[1-9]\d{0,2}(?:(?:,\d{3})+(?:\.\d+)?|(?:[. ']\d{3})+,\d+|(?:[.']\d{3}){2,}|(?: \d{3})+)"
)
_UNIT = re.compile(r"(\d+(?:\.\d*[1-9])?)((?:\.0)?\s*[^\d\s][^\d]*)")
_PLAIN = re.compile(r"-?\d+(?:\.(\d+))?")
_LETTER = re.compile(r"[^\W\d_]")
_USUAL = 0.6
_RARE, _FINER = 0.02, 0.2
_MOST = 60


def ways_alone(
    columns: Mapping[str, pa.Array], progress: Callable[[int, int], None] = lambda *_: None
) -> dict[str, RowWays]:
    """The way of each cell of each column, as far as it shows.

    `progress` is told how many columns of all are done.
    """
    found: dict[str, RowWays] = {}
    for name, values in columns.items():
        found[name] = _column(values.to_pylist())
        progress(len(found), len(columns))
    return found


def _column(cells: list[Cell]) -> RowWays:
    counts = Counter(cell for cell in cells if cell is not None)
    guess = _Guess(counts)
    nothing = _words_for_nothing(counts)
    stood = supported(nothing)
    ways = Ways({"empty": (Step(op="null_explicit"),)})
    pairs: dict[tuple[Cell, Cell], int] = {}
    told: dict[str, str] = {}
    for value, count in counts.items():
        if value in nothing:
            told[value] = _stand_in(ways, value, stood)
        else:
            pairs[guess.clean(value), value] = count
    # A guess that nobody else has in the column is as good; a slip cannot be told from a value.
    found = explain(pairs, Counter(cells))
    told |= {
        after or "": way
        for (_, after), way in found.way.items()
        if way in _SEEN or found.steps.get(way, (Step(op="other_value"),))[0].op not in _GUESSED
    }
    names = ["empty" if cell is None else told.get(cell, OK) for cell in cells]
    forms, rounded = _forms_before(found), _rounded(found, counts)
    steps = {
        **ways.steps,
        **{
            name: (*rounded.get(name, ()), *_only(one, forms.get(name)))
            for name, one in found.steps.items()
        },
    }
    return RowWays(names, {name: steps[name] for name in set(names) if name != OK})


def _forms_before(ways: Ways) -> dict[str, str]:
    """The commonest form of the guessed values of each way."""
    counts: dict[str, Counter[str]] = {}
    for (before, _), way in ways.way.items():
        counts.setdefault(way, Counter())[pattern(before)] += 1
    return {way: found.most_common(1)[0][0] for way, found in counts.items()}


def _rounded(found: Ways, counts: Mapping[str, int]) -> dict[str, tuple[Step, ...]]:
    """The rounding in ways of writing whose numbers have fewer decimals than the others."""
    decimals: dict[str, Counter[int]] = {}
    for (before, after), way in found.way.items():
        match = _PLAIN.fullmatch(before or "")
        size = len(match[1] or "") if match else -1
        decimals.setdefault(way, Counter())[size] += counts.get(after or "", 0)
    others = decimals.pop(OK, Counter())
    made: dict[str, tuple[Step, ...]] = {}
    for way, sizes in decimals.items():
        left = max((size for size, n in sizes.items() if n > _RARE * sizes.total()), default=0)
        finer = sum(n for size, n in others.items() if size > left)
        written = found.steps[way][0].op == "rewrite" and -1 not in sizes
        enough = sizes.total() >= SUPPORT and finer >= max(SUPPORT, _FINER * others.total())
        if written and enough and left > 0:
            made[way] = (Step(op="number_round", options={"decimals": left}),)
    return made


def _only(steps: tuple[Step, ...], form: str | None) -> tuple[Step, ...]:
    """Steps that rewrite only what has the form: whatever is written so already stays."""
    return tuple(
        Step(op=step.op, options={**step.options, "form": form}) if step.op == "rewrite" else step
        for step in steps
    )


_SEEN = frozenset({OK})
_GUESSED = frozenset({"typo_keyboard", "other_value", "value_drift"})


def _stand_in(ways: Ways, value: str, stood: Mapping[str, int]) -> str:
    if value not in stood:
        ways.steps.setdefault("stand-in", (Step(op="null_sentinel"),))
        return "stand-in"
    name = f"stand-in {list(stood).index(value) + 1}"
    step = Step(op="null_sentinel", options={"values": {value: 1.0}})
    ways.steps.setdefault(name, (step,))
    return name


def _words_for_nothing(counts: Mapping[str, int]) -> dict[str, int]:
    """Known stand-ins, and words that many rows share in a column of numbers, dates or codes."""
    total = sum(counts.values())
    digits = sum(n for value, n in counts.items() if any(map(str.isdigit, value)))
    odd = digits >= 0.7 * total
    return {
        value: count
        for value, count in counts.items()
        if (
            _NOTHING.fullmatch(value.strip())
            and count < 0.5 * total
            # A number may well be one, unless many rows have just that.
            and (count >= SUPPORT or not any(map(str.isdigit, value)))
        )
        or (odd and count >= SUPPORT and not any(map(str.isdigit, value)))
    }


class _Guess:
    """Guesses what the cells of one column were."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        total = sum(counts.values()) or 1
        self._case = _majority(_case_of(value) for value in counts)
        shapes: Counter[str] = Counter()
        lengths: Counter[int] = Counter()
        for value, count in counts.items():
            shapes[pattern(value)] += count
            lengths[len(value) if value.isdigit() else 0] += count
        usual, often = max(shapes.items(), key=lambda item: item[1], default=("", 0))
        self._usual = usual if often >= 0.3 * total and "9" in usual else None
        length, long = max(lengths.items(), key=lambda item: item[1], default=(0, 0))
        self._length = length if long >= _USUAL * total and length > 2 else 0
        units = counted((match[2], n) for v, n in counts.items() if (match := _UNIT.fullmatch(v)))
        self._units = supported(units) if sum(units.values()) >= _USUAL * total else {}
        self._places = _places(counts, self._usual)
        self._index: dict[str, list[str]] = {}
        for value in counts if self._usual else ():
            if pattern(value) == self._usual:
                self._index.setdefault(_first(value), []).append(value)

    def clean(self, value: str) -> str:
        """What the value was, or the value where nothing is seen."""
        for guess in self._guesses(value):
            if guess and guess != value:
                return guess
        return value

    def _guesses(self, value: str) -> Iterator[str]:
        yield re.sub(r"\s+", " ", value.strip())
        yield _decoded(value)
        yield "".join(letter for letter in value if letter not in "\u200b\ufeff\u00ad\u200e\u202a")
        yield html.unescape(html.unescape(value)).replace("\u00a0", "")
        yield value.replace("''", "'")
        if self._length and value.isdigit() and len(value) < self._length:
            yield value.zfill(self._length)
        if _NUMBER.fullmatch(value) and self._usual in ("9", "9.9"):
            yield _plain(value)
        if self._units:
            match = _UNIT.fullmatch(value)
            yield match[1] if match and match[2] in self._units else value
        elif self._usual and pattern(value) != self._usual:
            yield from self._of_usual_form(value)
            yield from _in_places(value, self._places)
        yield self._cased(value)

    def _cased(self, value: str) -> str:
        case = _case_of(value)
        if self._case is None or case in (self._case, "", "mixed") or len(value) < 5:
            return value
        return {"upper": value.upper(), "lower": value.lower(), "title": value.title()}[self._case]

    def _of_usual_form(self, value: str) -> Iterator[str]:
        """The value of the usual form that has its numbers in this one, and most of its words."""
        here = set(_words(value))
        fitting = [
            (len(here & set(_words(known))), known)
            for part in parts(value)
            for known in self._index.get(part.lstrip("0"), ())[:_MOST]
            if {word for word in _words(known) if word.isdigit()} <= here
        ]
        if fitting:
            yield max(fitting)[1]


def _places(counts: Mapping[str, int], usual: str | None) -> str:
    """The usual form with a 9 for each digit, where numbers have it as a rule: `999-9999`."""
    if usual is None or any(map(str.isalpha, usual)):
        return ""
    found = counted(
        (re.sub(r"\d", "9", value), n) for value, n in counts.items() if pattern(value) == usual
    )
    shape, often = found.most_common(1)[0]
    return shape if often >= _USUAL * found.total() and len(re.findall("9+", shape)) > 1 else ""


def _in_places(value: str, places: str) -> Iterator[str]:
    """The digits of a value in the usual places, if its marks are left out or are others."""
    runs, wanted = re.findall(r"\d+", value), re.findall("9+", places)
    joined = "".join(runs)
    fits = runs == [joined] or [len(run) for run in runs] == [len(run) for run in wanted]
    if places and fits and len(joined) == places.count("9") and not _LETTER.search(value):
        digits = iter(joined)
        yield re.sub("9", lambda _: next(digits), places)


def _words(value: str) -> list[str]:
    return [(part.lstrip("0") or "0").lower() for part in parts(value) if part.isalnum()]


def _first(value: str) -> str:
    return next((part.lstrip("0") for part in parts(value) if part.isdigit()), "")


def _case_of(value: str) -> str:
    letters = [letter for letter in value if letter.isalpha()]
    if not letters:
        return ""
    if value.isupper():
        return "upper"
    if value.islower():
        return "lower"
    return "title" if value == value.title() else "mixed"


def _majority(cases: Iterable[str]) -> str | None:
    counts = Counter(case for case in cases if case)
    if not counts:
        return None
    case, often = counts.most_common(1)[0]
    return case if case != "mixed" and often >= 0.8 * counts.total() else None


def _decoded(value: str) -> str:
    if not _MOJIBAKE.search(value):
        return value
    try:
        return value.encode("cp1252").decode()
    except UnicodeError:
        return value


def _plain(value: str) -> str:
    head, mark, tail = re.fullmatch(r"(.*?)(?:([.,])(\d{1,2}))?", value).groups()  # type: ignore[union-attr] # every text matches
    digits = re.sub(r"[^\d-]", "", head)
    return f"{digits}.{tail}" if mark else digits
