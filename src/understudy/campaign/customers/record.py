"""Who the customer of a case is, as they know themselves: name, mail address, phone number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from understudy.campaign.judging.replays import open_once
from understudy.model.case import Case
from understudy.world.store import has_truth, load_table

__all__ = ["CustomerRecords"]

_REQUESTER = "requester_id"
_TABLE = "zendesk.users"
_OWN = ("name", "email", "phone")


@dataclass(slots=True)
class CustomerRecords:
    """Finds the person behind a case's event in the world that lies in `world`.

    Of a generated world it is the true record, since people know their own address whatever the
    company has made of it; of an imported one the record as of the event.
    """

    world: Path
    _true: Mapping[str, Mapping[str, Any]] | None = field(default=None, init=False)

    def __call__(self, case: Case) -> dict[str, str]:
        """What stands there of them by name; nothing where the event names nobody."""
        number = case.trigger.payload.get(_REQUESTER)
        row = None if number is None else self._row(case, str(number))
        return {name: str(row[name]) for name in _OWN if row.get(name)} if row else {}

    def _row(self, case: Case, number: str) -> Mapping[str, Any] | None:
        if has_truth(self.world, _TABLE):
            if self._true is None:
                self._true = load_table(self.world, _TABLE, truth=True)
            return self._true.get(number)
        world = open_once(self.world)
        at = case.received_at
        return (world if at is None else world.as_of(at)).get(_TABLE, number)
