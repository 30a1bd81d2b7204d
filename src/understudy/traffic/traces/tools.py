"""What an agent's tools do to the world: known tables first, names where there is no table."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.model.action import (
    DESK,
    ESCALATION_OPERATION,
    ActionClass,
    Effect,
    Target,
)

__all__ = ["KNOWN_DOMAINS", "Tool", "ToolRole", "classify", "domain_of"]


class ToolRole(enum.StrEnum):
    """What a call of the tool is in a recording."""

    READ = "read"
    WRITE = "write"
    ESCALATE = "escalate"
    THINK = "think"
    """Touches no system: scratch pads and calculators."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool of one domain; `targets` are the arguments that name the object, best first."""

    name: str
    role: ToolRole
    effect: Effect = Effect.READ
    targets: tuple[tuple[str, str], ...] = ()
    known: bool = True

    @property
    def action_class(self) -> ActionClass:
        """Writes need approval; handing over to a person is a draft for that person."""
        if self.role is ToolRole.WRITE:
            return ActionClass.APPROVAL_REQUIRED
        return ActionClass.DRAFT_ONLY if self.role is ToolRole.ESCALATE else ActionClass.READ_ONLY

    def system(self, domain: str) -> str:
        """The system that the call reaches."""
        return DESK if self.role is ToolRole.ESCALATE else domain

    def operation(self, domain: str) -> str:
        """The operation's name in an action."""
        return ESCALATION_OPERATION if self.role is ToolRole.ESCALATE else f"{domain}.{self.name}"

    def target(self, arguments: Mapping[str, Any]) -> Target | None:
        """The object that the arguments name, where they name one."""
        for argument, kind in self.targets:
            value = arguments.get(argument)
            if isinstance(value, str | int) and value != "":
                return Target(type=kind, id=str(value))
        return None


_RESERVATION = (("reservation_id", "reservation"),)
_ORDER = (("order_id", "order"),)
_USER = (("user_id", "user"),)
_LINE = (("line_id", "line"), ("customer_id", "customer"))
_BILL = (("bill_id", "bill"), ("customer_id", "customer"))
_GUESSED = (*_ORDER, *_RESERVATION, ("line_id", "line"), ("account_id", "account"), *_USER,
            ("customer_id", "customer"), ("id", "object"))  # fmt: skip
_ESCALATION = "transfer_to_human_agents"

_WRITES: dict[str, dict[str, tuple[Effect, tuple[tuple[str, str], ...]]]] = {
    "airline": {
        "book_reservation": (Effect.PAY, _USER),
        "cancel_reservation": (Effect.DELETE, _RESERVATION),
        "send_certificate": (Effect.PAY, _USER),
        "update_reservation_baggages": (Effect.WRITE, _RESERVATION),
        "update_reservation_flights": (Effect.PAY, _RESERVATION),
        "update_reservation_passengers": (Effect.WRITE, _RESERVATION),
    },
    "retail": {
        "cancel_pending_order": (Effect.DELETE, _ORDER),
        "exchange_delivered_order_items": (Effect.PAY, _ORDER),
        "modify_pending_order_address": (Effect.WRITE, _ORDER),
        "modify_pending_order_items": (Effect.PAY, _ORDER),
        "modify_pending_order_payment": (Effect.PAY, _ORDER),
        "modify_user_address": (Effect.WRITE, _USER),
        "return_delivered_order_items": (Effect.PAY, _ORDER),
    },
    "telecom": {
        "disable_roaming": (Effect.WRITE, _LINE),
        "enable_roaming": (Effect.WRITE, _LINE),
        "refuel_data": (Effect.PAY, _LINE),
        "resume_line": (Effect.WRITE, _LINE),
        "send_payment_request": (Effect.SEND, _BILL),
        "suspend_line": (Effect.WRITE, _LINE),
    },
}
_READS = {
    "airline": "get_reservation_details search_direct_flight search_onestop_flight "
    "list_all_airports get_flight_status get_user_details",
    "retail": "find_user_id_by_email find_user_id_by_name_zip get_order_details get_item_details "
    "get_product_details list_all_product_types get_user_details",
    "telecom": "get_bills_for_customer get_customer_by_id get_customer_by_name "
    "get_customer_by_phone get_data_usage get_details_by_id",
}
_THINK = frozenset({"think", "calculate"})

_READ_VERBS = frozenset({
    "get", "list", "find", "search", "lookup", "look", "check", "view", "read", "fetch", "show",
    "describe", "query", "count", "retrieve", "verify", "validate", "inspect", "estimate",
    "preview", "kb", "grep",
})  # fmt: skip
_THINK_VERBS = frozenset({"think", "calculate", "reason", "plan", "reflect", "calc"})
_ESCALATE_WORDS = re.compile(r"(?:transfer|escalate|hand_?off|hand_?over)\w*(?:human|agent|person)")
_EFFECT_VERBS = {
    Effect.DELETE: frozenset({"cancel", "delete", "remove", "close", "terminate", "void"}),
    Effect.PAY: frozenset(
        {"pay", "refund", "charge", "book", "buy", "purchase", "transfer", "issue", "credit"}
    ),
    Effect.SEND: frozenset({"send", "email", "notify", "message", "reply", "post"}),
    Effect.PUBLISH: frozenset({"publish", "release", "deploy"}),
}


def _tables() -> dict[str, dict[str, Tool]]:
    tables: dict[str, dict[str, Tool]] = {}
    for domain, writes in _WRITES.items():
        table = {name: Tool(name, ToolRole.READ) for name in _READS[domain].split()}
        table |= {name: Tool(name, ToolRole.THINK) for name in _THINK}
        table[_ESCALATION] = Tool(_ESCALATION, ToolRole.ESCALATE, Effect.DRAFT)
        for name, (effect, targets) in writes.items():
            table[name] = Tool(name, ToolRole.WRITE, effect, targets)
        tables[domain] = table
    return tables


KNOWN_DOMAINS = _tables()
"""The tools of the public benchmarks' domains, by domain and name."""


def classify(domain: str, name: str) -> Tool:
    """The tool of that name; one that is in no table is read by its verb, and else is a write.

    >>> classify("hotel", "list_rooms").role.value, classify("hotel", "frobnicate").role.value
    ('read', 'write')
    """
    tool = KNOWN_DOMAINS.get(domain, {}).get(name)
    return tool if tool is not None else _guess(name)


def domain_of(names: Iterable[str]) -> str | None:
    """The known domain whose own tools the names are; None where none or several fit best.

    >>> domain_of(["get_user_details", "cancel_pending_order"])
    'retail'
    """
    used = set(names)
    scores = {domain: len(used & _own(domain)) for domain in KNOWN_DOMAINS}
    best = max(scores.values())
    leaders = [domain for domain, score in scores.items() if score == best]
    return leaders[0] if best and len(leaders) == 1 else None


def _own(domain: str) -> set[str]:
    """The names that only this domain has."""
    others = (set(table) for name, table in KNOWN_DOMAINS.items() if name != domain)
    return set(KNOWN_DOMAINS[domain]).difference(*others)


def _guess(name: str) -> Tool:
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]
    verb = words[0] if words else ""
    if _ESCALATE_WORDS.search("_".join(words)):
        return Tool(name, ToolRole.ESCALATE, Effect.DRAFT, known=False)
    if verb in _THINK_VERBS:
        return Tool(name, ToolRole.THINK, known=False)
    if verb in _READ_VERBS:
        return Tool(name, ToolRole.READ, known=False)
    effect = next((kind for kind, verbs in _EFFECT_VERBS.items() if verb in verbs), Effect.WRITE)
    return Tool(name, ToolRole.WRITE, effect, _GUESSED, known=False)
