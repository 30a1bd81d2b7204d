"""Undoing: the inverses of the route table, in reverse order, until nothing is left."""

from __future__ import annotations

from understudy.model.action import Action, Target
from understudy.systems.engine import Engine
from understudy.systems.undoing import Undoing


def did(operation, target=None, **fields):
    system = operation.partition(".")[0]
    aimed = None if target is None else Target(type=target[0], id=target[1])
    return Action(system=system, operation=operation, target=aimed, fields=fields)


def undone(world, *actions):
    undoing = Undoing(Engine(world, seed=7), "case-1")
    undoing.go(actions)
    return undoing


RENAMED = did("stripe.customers.update", ("customer", "cus_ada"), name="Somebody else")
AGAIN = did("stripe.customers.update", ("customer", "cus_ada"), name="Yet another")
REFUNDED = did("stripe.refunds.create", ("charge", "ch_0001"), charge="ch_0001", amount=100)
CREDITED = did("stripe.customer_balance.create", ("customer", "cus_ada"), amount=-500,
               currency="eur")  # fmt: skip


def test_two_changes_of_one_field_are_undone_in_reverse(world):
    """The second one first: only so the first inverse finds what it is to restore."""
    found = undone(world, RENAMED, AGAIN)
    assert found.empty
    assert [one.action.fields["name"] for one in found.outcomes] == ["Yet another", "Somebody else"]
    assert not any(one.stuck for one in found.outcomes)


def test_what_nothing_undoes_is_said(world):
    """A refund stays, and what was done beside it is undone all the same."""
    found = undone(world, RENAMED, REFUNDED)
    assert not found.empty
    assert [(one.action.operation, one.reason) for one in found.outcomes] == [
        ("stripe.refunds.create", "nothing undoes it"),
        ("stripe.customers.update", ""),
    ]


def test_an_entry_is_undone_by_its_opposite(world):
    """Both stay in the ledger and cancel out, so that the balance is what it was."""
    found = undone(world, CREDITED)
    assert found.empty
    assert found.traces == 2


def test_what_is_refused_has_nothing_to_undo(world):
    """A write that the systems do not accept again is counted apart."""
    found = undone(world, did("stripe.refunds.create", charge="ch_none", amount=1))
    assert (found.refused, found.outcomes, found.empty) == (1, [], True)


def test_the_case_is_closed_again(world):
    """The same case can be opened anew, as it was."""
    engine = Engine(world, seed=7)
    for _ in range(2):
        undoing = Undoing(engine, "case-1")
        undoing.go([RENAMED])
        assert undoing.empty
