"""What happens to a write: applied to the case's overlay, left waiting, or refused."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

from understudy.model.action import ActionClass
from understudy.model.errors import ConfigurationError, nearest

__all__ = ["WriteMode", "mode_of", "modes_by_name"]


class WriteMode(enum.StrEnum):
    """Captured in all three cases."""

    OBSERVE = "observe"
    """Applied to the overlay: what a shadow run does."""
    QUEUE = "queue"
    """Answered in the vendor's shape as waiting, and not applied."""
    DENY = "deny"
    """Refused with the vendor's 403."""


def mode_of(modes: Mapping[str, str], operation: str, action_class: ActionClass) -> WriteMode:
    """The mode under the operation's name, else under its class, else `observe`.

    >>> mode_of({"approval_required": "deny"}, "stripe.refunds.create", "approval_required").value
    'deny'
    """
    if not modes:
        return WriteMode.OBSERVE
    named = modes.get(operation) or modes.get(str(action_class)) or WriteMode.OBSERVE
    return WriteMode(named)


def modes_by_name(modes: Mapping[str, str], operations: Collection[str]) -> dict[str, str]:
    """The modes with patterns spelled out; an exact name wins, then the longer pattern.

    Raises `ConfigurationError` where a key is neither a class nor fits any operation.

    >>> modes_by_name({"shop.*": "deny", "draft_only": "queue"}, ["shop.pay"])
    {'shop.pay': 'deny', 'draft_only': 'queue'}
    """
    classes = set(ActionClass)
    found: dict[str, str] = {}
    for key in sorted(modes, key=lambda key: ("*" not in key, len(key))):
        fitting = [key] if key in classes else [n for n in operations if fnmatchcase(n, key)]
        if not fitting:
            raise ConfigurationError(
                f"`writes: {key}` is neither an action class nor an operation"
                f"{nearest(key, [*classes, *operations])}",
                hint="understudy systems operations",
            )
        found |= dict.fromkeys(fitting, modes[key])
    return found
