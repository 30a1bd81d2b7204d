"""What in somebody's own rows the vendor's objects could not hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from understudy.model.errors import nearest
from understudy.systems.routes import KNOWN
from understudy.systems.zendesk.payload import NUMBERS

__all__ = ["nameless", "odd_rows"]

_IDS = {"hubspot": ("from_id", "hubspot_owner_id", "to_id"), "zendesk": NUMBERS[1:]}
_PLAIN = {"boolean": bool, "integer": int}
_WORDS = {"boolean": "true or false", "integer": "a whole number"}


def nameless(table: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Each row that nothing could find, as its id is missing or no text.

    >>> list(nameless("zendesk.users", [{"id": "7"}, {"id": 7}, {"name": "Ada"}]))
    ['the id of a row of `zendesk.users` is 7, and must be text: "7"', \
"a row of `zendesk.users` has no `id`: {'name': 'Ada'}"]
    """
    for row in rows:
        named = row.get("id")
        if named in (None, ""):
            yield f"a row of `{table}` has no `id`: {str(dict(row))[:80]}"
        elif not isinstance(named, str):
            yield f'the id of a row of `{table}` is {named!r}, and must be text: "{named}"'


def odd_rows(rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> Iterator[str]:
    """Each value that its column cannot have, by table, id and column.

    Looked at are words of a fixed list, amounts and other whole numbers of Stripe's, truths and
    currencies; ids, texts, and columns that no vendor has are the user's own.

    >>> list(odd_rows({"stripe.charges": [{"id": "ch_1", "amount": "5000", "status": "payed"}]}))
    ["`stripe.charges` `ch_1`: `amount` is '5000', and must be a whole number", \
"`stripe.charges` `ch_1`: `status` is 'payed', and must be one of succeeded, pending, failed"]
    >>> list(odd_rows({"hubspot.contacts": [{"id": "1", "properties": {"email": "a@b.example"}}]}))
    ['`hubspot.contacts` `1`: what `properties` holds is to stand beside `id`']
    """
    for table, held in rows.items():
        columns = _columns(table)
        for row in held:
            place = f"`{table}` `{row.get('id')}`"
            if table.startswith("hubspot.") and isinstance(row.get("properties"), Mapping):
                yield f"{place}: what `properties` holds is to stand beside `id`"
            for name in _IDS.get(table.partition(".")[0], ()):
                if isinstance(row.get(name), int):
                    yield f'{place}: `{name}` is {row[name]!r}, and must be text: "{row[name]}"'
            for name, schema in columns.items():
                problem = _problem(row.get(name), schema)
                if problem:
                    yield f"{place}: `{name}` is {row[name]!r}, and must be {problem}"


def _columns(table: str) -> Mapping[str, Any]:
    """The schemas of a table's columns, as the vendor shows them; of ids Zendesk's are numbers."""
    system, _, plural = table.partition(".")
    shapes = KNOWN[system].shapes if system in KNOWN else {}
    one = f"{plural[:-3]}y" if plural.endswith("ies") else plural.removesuffix("s")
    shape = shapes.get(one, {})
    columns = shape.get("properties", {})
    if system == "stripe":
        return dict(columns)
    return {name: each for name, each in columns.items() if each.get("type") != "integer"}


def _problem(value: Any, schema: Mapping[str, Any]) -> str:
    """What a value must be where it is not, else nothing."""
    if value is None:
        return ""
    words = schema.get("enum")
    if words and value not in words:
        listed = [str(word) for word in words if word is not None]
        return f"one of {', '.join(listed)}{nearest(str(value), listed)}"
    kind = str(schema.get("type"))
    whole = isinstance(value, _PLAIN.get(kind, object))
    if not whole or (kind == "integer" and isinstance(value, bool)):
        return _WORDS[kind]
    pattern = schema.get("pattern")
    if pattern and isinstance(value, str) and not re.search(pattern, value):
        return f"as {pattern}"
    return ""
