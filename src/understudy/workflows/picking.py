"""Which customer, charge, invoice or subscription of the world a case is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from understudy.model.money import minor_digits
from understudy.workflows.accounts import Account, Lead, Row
from understudy.workflows.amounts import LIMITS, in_euro_cents
from understudy.workflows.draft import DAY, HOUR, Draft
from understudy.workflows.plants_finance import plant_payment
from understudy.workflows.recipe import Picks

__all__ = ["Catalogue", "pick"]

_FRESH = 50 * DAY
_OLD = 400 * DAY


class Catalogue:
    """Products and prices, for the names of what customers subscribed to."""

    def __init__(self, products: Mapping[str, Row], prices: Mapping[str, Row]) -> None:
        self._products = products
        self._prices = prices

    def product(self, price_id: str) -> str:
        """The name of the product that a price is for."""
        price = self._prices[price_id]
        return str(self._products[price["product"]]["name"])

    def other_price(self, price_id: str) -> str:
        """A price of another product, in the same currency and interval."""
        price = self._prices[price_id]
        return next(
            str(row["id"])
            for row in self._prices.values()
            if row["product"] != price["product"]
            and row["currency"] == price["currency"]
            and row.get("recurring") == price.get("recurring")
        )


def pick(draft: Draft, catalogue: Catalogue) -> bool:
    """Fill the facts with the object that the case is about; False where this customer has none."""
    picks = draft.situation.picks
    if picks.what == "lead":
        return isinstance(draft.who, Lead)
    if not isinstance(draft.who, Account):
        return False
    if picks.tiers and draft.who.tier not in picks.tiers:
        return False
    return _PICKERS[picks.what](draft, picks, catalogue)


def make_payment(draft: Draft) -> bool:
    """Give the customer a payment within the bounds; False where the currency does not fit."""
    picks, currency = draft.situation.picks, draft.account.currency
    if picks.digits and minor_digits(currency) not in picks.digits:
        return False
    low = picks.at_least.minor if picks.at_least else 2_000
    high = picks.at_most.minor if picks.at_most else low * 2
    unit = 10 ** minor_digits(currency)
    minor = draft.rng.randint(low + 500, high - 500) * LIMITS.get(currency, LIMITS["EUR"])
    amount = max(minor // LIMITS["EUR"] // unit, 1) * unit
    charge = plant_payment(draft, amount, draft.received - draft.rng.randint(2, 40) * DAY)
    invoice = next(row for row in draft.added("stripe.invoices") if row["id"] == charge["invoice"])
    draft.name_charge(charge, invoice)
    return True


def _charge(draft: Draft, picks: Picks, catalogue: Catalogue) -> bool:
    del catalogue
    fitting = [
        row
        for row in draft.account.charges
        if draft.received - _FRESH < row["created"] < draft.received - 2 * HOUR
        and _within(row["amount"], row["currency"], picks)
        and row["invoice"] in draft.account.invoices
    ]
    if not fitting:
        return False
    charge = draft.rng.choice(fitting)
    draft.name_charge(charge, draft.account.invoices[charge["invoice"]])
    return True


def _invoice(draft: Draft, picks: Picks, fits: Callable[[Row], bool]) -> bool:
    fitting = [
        row
        for row in draft.account.invoices.values()
        if fits(row) and _within(row["total"], row["currency"], picks)
    ]
    latest = max(fitting, key=lambda row: int(row["created"]), default=None)
    if latest is None or latest["created"] > draft.received - 2 * HOUR:
        return False
    draft.name_invoice(latest)
    return True


def _paid_invoice(draft: Draft, picks: Picks, catalogue: Catalogue) -> bool:
    def fits(row: Row) -> bool:
        taxed = bool(row.get("tax")) or not picks.taxed
        return row["status"] == "paid" and taxed and row["created"] > draft.received - _OLD

    return _invoice(draft, picks, fits) and _name_product(draft, catalogue)


def _open_invoice(draft: Draft, picks: Picks, catalogue: Catalogue) -> bool:
    del catalogue
    return _invoice(draft, picks, lambda row: row["status"] == "open")


def _subscription(draft: Draft, picks: Picks, catalogue: Catalogue) -> bool:
    fitting = [
        row
        for row in draft.account.subscriptions
        if row["status"] == "active"
        and bool(row.get("cancel_at_period_end")) == picks.ending
        and row.get("quantity", 1) >= picks.seats
        and row["current_period_end"] > draft.received
    ]
    if not fitting:
        return False
    row = fitting[0]
    draft.facts |= {
        "subscription": row["id"],
        "price": row["price"],
        "seats_now": row.get("quantity", 1),
        "product": catalogue.product(row["price"]),
        "other_price": catalogue.other_price(row["price"]),
        "period_end": row["current_period_end"],
    }
    return True


def _contact(draft: Draft, picks: Picks, catalogue: Catalogue) -> bool:
    del draft, picks, catalogue
    return True


def _name_product(draft: Draft, catalogue: Catalogue) -> bool:
    subscriptions = draft.account.subscriptions
    draft.facts["product"] = catalogue.product(subscriptions[0]["price"]) if subscriptions else ""
    return bool(subscriptions)


def _within(minor: int, currency: str, picks: Picks) -> bool:
    worth = in_euro_cents(minor, currency)
    if worth is None or minor <= 0:
        return False
    if picks.digits and minor_digits(currency) not in picks.digits:
        return False
    low = picks.at_least is None or worth >= picks.at_least.minor
    return low and (picks.at_most is None or worth <= picks.at_most.minor)


_PICKERS: Mapping[str, Callable[[Draft, Picks, Catalogue], bool]] = {
    "charge": _charge,
    "contact": _contact,
    "open_invoice": _open_invoice,
    "paid_invoice": _paid_invoice,
    "subscription": _subscription,
}
