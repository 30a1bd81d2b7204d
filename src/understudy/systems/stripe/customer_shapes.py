"""The shapes of customers and of what their balance is made of."""

from __future__ import annotations

from typing import Any

from understudy.systems.schema import (
    BOOLEAN,
    INTEGER,
    NULL,
    OBJECT,
    STRING,
    WHOLE,
    array,
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
    gone,
    head,
)

__all__ = ["CUSTOMERS"]

_CUSTOMER = record(
    {
        **head("customer"),
        "address": ADDRESS, "balance": INTEGER, "currency": nullable(CURRENCY),
        "delinquent": nullable(BOOLEAN),
        **each("default_currency default_source", SOME_ID),
        **each(
            "business_name customer_account description email individual_name invoice_prefix name"
            " phone test_clock",
            nullable(STRING),
        ),
        **each("discount shipping", nullable(OBJECT)),
        "invoice_settings": record(
            {
                "custom_fields": nullable(array(OBJECT)), "default_payment_method": SOME_ID,
                "footer": nullable(STRING), "rendering_options": nullable(OBJECT),
            }
        ),
        "next_invoice_sequence": WHOLE, "preferred_locales": array(STRING),
        "tax_exempt": nullable(one_of("none", "exempt", "reverse")),
        "subscriptions": embedded(ref("subscription")),
    },
    optional="subscriptions",
)  # fmt: skip
_BALANCE = record(
    {
        **head("customer_balance_transaction"),
        **each("amount ending_balance", INTEGER), "currency": CURRENCY,
        "customer": expandable("customer"), "credit_note": expandable("credit_note"),
        "invoice": expandable("invoice"), "customer_account": NULL, "checkout_session": SOME_ID,
        "description": nullable(STRING),
        "type": one_of(
            "adjustment", "applied_to_invoice", "credit_note", "initial", "invoice_overpaid",
            "invoice_too_large", "invoice_too_small", "migration",
            "unapplied_from_invoice", "unspent_receiver_credit",
        ),
    }
)  # fmt: skip
CUSTOMERS: dict[str, dict[str, Any]] = {
    "customer": _CUSTOMER, "customer_balance_transaction": _BALANCE,
    "deleted_customer": gone("customer"),
}  # fmt: skip
