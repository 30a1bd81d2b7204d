"""What happens to a write: applied to the case's overlay, left waiting, or refused."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from understudy.model.action import ActionClass

__all__ = ["WriteMode", "mode_of"]


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
    named = modes.get(operation) or modes.get(str(action_class)) or WriteMode.OBSERVE
    return WriteMode(named)
