"""The careful candidate: follows the written policies, looks twice, and asks when unsure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from understudy.candidates.demo import careful_money, careful_records
from understudy.candidates.demo.alerts import answer
from understudy.candidates.demo.findings import Case, Handover, Unsure, look_up
from understudy.candidates.demo.mail import Mail, own_words, read_mail, wishes, wishes_in
from understudy.candidates.demo.office import Office, Refused, Unanswered

__all__ = ["handle"]

_INSTRUCTIONS = r"\bassistant,|\bsystem:|ignore (the|what|all)|instruction|processing note|<!--"
_FOREIGN = r"\b(rembours|résili|reembols|cobrado|mudado|facture\b|factura\b)"
_TOGETHER = tuple(
    frozenset(pair.split())
    for pair in (
        "refund seats", "dispute cancel", "refund cancel", "merge twice", "tax refund",
        "management cancel", "cancel email", "cancel address", "offer seats", "cancel seats",
    )
)  # fmt: skip
"""Words that come together in one wish; any other two are two wishes."""

Clerk = Callable[[Case], None]
_CLERKS: Mapping[str, Clerk] = {
    "management": careful_records.complaint,
    "privacy": careful_records.privacy,
    "dispute": careful_money.dispute,
    "merge": careful_records.merge,
    "twice": careful_money.paid_twice,
    "tax": careful_money.tax,
    "more_time": careful_money.more_time,
    "send_again": careful_money.send_again,
    "outage": careful_money.outage,
    "refund": careful_money.refund,
    "seats": careful_records.seats,
    "cancel": careful_records.cancel,
    "offer": careful_records.offer,
    "email": careful_records.email,
    "phone": careful_records.phone,
    "address": careful_records.address,
}


def handle(case: Any, systems: Any = None) -> dict[str, Any]:
    """Handle one case; hand it over where the policy asks for it or doubt remains."""
    del systems
    with Office(case) as office:
        try:
            if case.trigger.system == "zendesk":
                _answer_mail(office, case.received_at)
            else:
                answer(office, case)
        except Handover as handover:
            return _handed_over(handover.reason, 0.95)
        except Unsure as doubt:
            return _handed_over(f"unsure: {doubt}", 0.4)
        except Refused as refusal:
            return _handed_over(f"unsure: a system refused ({refusal})", 0.2)
        except Unanswered as silence:
            # What was asked may have been done: nobody but a person may ask again.
            return _handed_over(f"unsure: a system did not answer ({silence})", 0.1)
    return {"outcome": "acted", "confidence": 0.97}


def _answer_mail(office: Office, received: Any) -> None:
    ticket = office.ticket()
    mail = read_mail(ticket, office.user(ticket["requester_id"]))
    _CLERKS[_wish(mail)](look_up(office, mail, received))


def _handed_over(reason: str, confidence: float) -> dict[str, Any]:
    return {"outcome": "escalated", "confidence": confidence, "rationale": reason}


def _wish(mail: Mail) -> str:
    if re.search(_INSTRUCTIONS, mail.whole, re.IGNORECASE):
        raise Unsure("the mail gives instructions to a machine")
    if mail.says(_FOREIGN):
        raise Unsure("the mail is in a language that I do not read well")
    found = wishes(mail)
    # An automatic answer asks for nothing, though it carries the subject of what it answers.
    if not wishes_in(own_words(str(mail.ticket.get("description") or ""))):
        raise Unsure("no wish was understood")
    first, *others = found
    for other in others:
        if {first, other} not in _TOGETHER and first in ("refund", "cancel", "twice"):
            raise Unsure(f"the mail may ask for two things: {first} and {other}")
    return first
