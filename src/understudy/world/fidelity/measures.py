"""The distances F1 to F8 and F10 between two tables, each in [0, 1]; lower is more alike."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from understudy.world.fidelity.features import Cells, patterns
from understudy.world.learning.sampled import cluster_sizes
from understudy.world.learning.support import SUPPORT, counted
from understudy.world.quality import NULL
from understudy.world.template import parts

__all__ = [
    "co_occurrence", "cramer", "duplicate_gap", "error_counts", "format_distance", "histogram_gap",
    "keyed_gap", "leaks", "missing", "orphan_share", "repeated_share", "shannon_distance",
    "text_distance",
]  # fmt: skip

Floats = npt.NDArray[np.float64]
_NOTHING = re.compile(
    r"\s*(n/?a|none|null|nil|nan|unknown|not available|missing|tbd|-+|\?+|\.|-1|9{3,})\s*",
    re.IGNORECASE,
)
_TEXT = 40
_RARE_LENGTH = 4
_SLIPPED = 0.6
_WRONG_DECODERS = ("cp1252", "latin-1", "cp1251")
_ROUNDS = 3


def shannon_distance(one: Mapping[str, float], two: Mapping[str, float]) -> float:
    """The Jensen-Shannon divergence of two counts, to base 2.

    JS(P, Q) = H((P + Q) / 2) - (H(P) + H(Q)) / 2 (Lin 1991).

    >>> shannon_distance({"a": 1}, {"a": 3}), shannon_distance({"a": 1}, {"b": 1})
    (0.0, 1.0)
    """
    names = sorted({*one, *two})
    sides = [
        np.array([side.get(name, 0) for name in names], dtype=np.float64) for side in (one, two)
    ]
    p, q = (side / (side.sum() or 1.0) for side in sides)
    return float(max(0.0, _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2))


def _entropy(shares: Floats) -> float:
    held = shares[shares > 0]
    return float(-(held * np.log2(held)).sum())


def format_distance(real: pa.Array, other: pa.Array) -> float:
    """F2 for one column: the divergence of its formats."""
    return shannon_distance(Counter(patterns(real)), Counter(patterns(other)))


def missing(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Which cells are null or a well-known word for nothing."""
    return np.array(
        [cell is None or _NOTHING.fullmatch(cell) is not None for cell in values.to_pylist()]
    )


def co_occurrence(real: Cells, other: Cells) -> dict[str, float]:
    """F3: per pair of columns, how far the phi coefficients of being empty are apart."""
    gone = [{name: missing(values) for name, values in side.items()} for side in (real, other)]
    found = {}
    for one, two in combinations(real, 2):
        pair = [_phi(side[one], side[two]) for side in gone]
        if pair[0] is not None:
            found[f"{one}, {two}"] = abs(pair[0] - (pair[1] or 0.0))
    return found


def _phi(one: npt.NDArray[np.bool_], two: npt.NDArray[np.bool_]) -> float | None:
    if not (0 < one.sum() < len(one) and 0 < two.sum() < len(two)):
        return None
    return float(np.corrcoef(one, two)[0, 1])


def histogram_gap(one: Mapping[int, float], two: Mapping[int, float]) -> float:
    """The total variation distance of two histograms.

    TVD = 1/2 sum |p - q|.

    >>> histogram_gap({0: 1, 1: 1}, {0: 1, 1: 3})
    0.25
    """
    keys = {*one, *two}
    totals = (sum(one.values()) or 1, sum(two.values()) or 1)
    return sum(abs(one.get(k, 0) / totals[0] - two.get(k, 0) / totals[1]) for k in keys) / 2


def error_counts(dirty: Cells, clean: Cells) -> Counter[int]:
    """F4: how many rows have 0, 1, 2 ... wrong cells."""
    wrong = np.zeros(len(next(iter(clean.values()))), dtype=np.int64)
    for name, values in clean.items():
        before, after = values.to_pylist(), dirty[name].to_pylist()
        wrong += np.array([a != b for a, b in zip(before, after, strict=True)])
    return Counter(wrong.tolist())


def duplicate_gap(real: Cells, other: Cells) -> tuple[float, float]:
    """F5: the distance of the cluster sizes, and the gap of the share of repeated rows."""
    sizes = [cluster_sizes(side) for side in (real, other)]
    return histogram_gap(*sizes), abs(_repeated(sizes[0]) - _repeated(sizes[1]))


def repeated_share(columns: Cells) -> float:
    """The share of rows that repeat an earlier one."""
    return _repeated(cluster_sizes(columns))


def _repeated(sizes: Mapping[int, int]) -> float:
    rows = sum(size * count for size, count in sizes.items())
    return sum((size - 1) * count for size, count in sizes.items()) / max(rows, 1)


def orphan_share(links: pa.Array, ids: Iterable[str | None]) -> float:
    """F6: the share of links that name no row."""
    known = set(ids)
    held = [link for link in links.to_pylist() if link is not None]
    return sum(link not in known for link in held) / max(len(held), 1)


def cramer(groups: Sequence[str | None], bad: npt.NDArray[np.bool_]) -> float:
    """Cramer's V of a column's values and whether the cell is bad, bias-corrected.

    V = sqrt(phi2 / min(k - 1, 1)), phi2 = chi2 / n less (k - 1) / (n - 1) (Bergsma 2013).
    """
    values, codes = np.unique([value or NULL for value in groups], return_inverse=True)
    if len(values) < 2 or not 0 < bad.sum() < len(bad):
        return 0.0
    counts = np.bincount(codes)
    share = bad.mean()
    hit = np.bincount(codes, weights=bad)
    chi = ((hit - counts * share) ** 2 / (counts * share * (1 - share))).sum()
    return float(np.sqrt(max(0.0, chi / len(bad) - (len(values) - 1) / (len(bad) - 1))))


def keyed_gap(
    real: Cells, other: Cells, bad: Sequence[Mapping[str, Floats]], keys: Sequence[str]
) -> dict[str, float]:
    """F7: per key column of few values, how far its hold on what is bad differs at most.

    Columns of which fewer than five bad cells are to be expected for a value say nothing (Cochran).
    """
    found = {}
    for name in keys:
        sides = [side[name].to_pylist() for side in (real, other)]
        if _few(sides[0]):
            least = 5 * len(set(sides[0]))
            gaps = [
                abs(
                    cramer(sides[0], bad[0][column].astype(bool))
                    - cramer(sides[1], bad[1][column].astype(bool))
                )
                for column in bad[0]
                if column != name and least <= bad[0][column].sum() <= len(sides[0]) - least
            ]
            found[name] = max(gaps, default=0.0)
    return found


def _few(cells: Sequence[str | None]) -> bool:
    counts = Counter(cells)
    common = sum(n for value, n in counts.items() if n >= SUPPORT and value is not None)
    return 1 < len(counts) <= 200 and common >= 0.8 * len(cells)


_FEATURES: dict[str, Callable[[str], object]] = {
    "quote depth": lambda text: max(
        (len(m) for m in re.findall(r"^(?:> ?)+", text, re.MULTILINE)), default=0
    ),
    "signature": lambda text: bool(re.search(r"^--\s*$|\bTel[.:]|www\.", text, re.MULTILINE)),
    "html": lambda text: bool(re.search(r"<[a-z/][^>]*>|&[a-z]+;", text, re.IGNORECASE)),
    "script": lambda text: (
        "latin"
        if text.isascii()
        else "accents"
        if all(letter < "\u0250" for letter in text)
        else "other"
    ),
    "length": lambda text: min(len(text).bit_length(), 12),
    "emoji": lambda text: any(letter > "\U0001f000" for letter in text),
    "personal data": lambda text: bool(
        re.search(r"(?:\d[ -]?){13,16}|\b[A-Z]{2}\d{2} ?[A-Z0-9]{4}|\S+@\S+\.\w+", text)
    ),
}


def text_distance(real: pa.Array, other: pa.Array) -> dict[str, float] | None:
    """F8: the divergence of each trait of a column of texts; None where it holds none."""
    sides = [[cell for cell in side.to_pylist() if cell] for side in (real, other)]
    if not all(sides) or np.mean([len(cell) for cell in sides[0]]) < _TEXT:
        return None
    return {
        trait: shannon_distance(*(Counter(str(look(cell)) for cell in side) for side in sides))
        for trait, look in _FEATURES.items()
    }


def leaks(real: Cells, other: Cells, clean: Cells) -> dict[str, float]:
    """F10: per column the share of generated rows that hold a rare real value nobody gave them.

    A value counts where fewer than 20 real rows have it, and where a word or number in it of four
    letters and more stands neither in the clean table nor in 20 real rows: such a word can only
    have come through the profile. What is but some slips or a wrong decoder from a clean cell is
    that cell, damaged.
    """
    given = {
        part for values in clean.values() for cell in values.to_pylist() for part in _long(cell)
    }
    return {
        name: _leaked(values, other[name], given, _readings(clean[name]))
        for name, values in real.items()
    }


def _readings(clean: pa.Array) -> set[str]:
    """The clean cells, and each as up to three rounds of a wrong decoder leave it."""
    cells = set(clean.drop_null().to_pylist())
    found = set(cells)
    for codec in _WRONG_DECODERS:
        read = cells
        for _ in range(_ROUNDS):
            read = {cell.encode().decode(codec, "replace") for cell in read if not cell.isascii()}
            found |= read
    return {cell.casefold() for cell in found}


def _leaked(real: pa.Array, other: pa.Array, given: set[str], cells: set[str]) -> float:
    counts = Counter(real.to_pylist())
    known = counted((part, n) for value, n in counts.items() for part in set(_long(value)))
    rare = (part for part, count in known.items() if count < SUPPORT)
    secret = {part for part in rare if part.casefold() not in given}
    found = [
        count
        for value, count in Counter(other.to_pylist()).items()
        if 0 < counts.get(value, 0) < SUPPORT
        and any(part in secret and not _near(part.casefold(), given) for part in _long(value))
        and value.casefold() not in cells
        and not _near(value.casefold(), cells)
    ]
    return sum(found) / max(len(other), 1)


def _near(part: str, given: set[str]) -> bool:
    """Whether a clean word or cell is but some slips away."""
    alike = [word for word in given if abs(len(word) - len(part)) <= max(2, len(part) // 5)]
    return bool(difflib.get_close_matches(part, alike, 1, _SLIPPED))


def _long(value: str | None) -> list[str]:
    return [part for part in parts(value or "") if len(part) >= _RARE_LENGTH and part.isalnum()]
