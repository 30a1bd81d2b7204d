"""The shop of tau-bench and tau²-bench: seven writes on orders and users.

What each does follows the environments' published sources (sierra-research/tau-bench and
sierra-research/tau2-bench, MIT), odd habits included, since the recorded verdicts have them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.external.books import Books, Dialect, Refusal, text

__all__ = ["Retail"]

_REASONS = ("no longer needed", "ordered by mistake")


class Retail(Books):
    """One run's shop."""

    def cancel_pending_order(self, order_id: str, reason: str) -> None:
        """Every payment is refunded, to a gift card at once."""
        order = self.read("orders", order_id)
        _in_state(order, "pending")
        if reason not in _REASONS:
            raise Refusal("no such reason")
        refunds = []
        for paid in order["payment_history"]:
            refunds.append(_entry("refund", paid["amount"], paid["payment_method_id"]))
            self._move(order["user_id"], paid["payment_method_id"], paid["amount"])
        changed = self.write("orders", order_id)
        changed["status"] = "cancelled"
        changed["cancel_reason"] = reason
        changed["payment_history"] += refunds

    def exchange_delivered_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> None:
        """What is asked for is noted on the order; nothing is paid yet."""
        order = self.read("orders", order_id)
        _in_state(order, "delivered")
        chosen = self._chosen(order, item_ids, new_item_ids)
        difference = round(sum_in_order(new["price"] - old["price"] for old, new in chosen), 2)
        self._afford(order["user_id"], payment_method_id, difference)
        self.write("orders", order_id).update(
            status="exchange requested",
            exchange_items=sorted(item_ids),
            exchange_new_items=sorted(new_item_ids),
            exchange_payment_method_id=payment_method_id,
            exchange_price_difference=difference,
        )

    def modify_pending_order_address(self, order_id: str, **address: str) -> None:
        """Another place to send the order to."""
        _pending(self.read("orders", order_id), self.dialect)
        self.write("orders", order_id)["address"] = self._address(**address)

    def modify_pending_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> None:
        """Other variants of the same products; the difference is paid or given back."""
        order = self.read("orders", order_id)
        _in_state(order, "pending")
        chosen = self._chosen(order, item_ids, new_item_ids)
        if self.dialect is Dialect.TAU2 and any(map(str.__eq__, item_ids, new_item_ids)):
            raise Refusal("the new item is the old one")
        difference = sum_in_order(new["price"] - old["price"] for old, new in chosen)
        self._afford(order["user_id"], payment_method_id, difference)
        kind = "payment" if difference > 0 else "refund"
        changed = self.write("orders", order_id)
        changed["payment_history"].append(_entry(kind, abs(difference), payment_method_id))
        self._move(order["user_id"], payment_method_id, -difference)
        for number, (item_id, new_item_id) in enumerate(zip(item_ids, new_item_ids, strict=True)):
            item = next((one for one in changed["items"] if one["item_id"] == item_id), None)
            if item is None:
                raise Refusal(f"item {item_id} not found")
            # The second benchmark gives every item the last variant's price and options.
            variant = chosen[-1 if self.dialect is Dialect.TAU2 else number][1]
            item.update(
                item_id=new_item_id, price=variant["price"], options=dict(variant["options"])
            )
        changed["status"] = "pending (item modified)"

    def modify_pending_order_payment(self, order_id: str, payment_method_id: str) -> None:
        """Another way to pay: the old payment is refunded, the new one taken."""
        order = self.read("orders", order_id)
        _pending(order, self.dialect)
        self._method(order["user_id"], payment_method_id)
        history = order["payment_history"]
        if len(history) != 1 or history[0]["transaction_type"] != "payment":
            raise Refusal("not exactly one payment")
        amount, old = history[0]["amount"], history[0]["payment_method_id"]
        if old == payment_method_id:
            raise Refusal("the same way to pay")
        self._afford(order["user_id"], payment_method_id, amount)
        self.write("orders", order_id)["payment_history"] += [
            _entry("payment", amount, payment_method_id), _entry("refund", amount, old)
        ]  # fmt: skip
        self._move(order["user_id"], payment_method_id, -amount)
        self._move(order["user_id"], old, amount)

    def modify_user_address(self, user_id: str, **address: str) -> None:
        """Another address on the customer's file."""
        self.read("users", user_id)
        self.write("users", user_id)["address"] = self._address(**address)

    def return_delivered_order_items(
        self, order_id: str, item_ids: list[str], payment_method_id: str
    ) -> None:
        """What comes back is noted on the order; nothing is refunded yet."""
        order = self.read("orders", order_id)
        _in_state(order, "delivered")
        method = self._method(order["user_id"], payment_method_id)
        original = order["payment_history"][0]["payment_method_id"]
        if method["source"] != "gift_card" and payment_method_id != original:
            raise Refusal("neither the original way to pay nor a gift card")
        _ordered(order, item_ids)
        self.write("orders", order_id).update(
            status="return requested",
            return_items=sorted(item_ids),
            return_payment_method_id=payment_method_id,
        )

    def _chosen(
        self, order: Mapping[str, Any], item_ids: Sequence[str], new_item_ids: Sequence[str]
    ) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        _ordered(order, item_ids)
        if len(item_ids) != len(new_item_ids):
            raise Refusal("the numbers of items do not match")
        pairs = []
        for item_id, new_item_id in zip(item_ids, new_item_ids, strict=True):
            item = next(one for one in order["items"] if one["item_id"] == item_id)
            variant = self.read("products", item["product_id"])["variants"][new_item_id]
            if not variant["available"]:
                raise Refusal(f"{new_item_id} is not available")
            pairs.append((item, variant))
        return pairs

    def _method(self, user_id: str, payment_method_id: str) -> Mapping[str, Any]:
        method: Mapping[str, Any] = self.read("users", user_id)["payment_methods"][
            payment_method_id
        ]
        return method

    def _afford(self, user_id: str, payment_method_id: str, amount: float) -> None:
        method = self._method(user_id, payment_method_id)
        if method["source"] == "gift_card" and method["balance"] < amount:
            raise Refusal("not enough on the gift card")

    def _move(self, user_id: str, payment_method_id: str, amount: float) -> None:
        if self._method(user_id, payment_method_id)["source"] == "gift_card":
            card = self.write("users", user_id)["payment_methods"][payment_method_id]
            card["balance"] = round(card["balance"] + amount, 2)

    def _address(
        self, address1: str, address2: str, city: str, state: str, country: str, zip: str
    ) -> dict[str, str]:
        parts = {
            "address1": address1,
            "address2": address2,
            "city": city,
            "state": state,
            "country": country,
            "zip": zip,
        }
        if self.dialect is Dialect.TAU:
            return parts
        return {name: text(value) for name, value in parts.items()}

    operations = {  # noqa: RUF012  # read only, as the class says
        each.__name__: each
        for each in (
            cancel_pending_order,
            exchange_delivered_order_items,
            modify_pending_order_address,
            modify_pending_order_items,
            modify_pending_order_payment,
            modify_user_address,
            return_delivered_order_items,
        )
    }


def sum_in_order(parts: Any) -> float:
    """A sum of binary fractions as the environments form it, one after the other."""
    total = 0.0
    for part in parts:
        total += part
    return total


def _entry(kind: str, amount: float, method: str) -> dict[str, Any]:
    return {"transaction_type": kind, "amount": amount, "payment_method_id": method}


def _in_state(order: Mapping[str, Any], status: str) -> None:
    if order["status"] != status:
        raise Refusal(f"the order is not {status}")


def _pending(order: Mapping[str, Any], dialect: Dialect) -> None:
    if dialect is Dialect.TAU:
        _in_state(order, "pending")
    elif "pending" not in order["status"]:
        raise Refusal("the order is not pending")


def _ordered(order: Mapping[str, Any], item_ids: Sequence[str]) -> None:
    there = [item["item_id"] for item in order["items"]]
    if any(item_ids.count(each) > there.count(each) for each in item_ids):
        raise Refusal("some item is not in the order")
