"""One person several times: duplicates with their merge trail, copies that disagree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from understudy.model.configuration import WEIGHTS, Configuration, ShareText
from understudy.world.columns import iso, numbered
from understudy.world.entropy import Stream, below, chosen, share
from understudy.world.operators.changes import AddRows, Change, SetCells, View
from understudy.world.operators.links import stale_links
from understudy.world.operators.registry import ANY_TEXT, Kim, Level, Operator, RahmDo, Works
from understudy.world.table import Table

__all__ = ["OPERATORS", "copies_disagree", "duplicate_merge"]

Ints = npt.NDArray[np.int64]
Part = Literal["email", "phone", "address", "name"]
_FIELD_WEIGHTS: dict[Part, float] = {"email": 34.0, "phone": 26.0, "address": 20.0, "name": 20.0}
_COPY_START = 600_000_000
How = Literal["other_email", "maiden_name", "person_name", "moved", "no_accents", "initials"]


class DuplicateParameters(Configuration):
    """The law of clusters and merges.

    `copies` weighs how many copies a duplicated contact has, `changes` in how many fields each
    differs, `merged` the share of copies that were merged, and `stale` the share of the merges
    that the other systems never heard of: there the original was merged away and their links
    still point at it.
    """

    copies: Annotated[tuple[float, ...], WEIGHTS] = Field((87, 10, 3), min_length=1, max_length=6)
    changes: Annotated[tuple[float, ...], WEIGHTS] = Field(
        (40, 33, 18, 9), min_length=1, max_length=4
    )
    fields: Annotated[dict[Part, float], WEIGHTS] = Field(
        default_factory=lambda: dict(_FIELD_WEIGHTS), min_length=1
    )
    merged: ShareText = 0.6
    stale: ShareText = 0.6


class DisagreeParameters(Configuration):
    """In which column, and how, the copy differs from what the CRM knows."""

    column: str
    how: How


def duplicate_merge(view: View) -> list[Change]:
    """Copies of contacts, some merged; where the original lost, others still point at it."""
    count = chosen(view.words("copies"), view.parameters.copies) + 1
    group = np.repeat(np.arange(len(view.hits), dtype=np.int64), count)
    parents = view.hits[group]
    copies = _copies(view, parents)
    merged = share(view.words("merged", len(parents)), view.parameters.merged)
    stale = share(view.words("stale", len(parents)), view.parameters.stale)
    # Only the first copy can win over its original, or there would be two winners.
    first = np.concatenate([[True], group[1:] != group[:-1]]) if len(group) else stale
    won = merged & stale & first
    lost = merged & ~won & ~_any_of_group(won, group)
    originals = view.tables[view.table].columns["id"].take(pa.array(parents))
    copies = _trail(copies, won, lost, originals)
    changes: list[Change] = [AddRows(view.table, copies, group, "copy")]
    changes += _merge_parents(view, copies, parents, group, won, lost)
    gone = np.flatnonzero(won)
    return changes + stale_links(
        view, originals.take(pa.array(gone)), group[gone], "points at a merged row"
    )


def _any_of_group(mask: npt.NDArray[np.bool_], group: Ints) -> npt.NDArray[np.bool_]:
    found = np.zeros(int(group.max()) + 1 if len(group) else 0, dtype=bool)
    found[group[mask]] = True
    return found[group] if len(group) else mask


def _copies(view: View, parents: Ints) -> Table:
    table = view.tables[view.table]
    columns = {name: column.take(pa.array(parents)) for name, column in table.columns.items()}
    count = len(parents)
    ids = Stream(view.stream.seed, view.stream.table, "id", f"{view.stream.purpose}/copy")
    columns["id"] = numbered(_COPY_START, 97, ids, view.block, count)
    later = below(view.words("later", count), 700 * 86_400)
    born = np.minimum(view.now - 3600, view.now - later)
    columns["createdAt"] = columns["updatedAt"] = iso(born)
    many = chosen(view.words("changes", count), view.parameters.changes) + 1
    fields = list(view.parameters.fields)
    weights = list(view.parameters.fields.values())
    hit = np.zeros((len(fields), count), dtype=bool)
    for number in range(len(view.parameters.changes)):
        picked = chosen(view.words(f"field{number}", count), weights)
        hit[picked[many > number], np.flatnonzero(many > number)] = True
    people = table.people[parents]
    words = view.words("how", count)
    for name, mask in zip(fields, hit, strict=True):
        _VARY[name](columns, np.flatnonzero(mask), view, people, words)
    return Table(columns, people)


def _put(columns: dict[str, pa.Array], name: str, rows: Ints, values: pa.Array) -> None:
    mask = np.zeros(len(columns[name]), dtype=bool)
    mask[rows] = True
    columns[name] = pc.replace_with_mask(columns[name], pa.array(mask), values)


def _known(view: View, people: Ints, rows: Ints, column: str, default: pa.Array) -> pa.Array:
    """A column of the people behind the rows; the default where nobody is known."""
    who = people[rows]
    found = view.people[column].take(pa.array(who, mask=who < 0)) if view.people else None
    return default if found is None else pc.coalesce(found, default)


def _vary_email(
    columns: dict[str, pa.Array], rows: Ints, view: View, people: Ints, _: npt.NDArray[np.uint64]
) -> None:
    old = columns["email"].take(pa.array(rows))
    _put(columns, "email", rows, _known(view, people, rows, "private_email", old))


def _vary_phone(
    columns: dict[str, pa.Array], rows: Ints, _: View, __: Ints, words: npt.NDArray[np.uint64]
) -> None:
    made = [
        None if value is None or word % 3 == 0 else _rewritten_phone(value, word)
        for value, word in zip(
            columns["phone"].take(pa.array(rows)).to_pylist(), words[rows].tolist(), strict=True
        )
    ]
    _put(columns, "phone", rows, pa.array(made, pa.string()))


def _rewritten_phone(value: str, word: int) -> str:
    bare = value.replace(" ", "").replace("-", "")
    return bare.replace("+", "00") if word % 2 else bare


def _vary_address(
    columns: dict[str, pa.Array], rows: Ints, _: View, __: Ints, ___: npt.NDArray[np.uint64]
) -> None:
    values = columns["address"].take(pa.array(rows))
    for long, short in (("Straße", "Str."), ("straße", "str."), ("Street", "St"), ("Road", "Rd")):
        values = pc.replace_substring(values, long, short)
    _put(columns, "address", rows, pc.utf8_upper(values))


def _vary_name(
    columns: dict[str, pa.Array], rows: Ints, _: View, __: Ints, words: npt.NDArray[np.uint64]
) -> None:
    first = columns["firstname"].take(pa.array(rows))
    short = pc.binary_join_element_wise(pc.utf8_slice_codeunits(first, 0, 1), ".", "")
    initial = pa.array((words[rows] % np.uint64(2)) == 0)
    _put(columns, "firstname", rows, pc.if_else(initial, short, pc.utf8_lower(first)))


_VARY: dict[str, Callable[..., None]] = {
    "email": _vary_email,
    "phone": _vary_phone,
    "address": _vary_address,
    "name": _vary_name,
}


def _trail(
    copies: Table, won: npt.NDArray[np.bool_], lost: npt.NDArray[np.bool_], originals: pa.Array
) -> Table:
    """The marks that the vendor leaves on both sides of a merge."""
    nothing = pa.scalar(None, pa.string())
    columns = dict(copies.columns)
    columns["archived"] = pa.array(lost)
    columns["hs_merged_into"] = pc.if_else(pa.array(lost), originals, nothing)
    columns["hs_merged_object_ids"] = pc.if_else(pa.array(won), originals, nothing)
    return Table(columns, copies.people)


def _merge_parents(
    view: View,
    copies: Table,
    parents: Ints,
    group: Ints,
    won: npt.NDArray[np.bool_],
    lost: npt.NDArray[np.bool_],
) -> list[Change]:
    """Originals that lost are archived; those that won name what they took in."""
    ids = copies.columns["id"]
    gone, winner = np.flatnonzero(won), np.flatnonzero(lost)
    taken: dict[int, list[str]] = {}
    for place, copy in zip(
        parents[winner].tolist(), ids.take(pa.array(winner)).to_pylist(), strict=True
    ):
        taken.setdefault(place, []).append(copy)
    rows = np.array(sorted(taken), dtype=np.int64)
    numbers = dict(zip(parents.tolist(), group.tolist(), strict=True))
    groups = np.array([numbers[row] for row in rows.tolist()], dtype=np.int64)
    names = pa.array([";".join(taken[row]) for row in rows.tolist()], pa.string())
    table = view.table
    return [
        SetCells(
            table, "archived", parents[gone], pa.repeat(True, len(gone)), group[gone], "merged away"
        ),
        SetCells(table, "hs_merged_into", parents[gone], ids.take(pa.array(gone)), group[gone]),
        SetCells(table, "hs_merged_object_ids", rows, names, groups),
    ]


def copies_disagree(view: View) -> list[Change]:
    """The same person, known otherwise here than in the CRM."""
    column, how = view.parameters.column, view.parameters.how
    who = view.who()
    known = np.flatnonzero(who >= 0)
    if not len(known):
        return []
    rows, people = view.hits[known], who[known]
    old = view.tables[view.table].columns[column].take(pa.array(rows))
    new = _OTHERWISE[how](old, view, people)
    return [SetCells(view.table, column, rows, new, known, how)]


def _from_people(column: str) -> Callable[[pa.Array, View, Ints], pa.Array]:
    return lambda old, view, people: pc.coalesce(view.people[column].take(pa.array(people)), old)


def _no_accents(old: pa.Array, _: View, __: Ints) -> pa.Array:
    return pc.replace_substring_regex(pc.utf8_normalize(old, "NFD"), r"\p{Mn}", "")


def _initials(old: pa.Array, _: View, __: Ints) -> pa.Array:
    parts = [value.split() if value else [] for value in old.to_pylist()]
    made = [" ".join([f"{part[0][0]}.", *part[1:]]) if len(part) > 1 else None for part in parts]
    return pc.coalesce(pa.array(made, pa.string()), old)


def _moved(_: pa.Array, view: View, people: Ints) -> pa.Array:
    """The address of somebody else of the block: they moved, and nobody told finance."""
    other = (people + 1 + view.below("moved", 997)[: len(people)]) % len(view.people["address"])
    return view.people["address"].take(pa.array(other))


_OTHERWISE: dict[str, Callable[[pa.Array, View, Ints], pa.Array]] = {
    "other_email": _from_people("private_email"),
    "maiden_name": _from_people("maiden_name"),
    "person_name": _from_people("name"),
    "moved": _moved,
    "no_accents": _no_accents,
    "initials": _initials,
}

OPERATORS = (
    Operator(
        "duplicate_merge",
        Level.TABLE,
        Kim.WRONG,
        RahmDo.MULTI_INSTANCE,
        ANY_TEXT,
        duplicate_merge,
        DuplicateParameters,
        works_on=Works.BLOCK,
        needs=(
            "email",
            "phone",
            "address",
            "firstname",
            "archived",
            "createdAt",
            "hs_merged_into",
            "hs_merged_object_ids",
        ),
    ),
    Operator(
        "copies_disagree",
        Level.TABLE,
        Kim.WRONG,
        RahmDo.MULTI_INSTANCE,
        ANY_TEXT,
        copies_disagree,
        DisagreeParameters,
        works_on=Works.BLOCK,
    ),
)
