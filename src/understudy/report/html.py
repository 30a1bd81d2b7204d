"""The page as one file: nothing is loaded, nothing runs but the page's own script."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from understudy.model.finding import Kind, Severity
from understudy.model.printable import printable
from understudy.report.block import Block
from understudy.report.page import Page
from understudy.report.phrases import (
    GLOSSARY,
    SEVERITY_SIGNS,
    amount,
    counted,
    deed,
    percent,
    plain,
)
from understudy.report.svg import shade
from understudy.report.tables import all_tables

__all__ = ["Data", "environment", "explained", "policy_of", "read", "render_page"]

_FOLDER = Path(__file__).parent / "page"
_LONGEST = 2000
_SCRIPTS = ("elements.js", "explorer.js", "review.js")
"""In the order in which they run: each later one uses what the earlier ones give."""


@dataclass(frozen=True, slots=True)
class Data:
    """What the page's scripts read: the case explorer's blocks, and what there is to decide.

    `left_out` cases have no details; a `served` page may send decisions to where it came from.
    """

    blocks: tuple[Block, ...]
    review: Block | None
    left_out: int
    served: bool = False


def render_page(page: Page, data: Data) -> str:
    """The report as HTML."""
    style = read("report.css")
    scripts = [read(name) for name in _SCRIPTS] if data.blocks else []
    return _template().render(
        page=page,
        verdict=page.facts.verdict,
        currency=page.facts.verdict.error_cost.currency,
        style=style,
        scripts=scripts,
        policy=policy_of(style, scripts, served=data.served),
        data=data,
        blocks=(*data.blocks, *([data.review] if data.review else [])),
        glossary=GLOSSARY,
        shade=shade,
        prices=_prices(page),
        tables=all_tables(page.facts),
    )


def policy_of(style: str, scripts: Sequence[str], *, served: bool = False) -> str:
    """What a page may load: its own style and scripts, and where served its own decisions."""
    allowed = " ".join(f"'{_source(script)}'" for script in scripts) or "'none'"
    return (
        f"default-src 'none'; style-src '{_source(style)}'; script-src {allowed}; "
        + ("connect-src 'self'; " if served else "")
        + "base-uri 'none'; form-action 'none'"
    )


@functools.cache
def _template() -> jinja2.Template:
    return environment().get_template("report.html.j2")


def environment() -> jinja2.Environment:
    """Where templates are read and every value is made inert."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_inert,
    )
    made.filters |= {
        "plain": plain,
        "shown": lambda text: printable(text, 120),
        "percent": percent,
        "counted": counted,
        "money": amount,
        "explained": explained,
        "kind": kind_explained,
        "deed": lambda kind: deed(Kind(kind), None),
        "sign": lambda severity: SEVERITY_SIGNS[Severity(severity)],
    }
    return made


def _inert(value: Any) -> Any:
    """Every value on its way into the page; markup is our own and was escaped where it was made."""
    if isinstance(value, Markup | jinja2.Undefined):
        return value
    return printable(value, _LONGEST) if isinstance(value, str) else value


def explained(name: str) -> Markup:
    """A name with the meaning of the word in it that needs one, for those who point at it.

    >>> explained("Run")
    Markup('Run')
    >>> explained("Largest exposure")
    Markup('<abbr title="the amount of money that an action is about">Largest exposure</abbr>')
    """
    known = [word for word in GLOSSARY if word in name.lower()]
    if not known:
        return escape(printable(name, 200))
    meaning = GLOSSARY[max(known, key=len)]
    return Markup('<abbr title="{}">{}</abbr>').format(meaning, printable(name, 200))


def kind_explained(kind: str) -> Markup:
    """A kind of finding with what the candidate did, for those who point at it.

    >>> kind_explained("late")
    Markup('<abbr title="Was late with an action">late</abbr>')
    """
    return Markup('<abbr title="{}">{}</abbr>').format(deed(Kind(kind), None), plain(kind))


@functools.cache
def read(name: str) -> str:
    """A part of the page as text."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _prices(page: Page) -> list[tuple[str, str]]:
    """The whole price list as rows of name and value."""
    rows: list[tuple[str, str]] = []
    _flatten(page.facts.policy.model_dump(mode="json", by_alias=True), "", rows)
    return rows


def _flatten(value: Any, name: str, rows: list[tuple[str, str]]) -> None:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            _flatten(item, f"{name}.{key}" if name else str(key), rows)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value, 1):
            _flatten(item, f"{name}.{index}", rows)
    else:
        rows.append((name, "none" if value in (None, [], {}) else str(value)))
