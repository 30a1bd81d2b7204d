"""Damage that one look at both values gives away: spaces, case, encodings, separators, zeros."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from understudy.world.operators.rewriting import SPACES
from understudy.world.step import Step

__all__ = ["recognised", "rounding"]

Found = tuple[str, Step] | None
_STYLES = {
    "comma": (".", ","), "space": (" ", ","), "swiss": ("'", "."), "thousands": (",", "."),
}  # fmt: skip
_PLAIN = re.compile(r"-?\d+(\.\d+)?")


def recognised(before: str, after: str) -> Found:
    """The name and step of the operator that makes `after` of `before`, or None.

    >>> recognised("São", "SÃ£o")[0], recognised("01907", "1907")[0], recognised("a", "b")
    ('wrong decoder cp1252', 'zeros lost', None)
    """
    for look in (_spaces, _case, _decoded, _hidden, _escapes, _zeros, _separators, _unit, _cut):
        found = look(before, after)
        if found:
            return found
    return None


def _step(op: str, **options: object) -> Step:
    return Step(op=op, options=options)


def _spaces(before: str, after: str) -> Found:
    if re.sub(r"\s", "", before) != re.sub(r"\s", "", after):
        return None
    for place, change in SPACES.items():
        if change(before) == after:
            return f"spaces {place}", _step("stray_space", places={place: 1.0})
    # Spaces at several places are told by a template, if by anything.
    return None


def _case(before: str, after: str) -> Found:
    if before.casefold() != after.casefold():
        return None
    cases: dict[str, Callable[[str], str]] = {
        "upper": str.upper, "lower": str.lower, "title": str.title, "capital": str.capitalize,
    }  # fmt: skip
    for name, change in cases.items():
        if change(before) == after:
            return f"case {name}", _step("letter_case", cases={name: 1.0})
    return None


def _decoded(before: str, after: str) -> Found:
    if before.isascii():
        return None
    for codec in ("cp1252", "latin-1", "cp1251"):
        made = before
        for rounds in (1, 2, 3):
            made = made.encode().decode(codec, "replace")
            if made == after:
                name = f"wrong decoder {codec}" + (f" {rounds} times" if rounds > 1 else "")
                return name, _step("mojibake", codec=codec, rounds=rounds)
    return None


def _hidden(before: str, after: str) -> Found:
    if unicodedata.normalize("NFD", before) == after:
        return "accents apart", _step("homoglyph_invisible", kinds=["nfd"])
    seen = [letter for letter in after if unicodedata.category(letter) != "Cf"]
    if len(seen) < len(after) and "".join(seen) == before:
        return "unseen letters", _step("homoglyph_invisible", kinds=["invisible"])
    return None


def _escapes(before: str, after: str) -> Found:
    kinds = {
        "html": html.escape(before),
        "double_html": html.escape(html.escape(before)),
        "doubled": before.replace("'", "''"),
        "quote": f'"{before}"',
        "csv": f'"{before}",',
    }
    for name, made in kinds.items():
        if made == after:
            return f"escaped {name}", _step("escape_artifact", kinds=[name])
    return None


def _zeros(before: str, after: str) -> Found:
    if before[:1] == "0" and (before.lstrip("0") or "0") == after:
        return "zeros lost", _step("leading_zero_loss")
    return None


def _separators(before: str, after: str) -> Found:
    if not _PLAIN.fullmatch(before):
        return None
    amount = Decimal(before)
    text = f"{abs(amount):,}"
    sign = "-" if amount < 0 else ""
    for name, (thousand, point) in _STYLES.items():
        made = text.replace(",", "\0").replace(".", point).replace("\0", thousand)
        if sign + made == after:
            return f"separators {name}", _step("number_locale", styles=[name])
    return None


def _unit(before: str, after: str) -> Found:
    one, two = _decimal(before), _decimal(after)
    if not one or not two:
        return None
    for factor in (100, 1000):
        if two == one * factor or one == two * factor:
            grows = 1.0 if two == one * factor else 0.0
            name = f"{'times' if grows else 'a part of'} {factor}"
            return name, _step("currency_unit_slip", factor=factor, grows=grows)
    return None


def _cut(before: str, after: str) -> Found:
    for ellipsis in ("", "...", "…"):
        kept = after.removesuffix(ellipsis) if ellipsis else after
        if len(kept) >= 8 and len(before) > len(kept) + 2 and before.startswith(kept):
            return f"cut at {len(kept)}", _step("truncate", length=len(kept), ellipsis=ellipsis)
    return None


def rounding(before: str, after: str) -> int | None:
    """How many decimals were left, if `after` is the number rounded.

    >>> rounding("0.092", "0.09"), rounding("0.092", "0.08")
    (2, None)
    """
    one, two = _decimal(before), _decimal(after)
    if one is None or two is None:
        return None
    decimals = -int(two.as_tuple().exponent)
    if decimals < 0 or decimals >= -int(one.as_tuple().exponent):
        return None
    gap = abs(one - two)
    return decimals if gap * 2 <= Decimal(1).scaleb(-decimals) else None


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text) if len(text) < 40 else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None
