"""What is held of very many cases is little, and says the same as if all of it were held."""

from __future__ import annotations

import random

import msgspec
import pytest

from understudy.model.case_costs import CaseCosts
from understudy.model.cost import CaseCost
from understudy.model.jsonl import write_json, write_json_with
from understudy.model.line_file import Grouped
from understudy.model.names import Names


class Document(msgspec.Struct):
    """A head and a tail with a long list between them."""

    head: str
    costs: tuple[CaseCost, ...]
    tail: dict[str, int]


def cost(number: int, **more) -> CaseCost:
    fields = {"case_id": f"c-{number}", "cluster_id": f"ü{number % 7}", "net_value_minor": -number}
    return CaseCost(**{**fields, "error_cost_minor": number, **more})


def test_names_are_numbered_as_a_dictionary_would():
    """Through every growth of the table, with the same ones again and others never seen."""
    rng = random.Random(3)
    names, known = Names(), {}
    for _ in range(20_000):
        name = f"case {rng.randrange(9_000)}"
        assert names.number(name) == known.setdefault(name, len(known))
    assert len(names) == len(known)
    assert all(names.find(name) == number for name, number in known.items())
    assert names.find("case") is None


def test_records_are_grouped_as_a_dictionary_would():
    """Each key's records in their order, wherever they stand."""
    words = [f"{number % 97} {number}" for number in range(1_000)]
    grouped = Grouped(words, lambda word: word.partition(" ")[0])
    wanted: dict[str, list[str]] = {}
    for word in words:
        wanted.setdefault(word.partition(" ")[0], []).append(word)
    assert {name: list(grouped[name]) for name in grouped} == wanted
    assert list(grouped) == list(wanted)
    assert grouped.last("5") == wanted["5"][-1]
    with pytest.raises(KeyError):
        grouped.places("97")


def test_costs_are_what_they_were():
    """Amounts of any size, flags, ids that are no proper Unicode, slices."""
    given = [
        cost(1, critical=3, agrees=True), cost(2, escalated=True), cost(3, failed=True),
        cost(4, error_cost_minor=1 << 80), cost(5, net_value_minor=-(1 << 80)),
        cost(6, case_id="\ud800"), cost(7, case_id=""),
    ]  # fmt: skip
    costs = CaseCosts(given)
    assert list(costs) == given
    assert costs == given and costs != given[:-1] and costs != 7
    assert costs[1:3] == given[1:3] and costs[-1] == given[-1]
    with pytest.raises(IndexError):
        costs[7]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_long_list_is_written_as_if_it_were_held(tmp_path, count):
    """Byte for byte the document that is written at once."""
    costs = tuple(cost(number) for number in range(count))
    whole = Document('say "costs": [] to it', costs, {"a": 1})
    write_json(tmp_path / "whole.json", whole)
    head = msgspec.structs.replace(whole, costs=())
    write_json_with(tmp_path / "parts.json", head, "costs", CaseCosts(costs))
    assert (tmp_path / "parts.json").read_bytes() == (tmp_path / "whole.json").read_bytes()
    with pytest.raises(ValueError, match="no empty list `cost`"):
        write_json_with(tmp_path / "parts.json", head, "cost", ())
