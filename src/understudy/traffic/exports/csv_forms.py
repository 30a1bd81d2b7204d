"""The CSV forms that vendors export, and by which columns each is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from understudy.traffic.csv_file import header_of, plain_name
from understudy.traffic.exports.csv_hubspot import HISTORY, hubspot_records
from understudy.traffic.exports.csv_stripe import stripe_records
from understudy.traffic.exports.csv_zendesk import zendesk_records

__all__ = ["CsvForm", "csv_form"]

Records = Callable[[Mapping[str, str], tzinfo | None], Iterator[dict[str, Any]]]
_TICKETS = {"id", "requester", "subject", "status", "created_at"}
_MOVEMENTS = (
    {"id", "created_utc"}, {"id", "created_date_utc"}, {"id", "currency", "amount", "created"},
    {"balance_transaction_id", "reporting_category", "currency", "gross"},
    {"id", "created", "email", "delinquent"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CsvForm:
    """One form: the records of a row as the vendor's API would have them.

    Where it is a `history`, a row is one value, and an object is made of many rows.
    """

    records: Records
    history: bool = False


def _hubspot(names: set[str]) -> CsvForm | None:
    if all(not names.isdisjoint(each) for each in HISTORY) and any("id" in n for n in names):
        return CsvForm(hubspot_records, history=True)
    return CsvForm(hubspot_records) if "record_id" in names else None


_FORMS: dict[str, Callable[[set[str]], CsvForm | None]] = {
    "zendesk": lambda names: CsvForm(zendesk_records) if names >= _TICKETS else None,
    "stripe": lambda names: (
        CsvForm(lambda row, _: stripe_records(row))
        if any(names >= each for each in _MOVEMENTS)
        else None
    ),
    "hubspot": _hubspot,
}


def csv_form(vendor: str, head: bytes) -> CsvForm | None:
    """The form of a vendor's CSV that begins so; None where it is JSON, or no form of theirs."""
    text = head.decode("utf-8-sig", "replace").lstrip("\ufeff")
    if not text.strip() or text.lstrip()[:1] in ("[", "{"):
        return None
    _, columns = header_of(text.splitlines()[0])
    return _FORMS[vendor]({plain_name(each) for each in columns})
