"""The types that an association can have: HubSpot's own numbers, primary ones, and labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from understudy.model.world import Row
from understudy.systems.hubspot.errors import failure
from understudy.systems.hubspot.kinds import association_type, label
from understudy.systems.session import CaseSession

__all__ = [
    "check_name",
    "check_types",
    "known_types",
    "numbers",
    "shown_types",
    "told_types",
    "turned_types",
]

_CATEGORIES = ("HUBSPOT_DEFINED", "INTEGRATOR_DEFINED", "USER_DEFINED")
_PLAINLY_KNOWN = 1
# https://developers.hubspot.com/docs/api-reference/legacy/crm/associations/association-types
_FURTHER: dict[tuple[str, str], tuple[tuple[int, str], ...]] = {
    ("contacts", "companies"): ((1, "Primary"),), ("companies", "contacts"): ((2, "Primary"),),
    ("deals", "companies"): ((5, "Primary"),), ("companies", "deals"): ((6, "Primary"),),
    ("tickets", "companies"): ((26, "Primary"),), ("companies", "tickets"): ((25, "Primary"),),
    ("companies", "companies"): ((13, "Child Company"), (14, "Parent Company")),
}  # fmt: skip


def known_types(kind: str, to_kind: str) -> dict[int, str | None] | None:
    """HubSpot's numbers of a pair with their labels; None where the pair is a company's own.

    >>> known_types("deals", "companies"), known_types("2-1", "contacts")
    ({341: None, 5: 'Primary'}, None)
    """
    plain = association_type(kind, to_kind)
    if plain == _PLAINLY_KNOWN:
        return None
    return {plain: None, **dict(_FURTHER.get((kind, to_kind), ()))}


def numbers(types: Any) -> set[Any]:
    """HubSpot's own numbers among the types that a request names."""
    listed = types if isinstance(types, list) else []
    return {
        each.get("associationTypeId")
        for each in listed
        if isinstance(each, dict) and each.get("associationCategory") in (None, "HUBSPOT_DEFINED")
    }


def check_types(session: CaseSession, kind: str, to_kind: str, types: Any) -> list[dict[str, Any]]:
    """The types as they are given, or the 400; what a company's own labels are is not known."""
    if not isinstance(types, list) or not types or not all(map(_is_type, types)):
        message = (
            "Invalid input JSON: expected a list of association types, each with an"
            f" associationTypeId and an associationCategory of {', '.join(_CATEGORIES)}"
        )
        raise failure(session, 400, message, "VALIDATION_ERROR")
    known = known_types(kind, to_kind)
    wrong = [] if known is None else sorted(numbers(types) - known.keys())
    if wrong:
        message = f"Association types {wrong} do not exist between {kind} and {to_kind}"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    return types


def check_name(session: CaseSession, kind: str, to_kind: str, given: str) -> None:
    """What the older form calls a type: its name or its number, or the 400."""
    known, plain = known_types(kind, to_kind), label(kind, to_kind)
    if known is None or given in (plain, f"{plain}_unlabeled", *map(str, known)):
        return
    message = f"{given[:80]} is not a valid association type between {kind} and {to_kind}"
    context = {"type": [given[:80]], "fromObjectType": [kind], "toObjectType": [to_kind]}
    raise failure(
        session, 400, message, "VALIDATION_ERROR", context=context,
        subCategory="crm.associations.INVALID_ASSOCIATION_TYPE",
    )  # fmt: skip


def _is_type(given: Any) -> bool:
    named = given if isinstance(given, dict) else {}
    number = named.get("associationTypeId")
    whole = isinstance(number, int) and not isinstance(number, bool)
    return whole and named.get("associationCategory") in _CATEGORIES


def told_types(kind: str, to_kind: str, types: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is kept of given types: all but the plain one, which every association has."""
    plain = association_type(kind, to_kind)
    kept = [
        {"category": each["associationCategory"], "typeId": each["associationTypeId"]}
        for each in types
        if (each["associationCategory"], each["associationTypeId"]) != ("HUBSPOT_DEFINED", plain)
    ]
    return [each for place, each in enumerate(kept) if each not in kept[:place]]


def shown_types(kind: str, to_kind: str, link: Row) -> list[dict[str, Any]]:
    """The types of an association as it is seen from one end; labels as far as they are known."""
    known, told = known_types(kind, to_kind) or {}, link.get("types") or ()
    named = turned_types(to_kind, kind, told) if link.get("turned") else told
    plain = {"category": "HUBSPOT_DEFINED", "typeId": association_type(kind, to_kind)}
    return [{**each, "label": known.get(each["typeId"])} for each in [*named, plain]]


def turned_types(kind: str, to_kind: str, types: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Types between two kinds as they are from the other end; a company's own stay as they are.

    >>> turned_types("deals", "companies", [{"category": "HUBSPOT_DEFINED", "typeId": 5}])
    [{'category': 'HUBSPOT_DEFINED', 'typeId': 6}]
    """
    here, back = ([n for n, _ in _FURTHER.get(pair, ())] for pair in _both(kind, to_kind))
    other = dict(zip(here, reversed(back) if kind == to_kind else back, strict=True))
    return [{**each, "typeId": other.get(each["typeId"], each["typeId"])} for each in types]


def _both(kind: str, to_kind: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (kind, to_kind), (to_kind, kind)
