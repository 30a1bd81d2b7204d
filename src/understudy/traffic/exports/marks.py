"""By what a vendor's export is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from understudy.traffic.exports.csv_forms import csv_form

if TYPE_CHECKING:
    from understudy.traffic.format import Sample

__all__ = ["is_export"]

_MARKS: dict[str, tuple[tuple[bytes, ...], ...]] = {
    "zendesk": (
        (b'"child_events"',), (b'"ticket_id"', b'"events"'), (b'"requester_id"', b'"submitter_id"'),
        (b'"domain_names"',), (b'"role"', b'"organization_id"'), (b".zendesk.com/api/v2",),
        (b'"next_page"', b'"count"'), (b'"requester"', b'"submitter"', b'"comments"'),
    ),
    "stripe": ((b'"object"', b'"livemode"'), (b'"object"', b'"list"', b'"has_more"')),
    "hubspot": (
        (b'"propertiesWithHistory"',), (b'"properties"', b'"createdAt"'),
        (b'"firstName"', b'"userId"'), (b'"toObjectId"',),
    ),
}  # fmt: skip
"""Texts that only the vendor's objects hold together, wherever they stand."""

# What begins like this is a page whose own key, not one deep inside of a record, names its list.
_PAGE = rb'\s*\{[^{}\[\]]*"(?:%s)"\s*:\s*\[\s*[\]{]'
_SHAPES = {
    "zendesk": (
        _PAGE % rb"audits|ticket_audits|tickets|users|organizations|comments|macros",
        rb'.*"role"\s*:\s*"(?:end-user|agent|admin)"',
        rb'\s*[\[{\s]+"(?:id|url)"[^{}]*"requester_id"',
    ),
    "stripe": (
        rb'.*"object"\s*:\s*"(?:event|balance_transaction|charge|credit_note|customer|dispute|'
        rb'invoice|payment_intent|price|product|refund|subscription)"',
    ),
    "hubspot": (
        _PAGE % rb"results",
        rb'\s*[\[{\s]+"id"\s*:[^{}]*"properties"\s*:\s*\{',
    ),
}  # fmt: skip
_KNOWN = {
    vendor: tuple(re.compile(shape, re.DOTALL) for shape in shapes)
    for vendor, shapes in _SHAPES.items()
}


def is_export(vendor: str, sample: Sample) -> bool:
    """Whether a file is one of the vendor's exports, by its texts or by how it begins."""
    if sample.first not in (b"[", b"{"):
        return csv_form(vendor, sample.head) is not None
    head = sample.head.removeprefix(b"\xef\xbb\xbf")
    marked = any(all(map(sample.contains, marks)) for marks in _MARKS[vendor])
    return marked or any(shape.match(head) for shape in _KNOWN[vendor])
