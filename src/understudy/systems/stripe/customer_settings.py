"""What else Stripe keeps of a customer: locales, shipping, how invoices are paid."""

from __future__ import annotations

from typing import Any

from understudy.model.world import Row
from understudy.systems.session import CaseSession
from understudy.systems.stripe import fields
from understudy.systems.stripe.payment_methods import refuse_unknown

__all__ = ["settings_changed"]

_TEXTS = ("invoice_prefix", "business_name", "individual_name")


def settings_changed(session: CaseSession, row: Row, given: dict[str, Any]) -> dict[str, Any]:
    """The changes that these parameters ask for, or the 400."""
    changes: dict[str, Any] = {name: fields.text(given, name) for name in _TEXTS if name in given}
    if "preferred_locales" in given:
        listed = fields.several(given, "preferred_locales")
        changes["preferred_locales"] = [
            fields.checked_text(each, "preferred_locales") for each in listed
        ]
    if "shipping" in given:
        told = fields.nested(given, "shipping")
        changes["shipping"] = {**_SHIPPING, **told} if told else None
    refuse_unknown(session, fields.text(given, "payment_method"), "payment_method")
    return changes | _invoices(session, row, given)


def _invoices(session: CaseSession, row: Row, given: dict[str, Any]) -> dict[str, Any]:
    wanted = fields.nested(given, "invoice_settings", _EMPTY)
    if not wanted:
        return {}
    method = wanted.get("default_payment_method")
    if method:
        refuse_unknown(session, str(method), "invoice_settings[default_payment_method]")
    kept = {name: value or None for name, value in wanted.items()}
    return {"invoice_settings": {**_EMPTY, **(row.get("invoice_settings") or {}), **kept}}


_SHIPPING: dict[str, Any] = {"address": None, "name": None, "phone": None}
_EMPTY: dict[str, Any] = {
    "custom_fields": None, "default_payment_method": None, "footer": None,
    "rendering_options": None,
}  # fmt: skip
