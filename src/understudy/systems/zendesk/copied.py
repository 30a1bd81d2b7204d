"""Who gets a copy of a ticket: people in CC, and agents who follow it.

https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from understudy.model.world import Row
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.errors import invalid_attribute
from understudy.systems.zendesk.payload import number
from understudy.systems.zendesk.people import find_user, new_person, user_by_email

__all__ = ["COPIED", "copied_changes"]

_CC, _FOLLOWERS, _BOTH = "email_cc_ids", "follower_ids", "collaborator_ids"
COPIED = frozenset(
    (
        "additional_collaborators", "collaborator_ids", "collaborators", "email_cc_ids",
        "email_ccs", "follower_ids", "followers",
    )
)  # fmt: skip
"""The keys of a ticket that say who gets a copy."""


def copied_changes(session: CaseSession, row: Row, given: Mapping[str, Any]) -> dict[str, Any]:
    """Who is to get a copy from now on; whom nothing names is taken no notice of.

    Collaborators are sorted, end users into CC and agents among the followers, and are told of
    both together.
    """
    lists = {name: _ids(row.get(name)) for name in (_CC, _FOLLOWERS)}
    for name in ("collaborators", _BOTH):
        if name in given:
            lists = {_CC: {}, _FOLLOWERS: {}}
            _join(session, lists, _listed(name, given[name]))
    if "additional_collaborators" in given:
        named = _listed("additional_collaborators", given["additional_collaborators"])
        _join(session, lists, named)
    for name in (_CC, _FOLLOWERS):
        if name in given:
            lists[name] = _known(session, _listed(name, given[name]), _fits(name))
    for key, name in (("email_ccs", _CC), ("followers", _FOLLOWERS)):
        for one in _listed(key, given.get(key) or []):
            _put_or_delete(session, lists[name], _object(key, one), _fits(name))
    both = [*lists[_CC], *lists[_FOLLOWERS]]
    return {**{name: list(ids) for name, ids in lists.items()}, _BOTH: list(dict.fromkeys(both))}


def _ids(known: Any) -> dict[Any, None]:
    return dict.fromkeys(map(number, known)) if isinstance(known, list) else {}


def _listed(name: str, given: Any) -> list[Any]:
    if isinstance(given, dict):
        return [given]
    if not isinstance(given, list):
        raise invalid_attribute(name)
    return given


def _object(name: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid_attribute(name)
    return given


def _is_agent(person: Row) -> bool:
    return str(person.get("role", "end-user")) != "end-user"


def _fits(name: str) -> Callable[[Row], bool]:
    """Only agents can follow a ticket."""
    return _is_agent if name == _FOLLOWERS else lambda _: True


def _join(session: CaseSession, lists: Mapping[str, dict[Any, None]], named: Iterable[Any]) -> None:
    for one in named:
        person = _person(session, one)
        if person is not None:
            lists[_FOLLOWERS if _is_agent(person) else _CC][number(person["id"])] = None


def _known(
    session: CaseSession, named: Iterable[Any], fits: Callable[[Row], bool]
) -> dict[Any, None]:
    found = (find_user(session, str(one)) for one in named)
    return {number(person["id"]): None for person in found if person is not None and fits(person)}


def _put_or_delete(
    session: CaseSession, ids: dict[Any, None], one: dict[str, Any], fits: Callable[[Row], bool]
) -> None:
    named = one.get("user_id") or {"email": one.get("user_email"), "name": one.get("user_name")}
    gone = one.get("action") == "delete"
    person = _person(session, named, make=not gone)
    if person is None:
        return
    if gone:
        ids.pop(number(person["id"]), None)
    elif fits(person):
        ids[number(person["id"])] = None


def _person(session: CaseSession, named: Any, *, make: bool = True) -> Row | None:
    """A user by id, by e-mail, or by e-mail and name; a new e-mail makes a new user."""
    if isinstance(named, dict):
        email, name = named.get("email"), named.get("name")
    elif isinstance(named, str) and "@" in named:
        email, name = named, None
    else:
        return find_user(session, str(named))
    if not isinstance(email, str) or "@" not in email:
        return None
    known = user_by_email(session, email)
    if known is not None or not make:
        return known
    return new_person(session, email, str(name or email.partition("@")[0]))
