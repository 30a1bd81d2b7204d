"""What a subscription is for: the items of its row, and those that a call asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call
from understudy.systems.stripe import fields
from understudy.systems.stripe.errors import invalid, missing, no_such
from understudy.systems.stripe.item_rows import Item, Items, items_of
from understudy.systems.stripe.products import inline_price
from understudy.systems.stripe.unit_prices import cost, price_of

__all__ = ["added", "columns", "interval_of", "once", "planned", "worth"]

_MOST = 20


def columns(call: Call, row: Row, items: Items) -> dict[str, Any]:
    """What a row says of these items; new ones are given their ids, and prices of their own."""
    items = [_priced(call, each) for each in items]
    first = items[0]
    own = {"price": first["price"], "quantity": first["quantity"]}
    if len(items) == 1 and not row.get("items"):
        return own
    return {**own, "items": [each if "id" in each else {**each, "id": _id(call)} for each in items]}


def _priced(call: Call, item: Item) -> Item:
    data = item.get("price_data")
    if data is None:
        return item
    kept = {name: value for name, value in item.items() if name != "price_data"}
    return {**kept, "price": inline_price(call, data)}


def _id(call: Call) -> str:
    return f"si_{call.session.letters('subscription_item', 14)}"


def worth(call: Call, items: Items) -> int | None:
    """What one period costs in minor units, or None where a price is not known."""
    found = [cost(price_of(call, each), int(each["quantity"])) for each in items]
    return sum(each for each in found if each is not None) if None not in found else None


def planned(call: Call, row: Row | None, given: dict[str, Any], param: str = "items") -> list[Item]:
    """The items as they will be, or the 400; `given` holds the ones asked for under `items`.

    docs.stripe.com/api/subscriptions/update: what names no id is a further item; another price
    without a quantity is for one.
    """
    made, wanted = items_of(row) if row else [], fields.hashes(given, "items", param)
    if not wanted:
        return made
    # Whatever the id of an item is whose row tells none, it is this one.
    told = row is None or bool(row.get("items") or row.get("item_id"))
    for index, asked in enumerate(wanted):
        place = f"{param}[{index}]"
        named = fields.text(asked, "id")
        if named is None:
            made.append(_new(call, made, asked, place))
            continue
        number = _place(made, named, place) if told or len(made) != 1 else 0
        if fields.boolean(asked, "deleted"):
            del made[number]
        else:
            made[number] = {**made[number], **_changes(call, made[number], asked, place)}
    if row and not made:
        raise invalid(
            "A subscription must have at least one active plan. To cancel a subscription, please"
            " use the cancel API endpoint on the subscription.", param=param,
        )  # fmt: skip
    if len(made) > _MOST:
        raise invalid(f"A subscription can have at most {_MOST} items.", param=param)
    _refuse_mixed(call, made)
    return made


def _new(call: Call, made: Items, asked: dict[str, Any], place: str) -> Item:
    named = _price(call, asked, place)
    if not named:
        raise missing(f"{place}[price]")
    if any(each["price"] == named["price"] for each in made if each["price"]):
        message = f"Cannot add multiple subscription items with the same plan: {named['price']}"
        raise invalid(message)
    quantity = fields.integer(asked, "quantity", least=0)
    return {**named, "quantity": 1 if quantity is None else quantity}


def _place(made: Items, named: str, place: str) -> int:
    for number, each in enumerate(made):
        if each.get("id") == named:
            return number
    raise no_such("subscription_item", named, f"{place}[id]")


def _changes(call: Call, item: Item, asked: dict[str, Any], place: str) -> Item:
    named = _price(call, asked, place) or {"price": item["price"]}
    quantity = fields.integer(asked, "quantity", least=0)
    if quantity is None:
        quantity = item["quantity"] if named["price"] == item["price"] else 1
    return {**named, "quantity": quantity}


def _price(call: Call, asked: dict[str, Any], place: str) -> Item:
    """The price that an item names, or spells out: then one is made of it when it is written."""
    named = fields.text(asked, "price") or fields.text(asked, "plan")
    if named is not None:
        if fields.require(call, "prices", named, f"{place}[price]").get("type") == "one_time":
            raise invalid(
                "The price specified is set to `type=one_time` but this field only accepts prices"
                " with `type=recurring`.", param=f"{place}[price]",
            )  # fmt: skip
        return {"price": named}
    data = fields.nested(asked, "price_data")
    return {"price": None, "price_data": data} if data else {}


def added(call: Call, row: Row) -> Iterator[Item]:
    """The lines of `add_invoice_items`: what is charged once, with the subscription's invoice."""
    for index, item in enumerate(once(call)):
        price = fields.require(call, "prices", _priced(call, item)["price"])
        if row.get("currency") not in (None, price.get("currency")):
            raise invalid(
                f"The price specified only supports `{price.get('currency')}`. This doesn't match"
                f" the expected currency: `{row['currency']}`.",
                param=f"add_invoice_items[{index}][price]",
            )
        yield {
            "amount": cost(price, item["quantity"]) or 0, "price": price["id"],
            "currency": price.get("currency"), "quantity": item["quantity"],
            "subscription": row["id"],
        }  # fmt: skip


def once(call: Call) -> Iterator[Item]:
    """The items that `add_invoice_items` name or spell out, or the 400; nothing is written."""
    for index, asked in enumerate(fields.hashes(fields.params(call), "add_invoice_items")):
        place, data = f"add_invoice_items[{index}]", fields.nested(asked, "price_data")
        named, quantity = fields.text(asked, "price"), fields.integer(asked, "quantity", least=0)
        if named is not None:
            fields.require(call, "prices", named, f"{place}[price]")
        elif not data:
            raise missing(f"{place}[price]")
        told = {} if named else {"price_data": data}
        yield {"price": named, "quantity": 1 if quantity is None else quantity, **told}


def _refuse_mixed(call: Call, items: Items) -> None:
    """One subscription is billed in one currency, and at one interval."""
    prices = [price_of(call, each) or {} for each in items]
    told = [(each.get("currency"), each.get("recurring")) for each in prices if each]
    for name, seen in (
        ("currency", {currency for currency, _ in told}),
        ("interval", {interval_of(recurring) for _, recurring in told}),
    ):
        if len(seen) > 1:
            raise invalid(
                "Currency and interval fields must match across all plans on this subscription."
                f" Found mismatch in {name} field."
            )


def interval_of(recurring: Any) -> tuple[str, int]:
    """After how many of which unit a price is charged again."""
    told = recurring if isinstance(recurring, dict) else {}
    return str(told.get("interval", "month")), int(told.get("interval_count") or 1)
