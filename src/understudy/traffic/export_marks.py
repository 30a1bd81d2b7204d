"""By what a vendor's export is known."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["is_export"]

_MARKS: dict[str, tuple[tuple[bytes, ...], ...]] = {
    "zendesk": (
        (b'"child_events"',), (b'"ticket_id"', b'"events"'), (b'"requester_id"', b'"submitter_id"'),
        (b'"domain_names"',), (b'"role"', b'"organization_id"'), (b".zendesk.com/api/v2",),
        (b'"next_page"', b'"count"'),
    ),
    "stripe": ((b'"object"', b'"livemode"'), (b'"object"', b'"list"', b'"has_more"')),
    "hubspot": (
        (b'"propertiesWithHistory"',), (b'"properties"', b'"createdAt"'),
        (b'"firstName"', b'"userId"'), (b'"toObjectId"',), (b'{"results":[',),
    ),
}  # fmt: skip


def is_export(vendor: str, first: bytes, contains: Callable[[bytes], bool]) -> bool:
    """Whether a file with this first byte and these contents is one of the vendor's exports."""
    return first in (b"[", b"{") and any(all(map(contains, marks)) for marks in _MARKS[vendor])
