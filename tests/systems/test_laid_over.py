"""What a company has defined itself, over worlds that know their past and their own types."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import orjson
import pytest

from understudy.candidates.toolbox import CallError, Toolbox
from understudy.model.system_settings import SystemSettings
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.equipment import equipped
from understudy.systems.laid_over import LaidOver
from understudy.systems.system import System
from understudy.world.versions import TimedWorld, Version, micros

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
MORNING = datetime(2026, 7, 1, 9, tzinfo=UTC)
SETTINGS = SystemSettings.model_validate(
    {
        "version": 1,
        "hubspot": {
            "objects": [{"type_id": "2-777", "name": "machine", "properties": [{"name": "serial"}]}]
        },
        "zendesk": {"ticket_fields": [{"id": 31, "title": "Product", "type": "text"}]},
    }
)
TICKET = {
    "id": "7", "subject": "Help", "status": "open", "created_at": "2026-07-01T08:00:00Z",
    "updated_at": "2026-07-01T08:00:00Z", "custom_fields": [],
}  # fmt: skip
MACHINE = {
    "id": "5", "serial": "A-1", "createdAt": "2026-07-01T08:00:00Z",
    "updatedAt": "2026-07-01T08:00:00Z", "archived": False,
}  # fmt: skip


def _timed(*states):
    return TimedWorld(
        [
            Version(
                table=table, id=row["id"], since=since and micros(since),
                row=msgspec.Raw(orjson.dumps(row)),
            )
            for table, since, row in states
        ],
        now=int(NOON.timestamp()),
    )  # fmt: skip


@pytest.fixture
def solved_at_noon():
    return _timed(
        ("zendesk.tickets", None, TICKET),
        ("zendesk.tickets", NOON, {**TICKET, "status": "solved"}),
        ("hubspot.machine", None, MACHINE),
    )


def _box(world, now, **more):
    engine = Engine(world, **more)
    return Toolbox(engine, engine.open_case("one", now=now))


def test_with_own_fields_a_case_still_sees_its_own_moment(solved_at_noon):
    """The ticket is open at the case's trigger, solved later, and has the new field both times."""
    world = equipped(solved_at_noon, SETTINGS)
    for now, status in ((MORNING, "open"), (NOON, "solved")):
        ticket = _box(world, now).call("zendesk.tickets.get", id="7")["ticket"]
        assert ticket["status"] == status
        assert [each["id"] for each in ticket["custom_fields"]] == [31]


def test_with_an_own_system_a_case_still_sees_its_own_moment(solved_at_noon):
    """Rows that a system brings along do not take the past away."""

    class Shelf(System):
        name, host = "shelf", "shelf.example.com"

        def rows(self, world):
            return {"shelf.items": [{"id": "1"}]}

    systems = {"support": "zendesk", "shelf": Shelf()}
    box = _box(solved_at_noon, MORNING, systems=systems)
    assert box.call("zendesk.tickets.get", id="7")["ticket"]["status"] == "open"


def test_objects_that_are_kept_by_their_type_s_name_are_found_by_its_id(solved_at_noon):
    """A recording names the type, the settings give its number: both lead to the object."""
    box = _box(equipped(solved_at_noon, SETTINGS), MORNING)
    for name in ("machine", "2-777"):
        found = box.call("hubspot.objects.get", object_type=name, id="5", properties="serial")
        assert found["properties"]["serial"] == "A-1"
        box.call("hubspot.objects.update", object_type=name, id="5", properties={"serial": "B"})
        with pytest.raises(CallError):
            box.call("hubspot.objects.get", object_type=name, id="6")
        box = _box(equipped(solved_at_noon, SETTINGS), MORNING)


def test_a_table_is_its_rows_and_those_laid_over():
    """What replaces a row is found by its own values only; the rest keeps its order."""
    below = World({"t": {"1": {"id": "1", "a": 1}, "2": {"id": "2", "a": 1}}})
    world = LaidOver(below, {"t": {"2": {"id": "2", "a": 9}, "3": {"id": "3", "a": 1}}})
    assert [world.find("t", "a", value) for value in (1, 9, 7)] == [("1", "3"), ("2",), ()]
    assert (list(world.table("t")), len(world.table("t"))) == (["1", "2", "3"], 3)
    assert ("3" in world.table("t"), "4" in world.table("t")) == (True, False)
    with pytest.raises(KeyError):
        world.table("t")["4"]
    assert world.counts() == {"t": 3}


def test_a_changed_row_stays_the_same_object():
    """What is rendered of a row is kept by the row, so it must not be made anew."""
    below = World({"t": {"1": {"id": "1"}}})
    world = LaidOver(below, {}, {"t": lambda row: {**row, "new": 1}})
    assert world.get("t", "1") is world.get("t", "1")
    assert world.get("t", "1") == {"id": "1", "new": 1}
