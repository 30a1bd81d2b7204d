"""Changes of state in a form that does not depend on ids given out, on times, or on wording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from understudy.diff.fields import Rules
from understudy.diff.values import canonical
from understudy.model.canonical import digest
from understudy.model.state import ABSENT, Change, Place

__all__ = ["kind_of_place", "settled"]

_KEY = "id"
_NEW = "new "
_DEEPEST = 40


def settled(
    changes: Iterable[Change], rules: Rules
) -> tuple[tuple[Change, ...], Mapping[Place, Place]]:
    """The changes that count, and how new objects are called in them.

    Times of writing are left out, and so is what people read: words are no state, and the actions
    are held to the facts in them. A new object goes by what it holds, since its id is a matter of
    the order in which objects are made. What a field may be spelled as makes no difference.

    >>> made = [Change("stripe.refunds", "re_9", "id", ABSENT, "re_9"),
    ...         Change("stripe.refunds", "re_9", "amount", ABSENT, "80.0"),
    ...         Change("stripe.charges", "ch_1", "refund", None, "re_9")]
    >>> [(one.entity, one.id[:4], one.field) for one in settled(made, Rules())[0]]
    [('stripe.charges', 'ch_1', 'refund'), ('stripe.refunds', 'new ', 'amount')]
    """
    counted = [one for one in changes if rules.of_state(one.entity, one.field)]
    born = {(one.entity, one.id) for one in counted if one.field == _KEY and one.before is ABSENT}
    names = _named(counted, born)
    ids = {place[1]: name[1] for place, name in names.items()}
    return tuple(sorted(_renamed(counted, names, ids), key=_order)), names


def kind_of_place(place: Place) -> Place:
    """A place without its number among twins: new objects that hold the same are one and the same.

    >>> kind_of_place(("stripe.refunds", "new 0a1b.2")), kind_of_place(("stripe.refunds", "re_1"))
    (('stripe.refunds', 'new 0a1b'), ('stripe.refunds', 're_1'))
    """
    table, name = place
    return (table, name.rpartition(".")[0]) if name.startswith(_NEW) else place


def _named(changes: Sequence[Change], born: set[Place]) -> dict[Place, Place]:
    """New objects by a digest of what they hold apart from ids given out; twins are numbered."""
    given = {place[1]: "(new)" for place in born}
    held: dict[Place, list[Any]] = {place: [] for place in born}
    for one in changes:
        place = (one.entity, one.id)
        if place in held and one.field != _KEY and one.after is not None:
            held[place].append([one.field, repr(_form(one.after, given))])
    names: dict[Place, Place] = {}
    twins: Counter[str] = Counter()
    for place in sorted(born):
        name = f"{_NEW}{digest([place[0], sorted(held[place])])[:12]}"
        twins[name] += 1
        names[place] = (place[0], f"{name}.{twins[name]}")
    return names


def _renamed(
    changes: Iterable[Change], names: Mapping[Place, Place], ids: Mapping[str, str]
) -> Iterator[Change]:
    for one in changes:
        place = (one.entity, one.id)
        new = names.get(place, place)
        if new is not place and one.field == _KEY:
            continue
        before, after = _form(one.before, ids), _form(one.after, ids)
        if before != after:
            yield Change(*new, one.field, before, after)


def _form(value: Any, ids: Mapping[str, str]) -> Any:
    """One form of a value; nothing and null are the same to whoever reads a field."""
    return ABSENT if value is ABSENT or value is None else canonical(_with_names(value, ids))


def _with_names(value: Any, ids: Mapping[str, str], depth: int = 0) -> Any:
    if isinstance(value, str):
        return ids.get(value, value)
    if depth > _DEEPEST:
        return value
    if isinstance(value, Mapping):
        return {key: _with_names(each, ids, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_names(each, ids, depth + 1) for each in value]
    return value


def _order(change: Change) -> tuple[str, str, str]:
    return change.entity, change.id, change.field
