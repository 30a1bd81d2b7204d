"""What an empty text may unset at Stripe; given for anything else it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from understudy.systems.operation import Operation
from understudy.systems.stripe.errors import emptied

__all__ = ["refuse_empty"]

# Which parameters take `Literal[""]`: the types of the official Python client, 16.1. There, plain
# texts are not told apart; of these a description, an address and a default payment method are
# unset by an empty text.
_ALWAYS: Mapping[str, str] = {
    "charges": "metadata fraud_details.user_report",
    "customer_balance": "metadata",
    "customers": (
        "address business_name individual_name invoice_settings.custom_fields"
        " invoice_settings.rendering_options metadata shipping source.ip_address tax.ip_address"
        " tax_exempt invoice_settings.rendering_options.amount_tax_display"
    ),
    "invoices": (
        "account_tax_ids custom_fields customer_details.address customer_details.shipping"
        " customer_details.tax.ip_address customer_details.tax_exempt discounts"
        " invoice_items.discounts invoice_items.tax_code invoice_items.tax_rates mandate metadata"
        " rendering.amount_tax_display rendering.template_version"
    ),
    "invoiceitems": "discounts metadata tax_code",
    "payment_intents": "mandate_data radar_options.referrer",
    "refunds": "metadata",
    "subscriptions": (
        "add_invoice_items.tax_rates application_fee_percent billing_thresholds"
        " cancellation_details.feedback default_tax_rates discounts"
        " invoice_settings.account_tax_ids items.billing_thresholds items.discounts items.tax_rates"
        " metadata on_behalf_of pending_invoice_item_interval"
    ),
}
_ONCE_MADE: Mapping[str, str] = {
    "customers": "invoice_settings.default_payment_method",
    "disputes": "metadata",
    "invoiceitems": "invoicing_rules tax_rates",
    "invoices": (
        "default_payment_method default_source default_tax_rates effective_at number on_behalf_of"
        " shipping_cost shipping_details transfer_data"
    ),
    "payment_intents": (
        "amount_details application_fee_amount excluded_payment_method_types metadata"
        " payment_details receipt_email setup_future_usage shipping"
    ),
    "payment_methods": "metadata card.networks.preferred",
    "payouts": "metadata",
    "prices": "currency_options metadata",
    "products": (
        "images marketing_features metadata package_dimensions tax_code tax_details unit_label url"
    ),
    "subscriptions": (
        "billing_schedules cancel_at default_payment_method default_source"
        " invoice_settings.description"
        " invoice_settings.footer items.metadata pause_collection transfer_data"
    ),
}
_TEXTS = frozenset((
    "comment", "description", "email", "footer", "memo", "phone", "receipt_email",
    "statement_descriptor", "statement_descriptor_suffix",
))  # fmt: skip
_WITHIN = frozenset((
    "address", "amount_details", "billing_details", "evidence", "metadata", "payment_details",
    "payment_method_options",
))  # fmt: skip
"""Hashes whose every text may be empty."""
_NAMED = ("customers",)
"""Whose name is a text like others; a product's, say, cannot be unset."""


def refuse_empty(operation: Operation, name: str, value: Any) -> None:
    """Refuse a parameter that is empty, wholly or in a part, where that cannot be unset.

    Raises Stripe's 400 `parameter_invalid_empty`, with the whole name of the part.
    """
    for param, words in _empty(name, (name,), value):
        if operation.method == "GET" or not _may_be_unset(operation, words):
            raise emptied(param)


def _empty(param: str, words: tuple[str, ...], value: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The parts that are empty: the whole name, and its words without places in arrays."""
    if value == "":
        yield param, words
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _empty(f"{param}[{key}]", (*words, key), below)
    elif isinstance(value, list):
        for place, below in enumerate(value):
            yield from _empty(f"{param}[{place}]", words, below)


def _may_be_unset(operation: Operation, words: tuple[str, ...]) -> bool:
    kind, last = operation.name.split(".")[1], words[-1]
    if last in _TEXTS or not _WITHIN.isdisjoint(words[:-1]):
        return True
    if last == "name" and len(words) == 1:
        return kind in _NAMED
    known = _ALWAYS.get(kind, "").split()
    if "{id}" in operation.template:
        known += _ONCE_MADE.get(kind, "").split()
    return ".".join(words) in known
