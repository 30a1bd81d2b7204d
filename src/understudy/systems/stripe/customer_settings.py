"""What else Stripe keeps of a customer: locales, shipping, how invoices are paid."""

from __future__ import annotations

from typing import Any

from understudy.model.world import Row
from understudy.systems.session import CaseSession
from understudy.systems.stripe import fields
from understudy.systems.stripe.errors import invalid
from understudy.systems.stripe.payment_methods import refuse_unknown

__all__ = ["settings_changed"]

_TEXTS = ("invoice_prefix", "business_name", "individual_name")


def settings_changed(session: CaseSession, row: Row, given: dict[str, Any]) -> dict[str, Any]:
    """The changes that these parameters ask for, or the 400."""
    changes: dict[str, Any] = {name: fields.text(given, name) for name in _TEXTS if name in given}
    if "preferred_locales" in given:
        listed = given["preferred_locales"]
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise invalid("Invalid array", param="preferred_locales")
        changes["preferred_locales"] = listed
    if "shipping" in given:
        changes["shipping"] = _shipping(given["shipping"])
    refuse_unknown(session, fields.text(given, "payment_method"), "payment_method")
    return changes | _invoices(session, row, given)


def _shipping(given: Any) -> Any:
    if given == "":
        return None
    if not isinstance(given, dict):
        raise invalid("Invalid object", param="shipping")
    return {"address": None, "name": None, "phone": None, **given}


def _invoices(session: CaseSession, row: Row, given: dict[str, Any]) -> dict[str, Any]:
    wanted = given.get("invoice_settings")
    if wanted is None:
        return {}
    if not isinstance(wanted, dict):
        raise invalid("Invalid object", param="invoice_settings")
    method = wanted.get("default_payment_method")
    if method:
        refuse_unknown(session, str(method), "invoice_settings[default_payment_method]")
    for name in wanted.keys() - _EMPTY.keys():
        message = f"Received unknown parameter: invoice_settings[{name}]"
        raise invalid(message, param=f"invoice_settings[{name}]", code="parameter_unknown")
    kept = {name: value or None for name, value in wanted.items()}
    return {"invoice_settings": {**_EMPTY, **(row.get("invoice_settings") or {}), **kept}}


_EMPTY: dict[str, Any] = {
    "custom_fields": None, "default_payment_method": None, "footer": None,
    "rendering_options": None,
}  # fmt: skip
