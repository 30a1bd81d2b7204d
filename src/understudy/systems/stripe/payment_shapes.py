"""The shapes of charges, intents, refunds, disputes, payouts and the balance with its entries."""

from __future__ import annotations

from typing import Any

from understudy.systems.schema import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    OBJECT,
    STRING,
    WHOLE,
    array,
    constant,
    each,
    nullable,
    one_of,
    record,
    ref,
)
from understudy.systems.stripe.shape_words import (
    ADDRESS,
    CURRENCY,
    SOME_ID,
    embedded,
    expandable,
    head,
)

__all__ = ["PAYMENTS"]

_TEXT = nullable(STRING)
_CARD = record(
    {
        "brand": STRING, "country": _TEXT, "exp_month": {"type": "integer", "maximum": 12},
        "exp_year": WHOLE, "funding": STRING, "last4": {"type": "string", "pattern": r"^\d{4}$"},
        "checks": nullable(OBJECT), "fingerprint": _TEXT, "network": _TEXT,
        "wallet": nullable(OBJECT),
    }
)  # fmt: skip
_OUTCOME = record(
    {
        **each("network_status reason risk_level seller_message", _TEXT), "type": STRING,
        "risk_score": WHOLE,
    },
    optional="risk_score",
)  # fmt: skip
_BILLING = record({"address": ADDRESS, **each("email name phone tax_id", _TEXT)}, optional="tax_id")
_CHARGE = record(
    {
        **head("charge"),
        **each("amount amount_captured amount_refunded", WHOLE), "currency": CURRENCY,
        **each("captured disputed paid refunded", BOOLEAN),
        "status": one_of("succeeded", "pending", "failed"),
        "customer": expandable("customer"), "payment_intent": expandable("payment_intent"),
        "balance_transaction": expandable("balance_transaction"),
        **each(
            "application application_fee destination dispute failure_balance_transaction"
            " on_behalf_of order payment_method review source_transfer transfer_group",
            SOME_ID,
        ),
        **each(
            "calculated_statement_descriptor description failure_code failure_message"
            " receipt_email receipt_number receipt_url statement_descriptor"
            " statement_descriptor_suffix",
            _TEXT,
        ),
        "application_fee_amount": nullable(WHOLE), "billing_details": _BILLING,
        "outcome": nullable(_OUTCOME),
        "payment_method_details": nullable(
            record({"type": STRING, "card": _CARD}, optional="card")
        ),
        **each("fraud_details radar_options", OBJECT),
        **each("presentment_details shipping source transfer_data", nullable(OBJECT)),
        "refunds": embedded(ref("refund")),
    },
    optional="refunds",
)  # fmt: skip
_INTENT = record(
    {
        **head("payment_intent"),
        **each("amount amount_capturable amount_received", WHOLE), "currency": CURRENCY,
        "status": one_of(
            "canceled", "processing", "requires_action", "requires_capture",
            "requires_confirmation", "requires_payment_method", "succeeded",
        ),
        "capture_method": one_of("automatic", "automatic_async", "manual"),
        "confirmation_method": one_of("automatic", "manual"),
        "cancellation_reason": nullable(
            one_of(
                "abandoned", "automatic", "duplicate", "expired", "failed_invoice", "fraudulent",
                "requested_by_customer", "void_invoice",
            )
        ),
        "customer": expandable("customer"), "latest_charge": expandable("charge"),
        "canceled_at": nullable(WHOLE),
        "application_fee_amount": nullable(WHOLE), "payment_method_types": array(STRING),
        **each("application on_behalf_of payment_method review transfer_group", SOME_ID),
        **each(
            "client_secret customer_account description receipt_email setup_future_usage"
            " statement_descriptor statement_descriptor_suffix",
            _TEXT,
        ),
        **each(
            "amount_details automatic_payment_methods last_payment_error next_action"
            " payment_method_configuration_details payment_method_options presentment_details"
            " processing shipping source transfer_data",
            nullable(OBJECT),
        ),
        "excluded_payment_method_types": nullable(array(STRING)),
    }
)  # fmt: skip
_DESTINATION = record(
    {
        "type": STRING,
        "card": record(
            {**each("reference reference_status reference_type", STRING), "type": STRING}
        ),
    },
    optional="card",
)  # fmt: skip
# A refund says nothing of the mode that it was made in.
_REFUND_HEAD = {name: schema for name, schema in head("refund").items() if name != "livemode"}
_REFUND = record(
    {
        **_REFUND_HEAD,
        "amount": WHOLE, "currency": CURRENCY,
        "status": one_of("pending", "requires_action", "succeeded", "failed", "canceled"),
        "reason": nullable(
            one_of(
                "duplicate", "expired_uncaptured_charge", "fraudulent", "requested_by_customer"
            )
        ),
        "charge": expandable("charge"), "payment_intent": expandable("payment_intent"),
        "balance_transaction": expandable("balance_transaction"),
        **each(
            "customer failure_balance_transaction payment_method source_transfer_reversal"
            " transfer_reversal",
            SOME_ID,
        ),
        **each(
            "customer_account failure_reason instructions_email pending_reason receipt_number",
            _TEXT,
        ),
        "destination_details": nullable(_DESTINATION), "next_action": nullable(OBJECT),
    }
)  # fmt: skip
_EVIDENCE = record(
    each(
        "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure"
        " cancellation_rebuttal customer_communication customer_email_address customer_name"
        " customer_purchase_ip customer_signature duplicate_charge_documentation"
        " duplicate_charge_explanation duplicate_charge_id product_description receipt"
        " refund_policy refund_policy_disclosure refund_refusal_explanation service_date"
        " service_documentation shipping_address shipping_carrier shipping_date"
        " shipping_documentation shipping_tracking_number uncategorized_file uncategorized_text",
        _TEXT,
    )
)
_DISPUTE = record(
    {
        **head("dispute"),
        "amount": WHOLE, "currency": CURRENCY, "reason": STRING,
        "status": one_of(
            "lost", "needs_response", "prevented", "under_review", "warning_closed",
            "warning_needs_response", "warning_under_review", "won",
        ),
        "charge": expandable("charge"), "payment_intent": expandable("payment_intent"),
        "balance_transactions": array(OBJECT), "enhanced_eligibility_types": array(STRING),
        "evidence": _EVIDENCE, "is_charge_refundable": BOOLEAN,
        "evidence_details": record(
            {
                "due_by": nullable(WHOLE), **each("has_evidence past_due", BOOLEAN),
                "submission_count": WHOLE, "submission_method": STRING,
            }
        ),
        "payment_method_details": nullable(OBJECT),
    }
)  # fmt: skip
_ENTRY = record(
    {
        "id": STRING, "object": constant("balance_transaction"), "created": WHOLE,
        **each("amount net", INTEGER), "fee": INTEGER, "fee_details": array(OBJECT),
        "available_on": WHOLE, "currency": CURRENCY, "description": _TEXT,
        "exchange_rate": nullable(NUMBER), "source": SOME_ID, "reporting_category": STRING,
        "status": one_of("available", "pending"), **each("balance_type type", STRING),
    }
)  # fmt: skip
_METHOD = record(
    {
        **head("payment_method"),
        "type": STRING, "customer": expandable("customer"), "billing_details": _BILLING,
        "allow_redisplay": STRING, "customer_account": _TEXT,
        "card": record({**_CARD["properties"], "display_brand": STRING}, optional="network"),
    }
)  # fmt: skip
_PAYOUT = record(
    {
        **head("payout"),
        "amount": WHOLE, "currency": CURRENCY, "arrival_date": WHOLE, "automatic": BOOLEAN,
        "status": one_of("canceled", "failed", "in_transit", "paid", "pending"),
        "method": one_of("instant", "standard"), "type": one_of("bank_account", "card"),
        "balance_transaction": expandable("balance_transaction"),
        "failure_balance_transaction": expandable("balance_transaction"),
        **each("application_fee destination original_payout payout_method reversed_by", SOME_ID),
        **each("description failure_code failure_message statement_descriptor", _TEXT),
        "application_fee_amount": nullable(WHOLE), "trace_id": nullable(OBJECT),
        **each("reconciliation_status source_type", STRING),
    }
)  # fmt: skip
_SUM = record(
    {"amount": INTEGER, "currency": STRING, "source_types": record({"card": INTEGER})}
)  # fmt: skip
_BALANCE = record(
    {
        "object": constant("balance"), "livemode": BOOLEAN,
        **each("available pending", array(_SUM)),
    }
)  # fmt: skip
PAYMENTS: dict[str, dict[str, Any]] = {
    "balance": _BALANCE, "balance_transaction": _ENTRY, "charge": _CHARGE, "dispute": _DISPUTE,
    "payment_intent": _INTENT, "payment_method": _METHOD, "payout": _PAYOUT, "refund": _REFUND,
}  # fmt: skip
