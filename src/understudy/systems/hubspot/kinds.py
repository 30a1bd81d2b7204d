"""HubSpot's object types: names, type ids, properties shown without being asked for."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from understudy.model.world import Row, World
from understudy.systems.hubspot.errors import failure
from understudy.systems.overlay import Overlay
from understudy.systems.session import CaseSession

__all__ = [
    "ALIASES",
    "DEFAULTS",
    "KNOWN_IDS",
    "STANDARD",
    "TYPE_IDS",
    "association_type",
    "columns",
    "kind_of",
    "label",
    "modified_property",
    "schema_of",
    "singular",
    "table_of",
]

TYPE_IDS = {
    "contacts": "0-1", "companies": "0-2", "deals": "0-3", "tickets": "0-5", "notes": "0-46",
    "tasks": "0-27",
}  # fmt: skip
# What every account has as well, and a world starts without.
FURTHER_IDS = {
    "calls": "0-48", "emails": "0-49", "line_items": "0-8", "meetings": "0-47", "products": "0-7",
    "quotes": "0-14",
}  # fmt: skip
KNOWN_IDS = {**TYPE_IDS, **FURTHER_IDS}
_SINGULAR = {kind: kind.removesuffix("s") for kind in KNOWN_IDS} | {"companies": "company"}
ALIASES = {
    **{type_id: kind for kind, type_id in KNOWN_IDS.items()},
    **{one: kind for kind, one in _SINGULAR.items()},
}  # fmt: skip
DEFAULTS: dict[str, tuple[str, ...]] = {
    "contacts": ("email", "firstname", "lastname"),
    "companies": ("domain", "name"),
    "deals": ("amount", "closedate", "dealname", "dealstage", "pipeline"),
    "tickets": (
        "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority",
        "subject",
    ),
    "line_items": ("amount", "price", "quantity"),
    "products": ("description", "name", "price"),
    "quotes": ("hs_expiration_date", "hs_public_url_key", "hs_status", "hs_title"),
}  # fmt: skip
STANDARD: dict[str, tuple[str, ...]] = {
    "contacts": (
        "email", "firstname", "lastname", "phone", "mobilephone", "address", "city", "state", "zip",
        "country", "company", "website", "lifecyclestage", "hs_lead_status", "hubspot_owner_id",
        "jobtitle", "hs_email_optout", "hs_language", "industry", "salutation", "hs_legal_basis",
        "notes_last_updated", "hs_merged_object_ids", "associatedcompanyid", "message", "plan",
        "tier", "annualrevenue", "company_size", "date_of_birth", "degree", "fax",
        "field_of_study", "gender", "graduation_date", "hs_persona", "job_function",
        "marital_status", "military_status", "numemployees", "relationship_status", "school",
        "seniority", "start_date", "twitterhandle", "work_email",
    ),
    "companies": (
        "name", "domain", "phone", "address", "address2", "city", "state", "zip", "country",
        "industry", "numberofemployees", "annualrevenue", "lifecyclestage", "hs_lead_status",
        "hubspot_owner_id", "website", "description", "type", "hs_merged_object_ids", "about_us",
        "facebook_company_page", "facebookfans", "founded_year", "googleplus_page", "is_public",
        "linkedin_company_page", "linkedinbio", "timezone", "total_money_raised", "twitterbio",
        "twitterfollowers", "twitterhandle", "web_technologies",
    ),
    "deals": (
        "dealname", "amount", "deal_currency_code", "dealstage", "pipeline", "closedate",
        "hubspot_owner_id", "dealtype", "description", "hs_priority", "closed_lost_reason",
        "closed_won_reason", "hs_next_step", "hs_forecast_amount", "hs_manual_forecast_category",
        "hs_deal_stage_probability",
    ),
    "tickets": (
        "subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category",
        "hs_ticket_priority", "hubspot_owner_id", "source_type", "hs_resolution", "hs_file_upload",
        "hs_ticket_language_ai_tag",
    ),
    "notes": ("hs_note_body", "hs_timestamp", "hubspot_owner_id", "hs_attachment_ids"),
    "tasks": (
        "hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_priority", "hs_task_type",
        "hs_timestamp", "hubspot_owner_id",
    ),
    "calls": (
        "hs_timestamp", "hs_call_title", "hs_call_body", "hs_call_direction", "hs_call_disposition",
        "hs_call_duration", "hs_call_from_number", "hs_call_recording_url", "hs_call_status",
        "hs_call_to_number", "hubspot_owner_id", "hs_attachment_ids",
    ),
    "emails": (
        "hs_timestamp", "hs_email_direction", "hs_email_status", "hs_email_subject",
        "hs_email_text", "hs_email_html", "hs_email_headers", "hubspot_owner_id",
        "hs_attachment_ids",
    ),
    "meetings": (
        "hs_timestamp", "hs_meeting_title", "hs_meeting_body", "hs_internal_meeting_notes",
        "hs_meeting_external_url", "hs_meeting_location", "hs_meeting_start_time",
        "hs_meeting_end_time", "hs_meeting_outcome", "hubspot_owner_id", "hs_activity_type",
    ),
    "products": (
        "name", "description", "price", "hs_sku", "hs_cost_of_goods_sold",
        "hs_recurring_billing_period", "recurringbillingfrequency", "hs_product_type", "hs_url",
    ),
    "line_items": (
        "name", "description", "price", "quantity", "amount", "discount", "hs_product_id",
        "hs_sku", "hs_line_item_currency_code", "hs_recurring_billing_period",
        "recurringbillingfrequency", "hs_discount_percentage", "tax",
    ),
    "quotes": (
        "hs_title", "hs_expiration_date", "hs_status", "hs_quote_amount", "hs_currency",
        "hs_public_url_key", "hs_terms", "hs_sender_email", "hubspot_owner_id", "hs_language",
    ),
}  # fmt: skip
# HubSpot's own numbers for the primary, unlabelled association of two types.
_ASSOCIATIONS = {
    ("contacts", "companies"): 279, ("companies", "contacts"): 280, ("deals", "contacts"): 3,
    ("contacts", "deals"): 4, ("deals", "companies"): 341, ("companies", "deals"): 342,
    ("tickets", "contacts"): 16, ("contacts", "tickets"): 15, ("tickets", "companies"): 339,
    ("companies", "tickets"): 340, ("tickets", "deals"): 28, ("deals", "tickets"): 27,
    ("notes", "contacts"): 202, ("contacts", "notes"): 201, ("notes", "companies"): 190,
    ("companies", "notes"): 189, ("notes", "deals"): 214, ("deals", "notes"): 213,
    ("notes", "tickets"): 228, ("tickets", "notes"): 227, ("tasks", "contacts"): 204,
    ("contacts", "tasks"): 203, ("tasks", "companies"): 192, ("companies", "tasks"): 191,
    ("tasks", "deals"): 216, ("deals", "tasks"): 215, ("tasks", "tickets"): 230,
    ("tickets", "tasks"): 229, ("contacts", "contacts"): 449, ("companies", "companies"): 450,
    ("deals", "deals"): 451, ("calls", "contacts"): 194, ("contacts", "calls"): 193,
    ("calls", "companies"): 182, ("companies", "calls"): 181, ("calls", "deals"): 206,
    ("deals", "calls"): 205, ("calls", "tickets"): 220, ("tickets", "calls"): 219,
    ("emails", "contacts"): 198, ("contacts", "emails"): 197, ("emails", "companies"): 186,
    ("companies", "emails"): 185, ("emails", "deals"): 210, ("deals", "emails"): 209,
    ("emails", "tickets"): 224, ("tickets", "emails"): 223, ("meetings", "contacts"): 200,
    ("contacts", "meetings"): 199, ("meetings", "companies"): 188, ("companies", "meetings"): 187,
    ("meetings", "deals"): 212, ("deals", "meetings"): 211, ("meetings", "tickets"): 226,
    ("tickets", "meetings"): 225, ("deals", "line_items"): 19, ("line_items", "deals"): 20,
    ("deals", "quotes"): 63, ("quotes", "deals"): 64, ("quotes", "line_items"): 67,
    ("line_items", "quotes"): 68,
}  # fmt: skip
_OWN = frozenset(("id", "archived", "createdAt", "updatedAt", "hs_merged_into"))
_COLUMNS: WeakKeyDictionary[World, dict[str, tuple[str, ...]]] = WeakKeyDictionary()


def kind_of(session: CaseSession, name: str) -> str:
    """The table's name for a type as the caller wrote it, or the 400."""
    kind = table_of(name)
    if kind in KNOWN_IDS:
        return kind
    schema = schema_of(session.overlay.world, name)
    if schema is not None:
        return str(schema["id"])
    if session.overlay.world.table(f"hubspot.{kind}"):
        return kind
    message = f"Unable to infer object type from: {name}"
    raise failure(session, 400, message, "VALIDATION_ERROR")


def table_of(name: str) -> str:
    """The plural by which a type is kept, for its singular, its type id, and capitals.

    >>> table_of("COMPANY"), table_of("0-3"), table_of("contacts")
    ('companies', 'deals', 'contacts')
    """
    plain = name.lower()
    return ALIASES.get(plain, plain if plain in KNOWN_IDS else name)


def schema_of(world: World, name: str) -> Row | None:
    """The company's own type that a type id, a name or a full name means, or None."""
    own = world.table("hubspot.schemas")
    if not own or name in own:
        return own.get(name)
    for row in own.values():
        short = row.get("name")
        if name in (short, f"p_{short}", row.get("fullyQualifiedName")):
            return row
    return None


def association_type(from_kind: str, to_kind: str) -> int:
    """The type id of the plain association between two types."""
    return _ASSOCIATIONS.get((from_kind, to_kind), 1)


def label(from_kind: str, to_kind: str) -> str:
    """What the older API calls the plain association of two types.

    >>> label("contacts", "companies")
    'contact_to_company'
    """
    return f"{singular(from_kind)}_to_{singular(to_kind)}"


def singular(kind: str) -> str:
    """What one object of a type is called.

    >>> singular("companies")
    'company'
    """
    return _SINGULAR.get(kind, kind)


def modified_property(kind: str) -> str:
    """Contacts call the time of their last change differently."""
    return "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"


def columns(overlay: Overlay, kind: str) -> tuple[str, ...]:
    """Every property that objects of a type may have: the standard ones and the account's own."""
    base = _base_columns(overlay.world, kind)
    own = [row for row in overlay.written("hubspot.properties") if row["object_type"] == kind]
    if not own:
        return base
    gone = {row["name"] for row in own if row.get("archived")}
    names = dict.fromkeys((*base, *(row["name"] for row in own)))
    return tuple(name for name in names if name not in gone)


def _base_columns(world: World, kind: str) -> tuple[str, ...]:
    known = _COLUMNS.setdefault(world, {})
    if kind not in known:
        names: dict[str, Any] = dict.fromkeys(STANDARD.get(kind, ()))
        for row in world.table(f"hubspot.{kind}").values():
            names.update(dict.fromkeys(row))
        own = world.find("hubspot.properties", "object_type", kind)
        names.update(dict.fromkeys(each[len(kind) + 1 :] for each in own))
        known[kind] = tuple(name for name in names if name not in _OWN)
    return known[kind]
