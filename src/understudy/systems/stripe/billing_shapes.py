"""The shapes of invoices, credit notes, subscriptions, prices and products."""

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
    METADATA,
    SOME_ID,
    embedded,
    expandable,
    gone,
    head,
)

__all__ = ["BILLING"]

_TEXT = nullable(STRING)
_TIME = nullable(WHOLE)
_THING = nullable(OBJECT)
_COLLECTED = one_of("charge_automatically", "send_invoice")
_LINE = record(
    {
        "id": STRING, "object": constant("line_item"), "amount": INTEGER, "currency": CURRENCY,
        "description": _TEXT, "invoice": SOME_ID, "discountable": BOOLEAN, "livemode": BOOLEAN,
        "metadata": METADATA, "period": nullable(record({"start": WHOLE, "end": WHOLE})),
        "quantity": nullable(WHOLE), "subtotal": INTEGER, "parent": _THING, "pricing": _THING,
        "quantity_decimal": _TEXT, "subscription": SOME_ID,
        **each("discount_amounts discounts pretax_credit_amounts taxes", array(OBJECT)),
    }
)  # fmt: skip
_INVOICE = record(
    {
        **head("invoice"),
        **each(
            "amount_due amount_paid amount_remaining ending_balance starting_balance subtotal"
            " total",
            INTEGER,
        ),
        **each(
            "amount_overpaid amount_shipping attempt_count period_end period_start"
            " post_payment_credit_notes_amount pre_payment_credit_notes_amount",
            WHOLE,
        ),
        **each("subtotal_excluding_tax total_excluding_tax", nullable(INTEGER)),
        **each(
            "automatically_finalizes_at due_date effective_at next_payment_attempt"
            " webhooks_delivered_at",
            _TIME,
        ),
        "currency": CURRENCY,
        "status": nullable(one_of("draft", "open", "paid", "uncollectible", "void")),
        "collection_method": _COLLECTED, "attempted": BOOLEAN,
        "auto_advance": nullable(BOOLEAN),
        "customer": expandable("customer"),
        **each(
            "application default_payment_method default_source latest_revision on_behalf_of"
            " test_clock",
            SOME_ID,
        ),
        **each(
            "account_country account_name billing_reason customer_account customer_email"
            " customer_name customer_phone description footer hosted_invoice_url invoice_pdf"
            " number receipt_number statement_descriptor",
            _TEXT,
        ),
        "customer_address": ADDRESS,
        "customer_tax_exempt": nullable(one_of("none", "exempt", "reverse")),
        **each(
            "customer_shipping from_invoice last_finalization_error parent rendering"
            " shipping_cost shipping_details status_details",
            _THING,
        ),
        **each("automatic_tax issuer payment_settings", OBJECT),
        **each("account_tax_ids custom_fields customer_tax_ids", nullable(array({}))),
        **each(
            "default_tax_rates discounts total_discount_amounts total_pretax_credit_amounts"
            " total_taxes",
            nullable(array({})),
        ),
        "lines": embedded(_LINE),
        "status_transitions": record(
            each("finalized_at marked_uncollectible_at paid_at voided_at", _TIME)
        ),
    }
)  # fmt: skip
_INVOICE_ITEM = record(
    {
        "id": STRING, "object": constant("invoiceitem"), "livemode": BOOLEAN,
        "metadata": METADATA, **each("amount net_amount", INTEGER), "currency": CURRENCY,
        "customer": expandable("customer"), "invoice": expandable("invoice"), "date": WHOLE,
        **each("customer_account description quantity_decimal", _TEXT),
        **each("discountable proration", BOOLEAN), "discounts": nullable(array({})),
        "parent": _THING, "period": record({"start": WHOLE, "end": WHOLE}),
        "proration_details": _THING, "pricing": _THING, "quantity": nullable(WHOLE),
        "tax_rates": nullable(array({})),
        "test_clock": SOME_ID,
    }
)  # fmt: skip
_PAYMENT = record(
    {
        "id": STRING, "object": constant("invoice_payment"), "created": WHOLE,
        "livemode": BOOLEAN, "amount_paid": nullable(WHOLE), "amount_requested": WHOLE,
        "currency": CURRENCY, "invoice": expandable("invoice"), "is_default": BOOLEAN,
        "payment": record({"type": one_of("charge", "payment_intent")}),
        "status": one_of("canceled", "open", "paid"),
        "status_transitions": record(each("canceled_at paid_at", _TIME)),
    }
)  # fmt: skip
_NOTE = record(
    {
        **head("credit_note"),
        **each(
            "amount amount_shipping discount_amount post_payment_amount pre_payment_amount"
            " subtotal total",
            WHOLE,
        ),
        **each("out_of_band_amount subtotal_excluding_tax total_excluding_tax", nullable(WHOLE)),
        **each("effective_at voided_at", _TIME), "currency": CURRENCY,
        "customer": expandable("customer"), "invoice": expandable("invoice"),
        "customer_balance_transaction": SOME_ID,
        **each("customer_account memo number pdf", _TEXT),
        "reason": nullable(
            one_of("duplicate", "fraudulent", "order_change", "product_unsatisfactory")
        ),
        "status": one_of("issued", "void"), "type": one_of("pre_payment", "post_payment", "mixed"),
        "lines": embedded(OBJECT), "shipping_cost": _THING,
        **each("discount_amounts pretax_credit_amounts refunds total_taxes", array(OBJECT)),
    }
)  # fmt: skip
_ITEM = record(
    {
        "id": STRING, "object": constant("subscription_item"), "created": WHOLE,
        **each("current_period_end current_period_start", WHOLE), "billing_thresholds": _THING,
        "billed_until": _TIME, **each("current_trial plan", _THING),
        "discounts": array({}), "metadata": METADATA, "price": nullable(ref("price")),
        "quantity": WHOLE, "subscription": STRING, "tax_rates": nullable(array(OBJECT)),
    }
)  # fmt: skip
_SUBSCRIPTION = record(
    {
        **head("subscription"),
        "status": one_of(
            "active", "canceled", "incomplete", "incomplete_expired", "past_due", "paused",
            "trialing", "unpaid",
        ),
        **each("billing_cycle_anchor start_date", WHOLE),
        **each(
            "cancel_at canceled_at ended_at next_pending_invoice_item_invoice trial_end"
            " trial_start",
            _TIME,
        ),
        "cancel_at_period_end": BOOLEAN, "collection_method": _COLLECTED, "currency": CURRENCY,
        "customer": expandable("customer"), "latest_invoice": expandable("invoice"),
        "quantity": nullable(WHOLE), "days_until_due": nullable(WHOLE),
        "application_fee_percent": nullable(NUMBER), "customer_account": _TEXT,
        "description": _TEXT,
        **each(
            "application default_payment_method default_source on_behalf_of pending_setup_intent"
            " schedule test_clock",
            SOME_ID,
        ),
        **each("automatic_tax billing_mode invoice_settings", OBJECT),
        **each(
            "billing_cycle_anchor_config billing_thresholds cancellation_details"
            " managed_payments pause_collection payment_settings pending_invoice_item_interval"
            " pending_update plan status_details transfer_data trial_settings",
            _THING,
        ),
        **each("default_tax_rates discounts", nullable(array({}))),
        "billing_schedules": array(OBJECT), "items": embedded(_ITEM),
    }
)  # fmt: skip
_PRICE = record(
    {
        **head("price"),
        "active": BOOLEAN, "billing_scheme": one_of("per_unit", "tiered"), "currency": CURRENCY,
        "type": one_of("one_time", "recurring"), "product": expandable("product"),
        "unit_amount": nullable(WHOLE),
        "unit_amount_decimal": nullable({"type": "string", "pattern": r"^\d+(\.\d+)?$"}),
        **each("lookup_key nickname tax_behavior tiers_mode", _TEXT),
        **each("custom_unit_amount transform_quantity", _THING),
        "recurring": nullable(
            record(
                {
                    "interval": one_of("day", "week", "month", "year"), "interval_count": WHOLE,
                    "meter": _TEXT, "trial_period_days": nullable(WHOLE), "usage_type": STRING,
                }
            )
        ),
    }
)  # fmt: skip
_PRODUCT = record(
    {
        **head("product"),
        "active": BOOLEAN, "name": STRING, "updated": WHOLE, "type": one_of("good", "service"),
        "default_price": expandable("price"), "shippable": nullable(BOOLEAN),
        **each("description statement_descriptor unit_label url", _TEXT), "tax_code": SOME_ID,
        "package_dimensions": _THING, **each("attributes images", array(STRING)),
        "marketing_features": array(OBJECT),
    }
)  # fmt: skip
BILLING: dict[str, dict[str, Any]] = {
    "credit_note": _NOTE, "deleted_invoice": gone("invoice"),
    "deleted_invoiceitem": gone("invoiceitem"), "invoice": _INVOICE,
    "invoice_payment": _PAYMENT, "invoiceitem": _INVOICE_ITEM, "line_item": _LINE,
    "price": _PRICE, "product": _PRODUCT,
    "subscription": _SUBSCRIPTION,
}  # fmt: skip
