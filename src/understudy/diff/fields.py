"""What sort of value a field holds, which decides when two values of it mean the same."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from understudy.model.policy import FieldSort, Policy

__all__ = ["DEFAULT_RULES", "Edge", "FieldRule", "Rules", "Sort", "rules_of"]


Sort = FieldSort


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field is compared.

    `tolerance` is the greatest difference of two numbers that still counts as equal, or of two
    dates in days; `classes` are sets of values that stand for one another.
    """

    sort: Sort = Sort.EXACT
    tolerance: Decimal = Decimal(0)
    classes: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """`first` has to be done before `then`.

    Behind a `gate` stands a control, such as a check of identity before a payment.
    """

    first: str
    then: str
    gate: bool = False


_IGNORED = frozenset({
    "idempotency_key", "created", "created_at", "updated_at", "createdate",
    "hs_lastmodifieddate", "hs_timestamp", "lastmodifieddate", "expand", "stripe_version",
    "request_id", "createdat", "updatedat", "solved_at", "closed_at", "completed_at",
    "finalized_at", "paid_at", "voided_at", "canceled_at", "cancelled_at", "ended_at",
    "last_modified",
})  # fmt: skip
_TEXTS = frozenset({
    "body", "html_body", "comment", "message", "text", "note", "description",
    "hs_note_body", "hs_task_body", "hs_task_subject", "hs_email_text", "summary",
    "evidence", "uncategorized_text", "subject", "explanation", "rationale", "memo",
    "target_comment", "source_comment",
})  # fmt: skip
_AMOUNTS = frozenset({
    "amount", "refund_amount", "credit_amount", "amount_to_capture", "unit_amount",
})  # fmt: skip
_NUMBERED = re.compile(r"\[\d*\]$")


def _usual(name: str) -> FieldRule:
    last = _NUMBERED.sub("", name.lower()).rpartition(".")[2]
    if last in _IGNORED:
        return FieldRule(Sort.IGNORED)
    if last in _TEXTS:
        return FieldRule(Sort.TEXT)
    if last in _AMOUNTS:
        return FieldRule(Sort.AMOUNT)
    if last == "email" or last.endswith("_email"):
        return FieldRule(Sort.EMAIL)
    return FieldRule(Sort.PHONE) if last in ("phone", "mobilephone") else FieldRule()


@dataclass(frozen=True, slots=True)
class Rules:
    """How fields are compared and in which order operations belong.

    `fields` overrides the usual rules, by `operation:field` or by `field`. Only the edges that are
    declared in `order` count; any other order is as good as the recorded one.
    """

    fields: Mapping[str, FieldRule] = field(default_factory=dict)
    order: tuple[Edge, ...] = ()
    _known: dict[tuple[str, str], FieldRule] = field(
        default_factory=dict, compare=False, repr=False
    )

    def of(self, operation: str, name: str) -> FieldRule:
        """The rule for one field of one operation.

        >>> Rules().of("stripe.refunds.create", "amount").sort.value
        'amount'
        """
        key = (operation, name)
        rule = self._known.get(key)
        if rule is None:
            own = self.fields.get(f"{operation}:{name}") or self.fields.get(name)
            rule = self._known[key] = own or _usual(name)
        return rule

    def of_state(self, owner: str, name: str) -> bool:
        """Whether a field is part of what the systems are left with, and not of what people read.

        >>> Rules().of_state("stripe.refunds", "amount"), Rules().of_state("hubspot.notes", "body")
        (True, False)
        """
        return self.of(owner, name).sort not in (Sort.IGNORED, Sort.TEXT)


DEFAULT_RULES = Rules()


def rules_of(policy: Policy) -> Rules:
    """The rules that a policy asks for; the usual ones where it says nothing."""
    if not policy.fields and not policy.order:
        return DEFAULT_RULES
    known = next((rules for each, rules in _KEPT if each is policy), None)
    if known is None:
        known = _rules(policy)
        _KEPT.append((policy, known))
    return known


def _rules(policy: Policy) -> Rules:
    return Rules(
        fields={
            name: FieldRule(each.sort, each.tolerance, tuple(map(frozenset, each.classes)))
            for name, each in policy.fields.items()
        },
        order=tuple(Edge(each.first, each.then, each.gate) for each in policy.order),
    )


_KEPT: deque[tuple[Policy, Rules]] = deque(maxlen=8)
"""The rules of the policies at hand; a policy is never changed."""
