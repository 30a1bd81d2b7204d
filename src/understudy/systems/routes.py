"""The table of all operations, and the systems that serve them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from understudy.model.errors import ConfigurationError, nearest
from understudy.systems.desk.system import Desk
from understudy.systems.hubspot.system import HubSpot
from understudy.systems.operation import Operation
from understudy.systems.stripe.system import Stripe
from understudy.systems.system import System
from understudy.systems.zendesk.system import Zendesk

__all__ = ["KNOWN", "mounted", "operations"]

KNOWN: dict[str, type[System]] = {
    "desk": Desk,
    "hubspot": HubSpot,
    "stripe": Stripe,
    "zendesk": Zendesk,
}


def mounted(systems: Mapping[str, str] | None = None) -> dict[str, System]:
    """The systems that a campaign names, by name; the desk is always among them.

    `systems` maps roles to names, as `{"crm": "hubspot"}`; without it all are mounted.
    """
    names = set(KNOWN) if systems is None else {*systems.values(), "desk"}
    for name in sorted(names - KNOWN.keys()):
        known = ", ".join(sorted(KNOWN))
        raise ConfigurationError(
            f"`{name}` is no known system{nearest(name, KNOWN)}; known are {known}",
            hint="understudy systems operations",
        )
    return {name: KNOWN[name]() for name in sorted(names)}


def operations(systems: Iterable[str] | Mapping[str, str] | None = None) -> tuple[Operation, ...]:
    """The one route table that feeds everything, restricted to some systems where named."""
    if isinstance(systems, Mapping):
        systems = systems.values()
    names = sorted(KNOWN) if systems is None else systems
    return tuple(operation for name in names for operation in KNOWN[name].operations)
