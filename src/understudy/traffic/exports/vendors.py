"""The vendors whose exports are read: where records stand, what they tell, what is personal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.redact.redactor import Redactor
from understudy.traffic.exports import hubspot_export, stripe_export, zendesk_export
from understudy.traffic.exports.history import Happening
from understudy.traffic.raw_record import Malformed
from understudy.traffic.rewind import Habits

__all__ = ["VENDORS", "Vendor", "all_habits"]

Read = Callable[[str, dict[str, Any], str], Iterator[Happening]]
"""From the list that a record stood in, the record and its file's name to what it tells."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor's exports."""

    name: str
    lists: frozenset[str]
    read: Read
    redact: Callable[[Redactor, str, Any], Any]
    habits: Mapping[str, Habits]

    def tell(self, kind: str, record: Any, file: str) -> Iterator[Happening]:
        """What a record tells; raises `Malformed` where it is no object at all."""
        if not isinstance(record, dict):
            raise Malformed("not an object")
        return self.read(kind, record, file)


def _zendesk(redactor: Redactor, kind: str, record: Any) -> Any:
    user = kind == "users" or (isinstance(record, dict) and "role" in record and "name" in record)
    return redactor.redact_value(record, "user" if user else "")


def _stripe(redactor: Redactor, kind: str, record: Any) -> Any:
    """An object's own kind says whether its `name` is a person's."""
    del kind
    if not isinstance(record, dict) or record.get("object") != "event":
        return redactor.redact_value(record, _kind_of(record))
    data = record.get("data")
    if not isinstance(data, dict):
        return redactor.redact_value(record)
    name = _kind_of(data.get("object"))
    rest = redactor.redact_value({key: each for key, each in record.items() if key != "data"})
    return {**rest, "data": {key: redactor.redact_value(each, name) for key, each in data.items()}}


def _kind_of(value: Any) -> str:
    kind = value.get("object") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""


def _hubspot(redactor: Redactor, kind: str, record: Any) -> Any:
    """A history's values are what its property's name says."""
    del kind
    told = record.get("propertiesWithHistory") if isinstance(record, dict) else None
    if not isinstance(told, dict):
        return redactor.redact_value(record, "owner")
    rest = {key: each for key, each in record.items() if key != "propertiesWithHistory"}
    histories = {
        redactor.redact_text(name): _history(redactor, name, entries)
        for name, entries in told.items()
    }
    return {**redactor.redact_value(rest, "contact"), "propertiesWithHistory": histories}


def _history(redactor: Redactor, name: str, entries: Any) -> Any:
    if not isinstance(entries, list):
        return redactor.redact_value(entries, name, "contact")
    return [
        {
            redactor.redact_text(key): redactor.redact_value(
                value, name if key == "value" else key, "contact"
            )
            for key, value in entry.items()
        }
        if isinstance(entry, dict)
        else redactor.redact_value(entry, name, "contact")
        for entry in entries
    ]


VENDORS = {
    vendor.name: vendor
    for vendor in (
        Vendor("zendesk", zendesk_export.LISTS, zendesk_export.read_zendesk, _zendesk,
               zendesk_export.HABITS),
        Vendor("stripe", stripe_export.LISTS, stripe_export.read_stripe, _stripe,
               stripe_export.HABITS),
        Vendor("hubspot", hubspot_export.LISTS, hubspot_export.read_hubspot, _hubspot,
               hubspot_export.HABITS),
    )
}  # fmt: skip
"""By name."""


def all_habits() -> dict[str, Habits]:
    """How each vendor's tables tell of their past."""
    return {table: habits for vendor in VENDORS.values() for table, habits in vendor.habits.items()}
