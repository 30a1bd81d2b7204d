"""A case played again: what each action changed, however many there are."""

from __future__ import annotations

from understudy.model.action import Action, Target
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.replayed import Replayed


def tagged(number, tag):
    return Action(
        system="zendesk", operation="zendesk.tags.add", fields={"tags": [tag]},
        target=Target(type="ticket", id=str(number)),
    )  # fmt: skip


def test_every_snapshot_stays_what_it_was():
    """What is written later changes no earlier snapshot, and each tells all that came after it."""
    tickets = {str(number): {"id": str(number), "tags": []} for number in (1, 2)}
    system = Replayed(Engine(World({"zendesk.tickets": tickets})), "c-1")
    kept = [system.snapshot()]
    for number, tag in ((1, "a"), (2, "b"), (1, "c")):
        assert system.apply(tagged(number, tag)).response_status == 200
        kept.append(system.snapshot())
    changed = [
        {(one.id, *one.after) for one in system.diff(since) if one.field == "tags"}
        for since in kept
    ]
    assert changed == [
        {("1", "a", "c"), ("2", "b")},
        {("1", "a", "c"), ("2", "b")}, {("1", "a", "c")}, set()
    ]  # fmt: skip
    assert [len(one.get("zendesk.tickets", {})) for one in kept] == [0, 1, 2, 2]


def test_an_action_more_costs_what_it_wrote(monkeypatch):
    """Four hundred actions look at what each of them wrote, not at all rows every time."""
    tickets = {str(number): {"id": str(number), "tags": []} for number in range(400)}
    system = Replayed(Engine(World({"zendesk.tickets": tickets})), "c-1")
    looked = []
    written = type(system._overlay).written_since
    monkeypatch.setattr(
        type(system._overlay), "written_since",
        lambda overlay, mark: looked.append(len(found := written(overlay, mark))) or found,
    )  # fmt: skip
    since = system.snapshot()
    for number in range(400):
        system.apply(tagged(number, "vip"))
        assert {one.id for one in system.diff(since)} >= {str(number)}
        since = system.snapshot()
    assert sum(looked) < 10 * 400
