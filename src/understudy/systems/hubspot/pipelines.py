"""The pipelines that deals and tickets go through, and what cannot be a place in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from understudy.model.world import Row, World
from understudy.systems.hubspot.definitions import BORN, definition, option_error, pipelines
from understudy.systems.overlay import Overlay

__all__ = ["misplaced", "place_options", "shown_pipelines"]

Wrong = tuple[str, str, str]
"""A property, what is wrong with its value, and the error's name."""
_ENDS = ("1.0", "0.0")
_STAGES: dict[str, dict[str, tuple[str, str]]] = {
    "deals": {
        "appointmentscheduled": ("Appointment Scheduled", "0.2"),
        "qualifiedtobuy": ("Qualified To Buy", "0.4"),
        "presentationscheduled": ("Presentation Scheduled", "0.6"),
        "decisionmakerboughtin": ("Decision Maker Bought-In", "0.8"),
        "contractsent": ("Contract Sent", "0.9"), "closedwon": ("Closed Won", "1.0"),
        "closedlost": ("Closed Lost", "0.0"),
    },
    "tickets": {
        "1": ("New", ""), "2": ("Waiting on contact", ""), "3": ("Waiting on us", ""),
        "4": ("Closed", "1.0"),
    },
}  # fmt: skip
_FIRST = {"deals": "default", "tickets": "0"}
_LABELS = {"deals": "Sales Pipeline", "tickets": "Support Pipeline"}
_COLUMNS = {
    "deals": ("pipeline", "dealstage"), "tickets": ("hs_pipeline", "hs_pipeline_stage"),
}  # fmt: skip
_PIPELINES: WeakKeyDictionary[World, dict[str, list[dict[str, Any]]]] = WeakKeyDictionary()


def shown_pipelines(world: World, kind: str) -> list[dict[str, Any]]:
    """The pipelines of a type, the one that is meant without a word first."""
    known = _PIPELINES.setdefault(world, {})
    if kind not in known:
        own = pipelines(world, kind)
        known[kind] = [_shown(row) for row in own] or _derived(world, kind)
    return known[kind]


def place_options(world: World, kind: str, name: str) -> list[tuple[str, str]]:
    """The value and label of each pipeline or stage, where the property holds one of them."""
    if name not in _COLUMNS.get(kind, ()):
        return []
    shown = shown_pipelines(world, kind)
    if name == _COLUMNS[kind][1]:
        shown = [stage for each in shown for stage in each["stages"]]
    return [(each["id"], each["label"]) for each in shown]


def _shown(row: Row) -> dict[str, Any]:
    """A pipeline as the company has defined it."""
    times = {"createdAt": BORN, "updatedAt": BORN, "archived": False}
    taken = {name: row[name] for name in ("label", "displayOrder", "stages")}
    return {"id": row["name"], **taken, **times}


def _derived(world: World, kind: str) -> list[dict[str, Any]]:
    """The standard pipeline, and those that at least twenty of the world's objects lie in."""
    if kind not in _COLUMNS:
        return []
    pipeline, stage = _COLUMNS[kind]
    rows = list(world.table(f"hubspot.{kind}").values())
    often = Counter(str(row[pipeline]) for row in rows if row.get(pipeline))
    first = _FIRST[kind]
    names = [first, *sorted(n for n, count in often.items() if count >= 20 and n != first)]
    made = []
    for order, name in enumerate(names):
        own = [str(row[stage]) for row in rows if row.get(pipeline) == name and row.get(stage)]
        seen = [s for s, count in sorted(Counter(own).items()) if count >= 20]
        stages = [*_STAGES[kind], *(each for each in seen if each not in _STAGES[kind])]
        made.append(_pipeline(kind, name, order, stages))
    return made


def _pipeline(kind: str, name: str, order: int, stages: list[str]) -> dict[str, Any]:
    times = {"createdAt": BORN, "updatedAt": BORN, "archived": False}
    shown = [_stage(kind, each, index) | times for index, each in enumerate(stages)]
    label = _LABELS[kind] if name == _FIRST[kind] else name
    return {"id": name, "label": label, "displayOrder": order, "stages": shown, **times}


def _stage(kind: str, stage: str, order: int) -> dict[str, Any]:
    label, share = _STAGES[kind].get(stage, (stage, ""))
    closed = share in _ENDS or stage.startswith("closed")
    told = {"isClosed": "true" if closed else "false"}
    if kind == "tickets":
        told["ticketState"] = "CLOSED" if closed else "OPEN"
    elif share:
        told["probability"] = share
    return {"id": stage, "label": label, "displayOrder": order, "metadata": told}


def misplaced(
    overlay: Overlay, kind: str, stored: Mapping[str, Any], row: Row | None
) -> Iterator[Wrong]:
    """What is wrong with the pipeline and the stage that an object is to be in.

    A stage must be one of the object's pipeline: the one that is given with it, the one that it
    lies in, or the standard one. Where the company has told no pipelines of its own, those that
    its objects ever lay in are taken as well.
    """
    if kind not in _COLUMNS or _is_standard(overlay.world, kind, stored, row):
        return
    place = _Place(overlay, kind)
    pipeline, stage = (stored.get(name) for name in _COLUMNS[kind])
    if pipeline and not place.takes(0, pipeline, place.pipelines):
        yield place.wrong(0, pipeline, place.pipelines)
    elif stage:
        first, _ = _COLUMNS[kind]
        kept = next(iter(place.pipelines), None) if row is None else row.get(first)
        of_it = place.stages_of(pipeline or kept)
        if stage not in of_it and (stage in place.stages or not place.takes(1, stage, of_it)):
            yield place.wrong(1, stage, of_it)


def _is_standard(world: World, kind: str, stored: Mapping[str, Any], row: Row | None) -> bool:
    """Whether what is given is a place that every account has; most is, and it is soon told."""
    pipeline, stage = (stored.get(name) for name in _COLUMNS[kind])
    lies_in = pipeline or (row or {}).get(_COLUMNS[kind][0]) or _FIRST[kind]
    known = lies_in == _FIRST[kind] and (not stage or stage in _STAGES[kind])
    return not (pipeline or stage) or (known and not pipelines(world, kind))


class _Place:
    """Where objects of a type can lie in an account."""

    def __init__(self, overlay: Overlay, kind: str) -> None:
        self._overlay, self._kind = overlay, kind
        shown = shown_pipelines(overlay.world, kind)
        self.pipelines = {each["id"]: [s["id"] for s in each["stages"]] for each in shown}
        self.stages = {stage for stages in self.pipelines.values() for stage in stages}
        self._told = bool(pipelines(overlay.world, kind))

    def stages_of(self, pipeline: Any) -> Iterable[str]:
        """The stages of a pipeline; of one that the account does not list, all there are."""
        found: Iterable[str] = self.pipelines.get(pipeline, sorted(self.stages))
        return found

    def takes(self, column: int, value: str, allowed: Iterable[str]) -> bool:
        """Whether a value is listed, was ever held, or was seen to be accepted."""
        if value in allowed or self._told:
            return value in allowed
        name, table = _COLUMNS[self._kind][column], f"hubspot.{self._kind}"
        held = self._overlay.world.ever(table, name, value)
        return held or definition(self._overlay, self._kind, name) is not None

    def wrong(self, column: int, value: str, allowed: Iterable[str]) -> Wrong:
        """The refusal of a value."""
        return _COLUMNS[self._kind][column], *option_error(list(allowed), value)
