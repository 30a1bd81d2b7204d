"""What became of a cell: each pair of clean and dirty value explained by the ways of its column."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from understudy.world.learned import OK
from understudy.world.learning.drifts import deltas, distance, drift, number, same_digits
from understudy.world.learning.recognised import recognised, rounding
from understudy.world.learning.slips import Slips, slips_between
from understudy.world.learning.support import SUPPORT, supported
from understudy.world.operators.otherwise import clock_minutes
from understudy.world.quality import pattern
from understudy.world.step import Step
from understudy.world.template import infer, masked, parse

__all__ = ["SLIP", "Ways", "explain"]

Pair = tuple[str | None, str | None]
SLIP = "slip"
_MOST = 40
_FEWEST = 3
_SPREAD = 3
_MOSTLY = 0.5
_FEW = ("N/A", "n/a", "-", "null", "unknown", "none", "?", "NA", "NULL", "Not Available")


@dataclass(slots=True)
class Ways:
    """The ways of one column, and which of them each pair went."""

    steps: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    way: dict[Pair, str] = field(default_factory=dict)
    slips: Slips = field(default_factory=Slips)

    def put(self, pair: Pair, name: str, *steps: Step) -> None:
        """Note the way of a pair."""
        self.steps.setdefault(name, steps)
        self.way[pair] = name


def explain(pairs: Mapping[Pair, int], column_values: Mapping[str | None, int]) -> Ways:
    """The ways of a column, from how often each pair of clean and dirty value was seen.

    `column_values` counts the clean values: what stands there is another row's value, not a word
    for nothing.
    """
    ways = Ways()
    ways.way.update({pair: OK for pair in pairs if pair[0] == pair[1]})
    for take in _TAKES:
        take(ways, _open(ways, pairs), column_values)
    _through_templates(ways, _open(ways, pairs))
    _drifts(ways, _open(ways, pairs))
    _others(ways, _open(ways, pairs))
    return ways


def _open(ways: Ways, pairs: Mapping[Pair, int]) -> dict[Pair, int]:
    return {pair: count for pair, count in pairs.items() if pair not in ways.way}


def _missing(ways: Ways, pairs: dict[Pair, int], _: Mapping[str | None, int]) -> None:
    for pair in pairs:
        if pair[1] is None:
            ways.put(pair, "empty", Step(op="null_explicit"))


def _stand_ins(ways: Ways, pairs: dict[Pair, int], known: Mapping[str | None, int]) -> None:
    """The same word instead of many values, or where nothing was."""
    instead: dict[str, Counter[str | None]] = {}
    for (before, after), count in pairs.items():
        instead.setdefault(after or "", Counter())[before] += count
    spread = {
        word: befores.total()
        for word, befores in instead.items()
        if word not in known and (None in befores or _many(befores))
    }
    words = supported(spread)
    few = {word for word in spread if word in _FEW} - set(words)
    for pair in pairs:
        word = pair[1] or ""
        if word in words:
            step = Step(op="null_sentinel", options={"values": {word: 1.0}})
            ways.put(pair, f"stand-in {list(words).index(word) + 1}", step)
        elif word in few:
            ways.put(pair, "stand-in", Step(op="null_sentinel"))


def _many(befores: Counter[str | None]) -> bool:
    """Whether a word stands for several values, none of which is most of them."""
    return len(befores) >= _SPREAD and max(befores.values()) <= 0.8 * befores.total()


def _known(ways: Ways, pairs: dict[Pair, int], _: Mapping[str | None, int]) -> None:
    """What an operator of the catalogue does to exactly this value."""
    for pair in pairs:
        before, after = pair
        found = recognised(before, after) if before and after else None
        if found:
            ways.put(pair, found[0], found[1])


def _recoded(ways: Ways, pairs: dict[Pair, int], known: Mapping[str | None, int]) -> None:
    """The same word for the same word, in most rows that had it."""
    words = {
        before: after
        for (before, after), count in sorted(pairs.items(), key=lambda item: -item[1])
        if before
        and after
        and count >= SUPPORT
        and 2 * count >= known.get(before, 0)
        and not any(letter.isdigit() for letter in before)
    }
    for pair in pairs:
        if pair[0] in words and words[pair[0]] == pair[1]:
            ways.put(pair, "other word", Step(op="recode", options={"words": words}))


def _recoded_rarely(ways: Ways, pairs: dict[Pair, int], known: Mapping[str | None, int]) -> None:
    """A word that the clean column has not, and that only ever stands for one of its words."""
    befores: dict[str, Counter[str]] = {}
    for (before, after), count in pairs.items():
        if before and after and after not in known and not _is_off((before, after)):
            befores.setdefault(after, Counter())[before] += count
    words = {
        (before, after): count
        for after, found in befores.items()
        for before, count in found.most_common(1)
        if count >= max(SUPPORT, _MOSTLY * 2 * found.total())
    }
    for number_, pair in enumerate(words, 1):
        step = Step(op="recode", options={"words": {pair[0]: pair[1]}})
        ways.put(pair, f"other word {number_}", step)


def _templates(ways: Ways, pairs: dict[Pair, int], _: Mapping[str | None, int]) -> None:
    """Templates that explain most, one after the other: first those whose words may be told."""
    fits: dict[str, dict[Pair, int]] = {}
    for pair, count in pairs.items():
        for template in infer(pair[0], pair[1]) if pair[0] and pair[1] else ():
            fits.setdefault(template, {})[pair] = count
    left = set(pairs)
    _best_first(ways, fits, left, SUPPORT)
    # With letters drawn at random nearly any number would be a part of another.
    hidden: dict[str, dict[Pair, int]] = {}
    for template, found in fits.items():
        words = {pair: count for pair, count in found.items() if not _is_off(pair)}
        hidden.setdefault(masked(template), {}).update(words)
    _best_first(ways, hidden, left, _FEWEST)


def _best_first(ways: Ways, fits: dict[str, dict[Pair, int]], left: set[Pair], least: int) -> None:
    """Take the template that explains most of what is left, and again, down to `least` rows."""
    for _number in range(_MOST):
        if not fits:
            return
        best = max(fits, key=lambda text: (_weight(fits[text], left), -len(text), text))
        taken = [pair for pair in fits[best] if pair in left]
        if _weight(fits[best], left) < least:
            return
        del fits[best]
        left.difference_update(taken)
        for pair in taken:
            name = _name(ways, best)
            ways.put(pair, name, Step(op="rewrite", options={"template": best}))


def _weight(fits: dict[Pair, int], left: set[Pair]) -> int:
    return sum(count for pair, count in fits.items() if pair in left)


def _name(ways: Ways, text: str) -> str:
    written = {
        steps[0].options.get("template"): name
        for name, steps in ways.steps.items()
        if len(steps) == 1
    }
    return written.get(text) or f"written {len([n for n in written if n]) + 1}"


def _slipped(ways: Ways, pairs: dict[Pair, int], known: Mapping[str | None, int]) -> None:
    """A few letters typed otherwise; what is another value of the column is no slip."""
    found: list[Pair] = []
    for pair, count in pairs.items():
        before, after = pair
        if not before or not after or after in known or _timed(before, after):
            continue
        edits = slips_between(before, after)
        if edits is not None:
            ways.slips.add(edits, count)
            found.append(pair)
    if found:
        step = Step(op="typo_keyboard", options=ways.slips.options(ways.slips.letters))
        ways.steps[SLIP] = (step,)
        ways.way.update(dict.fromkeys(found, SLIP))


def _timed(before: str, after: str) -> bool:
    both = clock_minutes(before) is not None and clock_minutes(after) is not None
    return both or (number(before) is not None and number(after) is not None)


@dataclass(frozen=True, slots=True)
class _Inner:
    """A pair that a template explains once the value itself has become another."""

    pair: Pair
    template: str
    name: str
    between: str


def _through_templates(ways: Ways, pairs: dict[Pair, int]) -> None:
    """Another value *and* another writing: the template read backwards gives the value between."""
    inner = list(_readings(ways, pairs))
    quantiles = deltas([((one.pair[0], one.between), pairs[one.pair]) for one in inner])
    for one in inner:
        before, last = one.pair[0] or "", Step(op="rewrite", options={"template": one.template})
        decimals = rounding(before, one.between)
        if one.between == before:
            ways.put(one.pair, one.name, last)
        elif decimals is not None:
            first = Step(op="number_round", options={"decimals": decimals})
            ways.put(one.pair, f"rounded to {decimals}, {one.name}", first, last)
        elif quantiles and distance(before, one.between) is not None:
            first = Step(op="value_drift", options={"quantiles": quantiles})
            ways.put(one.pair, f"off, {one.name}", first, last)
        elif distance(before, one.between) is not None:
            ways.put(one.pair, f"off, {one.name}", Step(op="value_drift"), last)


def _readings(ways: Ways, pairs: dict[Pair, int]) -> Iterator[_Inner]:
    templates = [
        (str(steps[0].options["template"]), name)
        for name, steps in ways.steps.items()
        if len(steps) == 1 and steps[0].op == "rewrite"
    ]
    for pair in pairs:
        before, after = pair
        for template, name in templates if before and after else ():
            between = parse(template).read(after or "", before or "")
            if between and distance(before or "", between) is not None:
                yield _Inner(pair, template, name, between)
                break


def _drifts(ways: Ways, pairs: dict[Pair, int]) -> None:
    """Whatever else are numbers and times of day, as those with other digits than they had."""
    fitting = {
        pair: count
        for pair, count in pairs.items()
        if pair[0] and pair[1] and distance(pair[0], pair[1]) is not None
    }
    name = "off, other digits" if "off" in ways.steps else "off"
    step = drift(fitting)
    for pair in fitting:
        ways.put(pair, name, step)


def _off(ways: Ways, pairs: dict[Pair, int], _: Mapping[str | None, int]) -> None:
    """Numbers and times in the same writing are off, unless a template explains most of them."""
    same = {pair: n for pair, n in pairs.items() if _is_off(pair) and _alike(pair)}
    fits: Counter[str] = Counter()
    for (before, after), count in same.items():
        fits.update(dict.fromkeys(infer(before or "", after or ""), count))
    often = max(fits.values(), default=0)
    if often < max(SUPPORT, _MOSTLY * sum(same.values())):
        step = drift(same)
        for pair in same:
            ways.put(pair, "off", step)


def _is_off(pair: Pair) -> bool:
    return bool(pair[0] and pair[1] and distance(pair[0], pair[1]))


def _alike(pair: Pair) -> bool:
    before, after = pair[0] or "", pair[1] or ""
    numbers = number(before) is not None and number(after) is not None
    return pattern(before) == pattern(after) or (numbers and same_digits(before, after))


def _rounded(ways: Ways, pairs: dict[Pair, int], _: Mapping[str | None, int]) -> None:
    """Numbers of which so many decimals were left."""
    found: dict[int, list[Pair]] = {}
    for pair in pairs:
        decimals = rounding(pair[0] or "", pair[1] or "")
        if decimals is not None:
            found.setdefault(decimals, []).append(pair)
    for decimals, rows in found.items():
        step = Step(op="number_round", options={"decimals": decimals})
        # That 1.0 became 1 is a way of writing, unless others lost more than zeros.
        lost = sum(pairs[pair] for pair in rows if _is_off(pair))
        for pair in rows if lost >= SUPPORT else ():
            ways.put(pair, f"rounded to {decimals}", step)


def _others(ways: Ways, pairs: dict[Pair, int]) -> None:
    """Whatever is left has another value: often one of a few, or any of the column's."""
    instead: Counter[str] = Counter()
    for (_, after), count in pairs.items():
        instead[after or ""] += count
    values = {word: n / instead.total() for word, n in supported(instead).items()}
    # Rounded down: shares that are rounded each for itself may add up to more than all.
    options = {"values": {word: math.floor(1000 * share) / 1000 for word, share in values.items()}}
    step = Step(op="other_value", options=options if values else {})
    for pair in pairs:
        ways.put(pair, "another value", step)


_TAKES = (
    _missing, _stand_ins, _rounded, _known, _recoded, _off, _templates, _recoded_rarely, _slipped,
)  # fmt: skip
