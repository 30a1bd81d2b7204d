"""The small language of policy clauses, checked when the policy is read and not when it is used."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from understudy.model.errors import nearest

__all__ = ["FUNCTIONS", "NAMES", "check_expression", "place_in_world"]

NAMES = ("account", "action", "case", "segment", "tier", "world")
"""What an expression may speak of."""
FUNCTIONS = ("abs", "len", "lower", "max", "min")

_MOST_CHARACTERS = 2_000
_MOST_PARTS = 300
_ROW_NAMES = (2, 3)
"""System and table, and perhaps a column."""
_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod, ast.Compare, ast.Eq, ast.NotEq,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot, ast.IfExp, ast.Name,
    ast.Load, ast.Attribute, ast.Constant, ast.List, ast.Tuple, ast.Subscript, ast.Call,
)  # fmt: skip


def check_expression(source: str, names: tuple[str, ...] = NAMES) -> str:
    """The expression as it is; raises `ValueError` in words where it is none, or could run long.

    Nothing in it can loop, raise to a power or call back, so whatever passes also ends.

    >>> check_expression("action.amount > 500 and tier != 'regulated'")
    "action.amount > 500 and tier != 'regulated'"
    >>> check_expression("9 ** 9 ** 9")
    Traceback (most recent call last):
    ValueError: `9 ** 9 ** 9` is no expression: Pow is not part of the language
    """
    if len(source) > _MOST_CHARACTERS:
        raise ValueError(f"an expression has at most {_MOST_CHARACTERS:,} characters")
    try:
        parsed = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it cannot be read"
        raise ValueError(f"`{source}` is no expression: {reason}") from None
    parts = list(ast.walk(parsed))
    if len(parts) > _MOST_PARTS:
        raise ValueError(f"an expression has at most {_MOST_PARTS} parts, this one {len(parts)}")
    wrong = next(filter(None, (_wrong(part, names) for part in parts)), _rowless(parts))
    if wrong is not None:
        raise ValueError(f"`{source}` is no expression: {wrong}")
    return source


def place_in_world(part: ast.AST) -> tuple[str, ...]:
    """System, table and perhaps column, where a part names rows of the world; else nothing.

    >>> place_in_world(ast.parse("world.stripe.charges.customer", mode="eval").body)
    ('stripe', 'charges', 'customer')
    >>> place_in_world(ast.parse("action.target.id", mode="eval").body)
    ()
    """
    names: list[str] = []
    while isinstance(part, ast.Attribute):
        names.insert(0, part.attr)
        part = part.value
    return tuple(names) if isinstance(part, ast.Name) and part.id == "world" else ()


def _rowless(parts: Sequence[ast.AST]) -> str | None:
    """What is wrong where the world is named, and not a single row of it."""
    rows = [part for part in parts if isinstance(part, ast.Subscript)]
    rows = [part for part in rows if len(place_in_world(part.value)) in _ROW_NAMES]
    named = sum(isinstance(part, ast.Name) and part.id == "world" for part in parts)
    if named == len(rows):
        return None
    return (
        "of the world a row is asked for by its id, `world.stripe.charges[action.target.id]`, or "
        "by a column, `world.hubspot.contacts.email[case.payload.email]`"
    )


def _wrong(part: ast.AST, names: tuple[str, ...]) -> str | None:
    if not isinstance(part, _ALLOWED):
        return f"{type(part).__name__} is not part of the language"
    if isinstance(part, ast.Name) and part.id not in (*names, *FUNCTIONS):
        return f"`{part.id}` is unknown{nearest(part.id, names)}; known: {', '.join(names)}"
    if isinstance(part, ast.Attribute) and part.attr.startswith("_"):
        return f"`{part.attr}` is not to be looked at"
    if isinstance(part, ast.Call):
        called = part.func.id if isinstance(part.func, ast.Name) else ""
        if called not in FUNCTIONS or part.keywords:
            return f"only {', '.join(FUNCTIONS)} can be called"
    return None
