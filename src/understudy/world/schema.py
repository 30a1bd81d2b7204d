"""Which columns each table has, and what the vendor's field can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

__all__ = [
    "CRM_NOTE",
    "NULLABLE",
    "PEOPLE",
    "TABLES",
    "Column",
    "arrow_type",
    "column_of",
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Arrow type and what the vendor's field takes."""

    name: str
    type: pa.DataType
    vendor: str

    @property
    def text(self) -> bool:
        """Whether the vendor's field takes any text."""
        return self.vendor in ("text", "markup")


_KINDS = {
    "s": ("text", pa.string()),  # free text
    "h": ("markup", pa.string()),  # text with HTML
    "k": ("key", pa.string()),  # an id or a reference to one
    "e": ("enum", pa.string()),  # one of the vendor's words
    "t": ("time", pa.string()),  # ISO time
    "p": ("epoch", pa.int64()),
    "i": ("integer", pa.int64()),
    "m": ("money", pa.int64()),  # integer minor units
    "b": ("boolean", pa.bool_()),
    "j": ("json", pa.string()),
}

_HUBSPOT = "id:k archived:b createdAt:t updatedAt:t "
_TEXT = {
    "hubspot.companies": _HUBSPOT + "name domain phone address city zip country industry "
    "numberofemployees lifecyclestage hubspot_owner_id:k",
    "hubspot.contacts": _HUBSPOT + "email firstname lastname phone address city zip country "
    "company lifecyclestage hs_lead_status hubspot_owner_id:k jobtitle plan tier "
    "hs_merged_into:k hs_merged_object_ids:k",
    "hubspot.deals": _HUBSPOT + "dealname amount deal_currency_code dealstage pipeline closedate "
    "hubspot_owner_id:k",
    "hubspot.notes": _HUBSPOT + "hs_note_body:h hs_timestamp hubspot_owner_id:k",
    "hubspot.tasks": _HUBSPOT + "hs_task_subject hs_task_body hs_task_status hs_task_priority "
    "hs_timestamp hubspot_owner_id:k",
    "hubspot.tickets": _HUBSPOT + "subject content hs_pipeline hs_pipeline_stage "
    "hs_ticket_priority hubspot_owner_id:k",
    "hubspot.owners": "id:k email firstName lastName",
    "hubspot.associations": "id:k from_type:e from_id:k to_type:e to_id:k",
    "stripe.customers": "id:k created:p email name phone currency:e balance:m delinquent:b "
    "description address.line1 address.city address.postal_code address.country:e "
    "metadata.crm_contact_id metadata.plan metadata.tier",
    "stripe.products": "id:k name active:b created:p",
    "stripe.prices": "id:k product:k currency:e unit_amount:m recurring.interval:e active:b "
    "created:p",
    "stripe.subscriptions": "id:k customer:k status:e created:p current_period_start:p "
    "current_period_end:p cancel_at_period_end:b price:k quantity:i currency:e",
    "stripe.invoices": "id:k customer:k subscription:k number:k status:e currency:e amount_due:m "
    "amount_paid:m amount_remaining:m subtotal:m tax:m total:m created:p due_date:p charge:k "
    "payment_intent:k lines:json:j description",
    "stripe.payment_intents": "id:k customer:k amount:m amount_received:m currency:e status:e "
    "latest_charge:k created:p description",
    "stripe.charges": "id:k customer:k amount:m amount_refunded:m currency:e status:e paid:b "
    "refunded:b captured:b created:p description invoice:k payment_intent:k disputed:b "
    "receipt_email",
    "stripe.refunds": "id:k charge:k payment_intent:k amount:m currency:e status:e reason:e "
    "created:p",
    "stripe.credit_notes": "id:k invoice:k customer:k amount:m currency:e status:e reason:e "
    "created:p number:k",
    "stripe.disputes": "id:k charge:k payment_intent:k amount:m currency:e status:e reason:e "
    "created:p evidence_details.due_by:p",
    "stripe.balance_transactions": "id:k amount:m currency:e fee:m net:m type:e source:k created:p",
    "stripe.events": "id:k type:e created:p data:json:j",
    "stripe.deliveries": "id:k event:k type:e attempt:i delivered_at:p",
    "zendesk.users": "id:k name email phone role:e organization_id:k tags:json:j created_at:t "
    "updated_at:t time_zone:e locale:e notes",
    "zendesk.organizations": "id:k name domain_names:json:j created_at:t",
    "zendesk.tickets": "id:k subject description status:e priority:e type:e requester_id:k "
    "submitter_id:k assignee_id:k organization_id:k group_id:k tags:json:j custom_fields:json:j "
    "via.channel:e created_at:t updated_at:t",
    "zendesk.comments": "id:k ticket_id:k author_id:k body html_body:h public:b created_at:t",
    "zendesk.macros": "id:k title active:b actions:json:j",
}


def _parse(text: str) -> dict[str, Column]:
    columns = {}
    for word in text.split():
        name, _, kind = word.rpartition(":") if ":" in word else (word, "", "s")
        vendor, arrow = _KINDS[kind]
        columns[name] = Column(name, arrow, vendor)
    return columns


TABLES: Mapping[str, Mapping[str, Column]] = {name: _parse(text) for name, text in _TEXT.items()}
"""The columns of each table, in order; `a.b` is nested, `x:json` holds JSON text."""


PEOPLE = "people"
"""The hidden table of who is who; it is kept with the truth and never served."""
_HIDDEN = {PEOPLE: {"created": pa.int64(), "firm": pa.int64()}}
NULLABLE = frozenset(
    {"hubspot_owner_id", "organization_id", "assignee_id", "group_id", "invoice", "priority"}
)
"""References and words that the vendor lets be empty, beside all free text."""


CRM_NOTE = "HubSpot contact "
"""Before the CRM's id in a support user's notes, where an agent wrote it down."""


def column_of(table: str, name: str) -> Column:
    """A column of the schema; a HubSpot property that it does not name is free text."""
    known = TABLES.get(table, {}).get(name)
    if table in _HIDDEN:
        return Column(name, _HIDDEN[table].get(name, pa.string()), "hidden")
    return known or Column(name, pa.string(), "json" if name.endswith(":json") else "text")


def arrow_type(table: str, name: str) -> pa.DataType:
    """The Arrow type of a column."""
    return column_of(table, name).type
