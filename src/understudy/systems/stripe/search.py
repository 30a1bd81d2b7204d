"""Stripe's search query language: `email:'a@b.example' AND created>1700000000`."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from understudy.model.world import Row
from understudy.systems.folded import find_folded, fold
from understudy.systems.operation import Call, Reply
from understudy.systems.overlay import Overlay
from understudy.systems.stripe.errors import invalid
from understudy.systems.stripe.expand import Expansion, present
from understudy.systems.stripe.fields import params, required, text
from understudy.systems.stripe.listing import page_limit

__all__ = ["search_reply"]

_CLAUSE = re.compile(
    r"""\s*(?P<no>-)?(?P<field>[a-z_]+(?:\.[a-z_0-9]+)*)(?:\[["'](?P<key>[^"']+)["']\])?
    \s*(?P<operator>:|~|>=|<=|>|<)\s*
    (?:'(?P<single>(?:\\.|[^'\\])*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<bare>-?\d[\d.]*|null))\s*""",
    re.VERBOSE,
)
_JOIN = re.compile(r"(AND|OR)\b", re.IGNORECASE)
_FIELDS = {
    "customers": {"created", "email", "metadata", "name", "phone"},
    "charges": {
        "amount", "billing_details.address.postal_code", "created", "currency", "customer",
        "disputed", "metadata", "payment_method_details.card.last4", "refunded", "status",
    },
    "invoices": {"created", "currency", "customer", "metadata", "number", "status", "subscription",
                 "total"},
    "payment_intents": {"amount", "created", "currency", "customer", "metadata", "status"},
    "prices": {"active", "currency", "lookup_key", "metadata", "product", "type"},
    "products": {"active", "description", "metadata", "name", "shippable", "url"},
    "subscriptions": {"canceled_at", "created", "metadata", "status"},
}  # fmt: skip
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": lambda a, b: a > b, "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Clause:
    """One condition of a query."""

    field: str
    key: str | None
    operator: str
    value: str
    negated: bool

    @property
    def exact(self) -> bool:
        """Whether an index can answer the clause."""
        plain = self.key is None and "." not in self.field and self.value != "null"
        return plain and self.operator == ":" and not self.negated

    def holds(self, row: Row) -> bool:
        found = _look_up(row, self.field)
        if self.key is not None:
            found = found.get(self.key) if isinstance(found, dict) else None
        return self._matches(found) != self.negated

    def _matches(self, found: Any) -> bool:
        if self.value == "null" and self.operator == ":":
            return found is None
        if found is None:
            return False
        if self.operator == "~":
            return self.value.lower() in str(found).lower()
        if self.operator == ":":
            return fold(found) == fold(self.value)
        return _number(found) is not None and self._compares(found)

    def _compares(self, found: Any) -> bool:
        left, right = _number(found), _number(self.value)
        return left is not None and right is not None and _COMPARE[self.operator](left, right)


def search_reply(call: Call, table: str) -> Reply:
    """One page of what a query finds, newest first."""
    values = params(call)
    expansion = Expansion.of(call, listed=True)
    clauses, every = _parsed(required(values, "query"), table)
    limit, start = page_limit(values), _start(text(values, "page"))
    join = all if every else any
    overlay = call.session.overlay
    rows = [
        row
        for row in _candidates(overlay, f"stripe.{table}", clauses, every)
        if join(clause.holds(row) for clause in clauses)
    ]
    rows.sort(key=lambda row: (-(row.get("created") or 0), row["id"]))
    cut = rows[start : start + limit]
    more = start + limit < len(rows)
    payload = {
        "object": "search_result", "url": f"/v1/{table}/search", "has_more": more,
        "data": [present(call.session, table, row, expansion) for row in cut],
        "next_page": _page(start + limit) if more else None,
    }  # fmt: skip
    if "total_count" in (values.get("expand") or ()):
        payload["total_count"] = len(rows)
    return Reply(200, payload)


def _candidates(overlay: Overlay, table: str, clauses: list[_Clause], every: bool) -> Iterable[Row]:
    exact = (clause for clause in clauses if every and clause.exact)
    clause = next(exact, None)
    if clause is not None:
        return find_folded(overlay, table, clause.field, clause.value)
    return overlay.rows(table)


def _parsed(query: str, table: str) -> tuple[list[_Clause], bool]:
    clauses: list[_Clause] = []
    joins: set[str] = set()
    place = 0
    while True:
        match = _CLAUSE.match(query, place)
        if match is None:
            raise _unreadable(query, place)
        clauses.append(_clause(match, table))
        place = match.end()
        if place >= len(query):
            break
        join = _JOIN.match(query, place)
        joins.add(join[1].upper() if join else "AND")
        place = join.end() if join else place
    if len(joins) > 1:
        raise invalid("You cannot combine AND and OR in one search query.", param="query")
    if len(clauses) > 10:
        raise invalid("A search query can have at most 10 clauses.", param="query")
    return clauses, joins != {"OR"}


def _clause(match: re.Match[str], table: str) -> _Clause:
    if match["field"] not in _FIELDS[table]:
        message = f"Field `{match['field']}` is an unsupported search field for resource `{table}`."
        raise invalid(message, param="query")
    quoted = match["single"] if match["single"] is not None else match["double"]
    value = match["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return _Clause(match["field"], match["key"], match["operator"], value, match["no"] is not None)


def _unreadable(query: str, place: int) -> Exception:
    near = query[place : place + 20]
    return invalid(f"We were unable to parse your search query near `{near}`.", param="query")


def _look_up(row: Row, path: str) -> Any:
    found: Any = row
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _page(start: int) -> str:
    return base64.urlsafe_b64encode(f"start:{start}".encode()).decode()


def _start(page: str | None) -> int:
    if page is None:
        return 0
    try:
        name, _, number = base64.urlsafe_b64decode(page).decode().partition(":")
        if name == "start" and number.isdecimal() and len(number) < 12:
            return int(number)
    except ValueError:
        pass
    raise invalid("Invalid page token.", param="page")
