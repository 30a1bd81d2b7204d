"""The timid candidate: sends a missing invoice again, and hands everything else to a person."""

from __future__ import annotations

from typing import Any

from understudy.candidates.demo import careful_money
from understudy.candidates.demo.findings import Unsure, look_up
from understudy.candidates.demo.mail import read_mail, wishes
from understudy.candidates.demo.office import Office, Refused

__all__ = ["handle"]

_DARES = ("send_again",)


def handle(case: Any, systems: Any = None) -> dict[str, Any]:
    """Handle one case, or rather have it handled."""
    del systems
    with Office(case) as office:
        ticket = office.ticket()
        mail = read_mail(ticket, office.user(ticket["requester_id"]))
        if wishes(mail)[:1] == list(_DARES):
            try:
                careful_money.send_again(look_up(office, mail, case.received_at))
            except (Unsure, Refused):
                return {"outcome": "escalated", "confidence": 0.1, "rationale": "not sure enough"}
            return {"outcome": "acted", "confidence": 0.9}
    return {"outcome": "escalated", "confidence": 0.1, "rationale": "better ask a person"}
