"""Charges, payment intents, refunds, disputes, payouts and the balance's entries in full."""

from __future__ import annotations

from typing import Any

from understudy.model.world import Row
from understudy.systems.stripe.shape import address, card, client_secret, filled, number_of

__all__ = [
    "EVIDENCE",
    "balance_transaction",
    "charge",
    "dispute",
    "payment_intent",
    "payment_method",
    "payout",
    "refund",
    "refused_outcome",
]

_CHARGE: dict[str, Any] = {
    "id": None, "object": "charge", "amount": 0, "amount_captured": 0, "amount_refunded": 0,
    "application": None, "application_fee": None, "application_fee_amount": None,
    "balance_transaction": None, "billing_details": None,
    "calculated_statement_descriptor": "ACME SOFTWARE", "captured": True, "created": 0,
    "currency": None, "customer": None, "description": None, "destination": None, "dispute": None,
    "disputed": False, "failure_balance_transaction": None, "failure_code": None,
    "failure_message": None, "fraud_details": {}, "livemode": False,
    "metadata": {}, "on_behalf_of": None, "order": None, "outcome": None, "paid": True,
    "payment_intent": None, "payment_method": None, "payment_method_details": None,
    "presentment_details": None, "radar_options": {}, "receipt_email": None,
    "receipt_number": None, "receipt_url": None, "refunded": False, "review": None,
    "shipping": None, "source": None, "source_transfer": None, "statement_descriptor": None,
    "statement_descriptor_suffix": None, "status": "succeeded", "transfer_data": None,
    "transfer_group": None,
}  # fmt: skip
_INTENT: dict[str, Any] = {
    "id": None, "object": "payment_intent", "amount": 0, "amount_capturable": 0,
    "amount_details": {"tip": {}}, "amount_received": 0, "application": None,
    "application_fee_amount": None, "automatic_payment_methods": None, "canceled_at": None,
    "cancellation_reason": None, "capture_method": "automatic", "client_secret": None,
    "confirmation_method": "automatic", "created": 0, "currency": None, "customer": None,
    "customer_account": None, "description": None, "excluded_payment_method_types": None,
    "last_payment_error": None, "latest_charge": None, "livemode": False,
    "metadata": {}, "next_action": None, "on_behalf_of": None, "payment_method": None,
    "payment_method_configuration_details": None,
    "payment_method_options": {
        "card": {
            "installments": None, "mandate_options": None, "network": None,
            "request_three_d_secure": "automatic",
        }
    },
    "payment_method_types": ["card"], "presentment_details": None, "processing": None,
    "receipt_email": None, "review": None, "setup_future_usage": None, "shipping": None,
    "source": None, "statement_descriptor": None, "statement_descriptor_suffix": None,
    "status": "succeeded", "transfer_data": None, "transfer_group": None,
}  # fmt: skip
_REFUND: dict[str, Any] = {
    "id": None, "object": "refund", "amount": 0, "balance_transaction": None, "charge": None,
    "created": 0, "currency": None, "customer": None, "customer_account": None,
    "destination_details": None, "payment_method": None,
    "failure_balance_transaction": None, "failure_reason": None, "instructions_email": None,
    "metadata": {}, "next_action": None, "payment_intent": None, "pending_reason": None,
    "reason": None, "receipt_number": None, "source_transfer_reversal": None,
    "status": "succeeded", "transfer_reversal": None,
}  # fmt: skip
_DISPUTE: dict[str, Any] = {
    "id": None, "object": "dispute", "amount": 0, "balance_transactions": [], "charge": None,
    "created": 0, "currency": None, "enhanced_eligibility_types": [], "evidence": None,
    "evidence_details": None, "is_charge_refundable": False, "livemode": False, "metadata": {},
    "payment_intent": None, "payment_method_details": None, "reason": "general",
    "status": "needs_response",
}  # fmt: skip
EVIDENCE = dict.fromkeys((
    "access_activity_log", "billing_address", "cancellation_policy",
    "cancellation_policy_disclosure", "cancellation_rebuttal", "customer_communication",
    "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature",
    "duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id",
    "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address",
    "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number",
    "uncategorized_file", "uncategorized_text",
))  # fmt: skip
_ENTRY: dict[str, Any] = {
    "id": None, "object": "balance_transaction", "amount": 0, "available_on": 0,
    "balance_type": "payments", "created": 0, "currency": None, "description": None,
    "exchange_rate": None, "fee": 0, "fee_details": [], "net": 0, "reporting_category": "charge",
    "source": None, "status": "available", "type": "charge",
}  # fmt: skip

_METHOD: dict[str, Any] = {
    "id": None, "object": "payment_method", "allow_redisplay": "unspecified",
    "billing_details": None, "card": None, "created": 0, "customer": None,
    "customer_account": None, "livemode": False, "metadata": {}, "type": "card",
}  # fmt: skip
_PAYOUT: dict[str, Any] = {
    "id": None, "object": "payout", "amount": 0, "application_fee": None,
    "application_fee_amount": None, "arrival_date": 0, "automatic": True,
    "balance_transaction": None, "created": 0, "currency": None, "description": None,
    "destination": None, "failure_balance_transaction": None, "failure_code": None,
    "failure_message": None, "livemode": False, "metadata": {}, "method": "standard",
    "original_payout": None, "payout_method": None, "reconciliation_status": "not_applicable",
    "reversed_by": None, "source_type": "card", "statement_descriptor": None, "status": "paid",
    "trace_id": None, "type": "bank_account",
}  # fmt: skip
# What an intent of these shows as its payment method was charged.
_CHARGED = ("succeeded", "requires_capture", "processing", "canceled")


def charge(row: Row) -> dict[str, Any]:
    """A charge."""
    payload = filled(_CHARGE, row)
    row_id, paid = row["id"], payload["status"] == "succeeded"
    taken = row.get("amount_captured", payload["amount"])
    payload["amount_captured"] = taken if payload["captured"] and paid else 0
    payload["billing_details"] = row.get("billing_details") or {
        "address": address({}), "email": payload["receipt_email"], "name": None, "phone": None,
        "tax_id": None,
    }  # fmt: skip
    if payload["status"] == "failed" and payload["failure_code"] is None:
        payload |= {"failure_code": "card_declined", "failure_message": "Your card was declined."}
    payload["outcome"] = {**_outcome(paid, row_id), **(row.get("outcome") or {})}
    payload["payment_method"] = row.get("payment_method") or f"pm_{row_id[3:]}"
    payload["payment_method_details"] = {"card": card(row_id), "type": "card"}
    payload["receipt_url"] = f"https://pay.stripe.com/receipts/payment/{row_id}" if paid else None
    return payload


def _outcome(paid: bool, row_id: str) -> dict[str, Any]:
    return {
        "advice_code": None, "network_advice_code": None, "network_decline_code": None,
        "network_status": "approved_by_network" if paid else "declined_by_network",
        "risk_level": "normal", "risk_score": number_of(row_id, 60),
        **(_APPROVED if paid else refused_outcome("generic_decline")),
        "type": "authorized" if paid else "issuer_declined",
    }  # fmt: skip


_APPROVED = {"reason": None, "seller_message": "Payment complete."}


def refused_outcome(reason: str) -> dict[str, str]:
    """Why the bank did not let pay, as its code and in words."""
    said = (
        "The bank did not return any further details with this decline."
        if reason == "generic_decline"
        else f"The bank returned the decline code `{reason}`."
    )
    return {"reason": reason, "seller_message": said}


def payment_intent(row: Row) -> dict[str, Any]:
    """A payment intent."""
    payload = filled(_INTENT, row)
    payload["client_secret"] = client_secret(row["id"])
    charged = payload["status"] in _CHARGED
    derived = f"pm_{row['id'][3:]}" if charged else None
    payload["payment_method"] = row.get("payment_method") or derived
    return payload


def payment_method(row: Row) -> dict[str, Any]:
    """A payment method: a card, whose details follow from its id where its row has none."""
    payload, details = filled(_METHOD, row), {**card(row["id"]), **(row.get("card") or {})}
    payload["billing_details"] = {
        "address": address({}), "email": None, "name": None, "phone": None, "tax_id": None,
    }  # fmt: skip
    taken = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding",
             "last4", "regulated_status", "wallet")  # fmt: skip
    payload["card"] = {
        **{name: details[name] for name in taken}, "display_brand": details["brand"],
        "generated_from": None, "three_d_secure_usage": {"supported": True},
        "networks": {"available": [details["brand"]], "preferred": None},
    }  # fmt: skip
    return payload


def payout(row: Row) -> dict[str, Any]:
    """A payout to the account's bank."""
    return filled(_PAYOUT, row)


def refund(row: Row) -> dict[str, Any]:
    """A refund."""
    payload = filled(_REFUND, row)
    payload["destination_details"] = {
        "card": {
            "reference": f"{number_of(row['id'], 10**12):012d}", "reference_status": "available",
            "reference_type": "acquirer_reference_number", "type": "refund",
        },
        "type": "card",
    }  # fmt: skip
    return payload


def dispute(row: Row) -> dict[str, Any]:
    """A dispute with its evidence."""
    payload = filled(_DISPUTE, row)
    evidence = {**EVIDENCE, **(row.get("evidence") or {})}
    payload["evidence"] = {**evidence, "enhanced_evidence": evidence.get("enhanced_evidence", {})}
    details = row.get("evidence_details") or {}
    sent = bool(details.get("submission_count"))
    payload["evidence_details"] = {
        "submission_method": "manual" if sent else "not_submitted", "due_by": None,
        "enhanced_eligibility": {},
        "has_evidence": any(value not in (None, {}) for value in evidence.values()),
        "past_due": False, "submission_count": 0, **details,
    }  # fmt: skip
    return payload


def balance_transaction(row: Row) -> dict[str, Any]:
    """An entry of the account's balance."""
    payload = filled(_ENTRY, row)
    payload["available_on"] = row.get("available_on") or row.get("created", 0)
    payload["reporting_category"] = payload["type"]
    return payload
