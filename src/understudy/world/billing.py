"""What the subscriptions led to: invoices, payments, refunds, credit notes, disputes, ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.columns import constant, filled, gather, integers, join, spread, text, when
from understudy.world.entropy import chosen
from understudy.world.finance import Contract, months_after, periods_begun
from understudy.world.people import Draws, People
from understudy.world.table import Table

__all__ = ["Bills", "draw_bills", "draw_payments"]

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_DAY = 86_400
_REFUND_REASONS = ("requested_by_customer", "duplicate", "fraudulent")
_DISPUTE_REASONS = ("fraudulent", "product_not_received", "subscription_canceled", "duplicate")
_DISPUTE_STATES = ("needs_response", "under_review", "won", "lost")
_CREDIT_REASONS = ("order_change", "product_unsatisfactory", "duplicate")


@dataclass(frozen=True, slots=True)
class Bills:
    """The invoices of one block before anybody paid them."""

    people: People
    who: Ints
    contract: Ints
    begins: Ints
    ends: Ints
    number: Ints
    subtotal: Ints
    tax: Ints
    currency: pa.Array
    failed: Mask
    overdue: Mask

    def __len__(self) -> int:
        return len(self.who)

    @property
    def total(self) -> Ints:
        """What is due, tax included."""
        return self.subtotal + self.tax

    @property
    def paid(self) -> Mask:
        """Which invoices are paid."""
        return ~(self.failed | self.overdue)

    @property
    def created(self) -> Ints:
        """When each was written."""
        return self.begins


def draw_bills(people: People, contract: Contract, seed: int) -> Bills:
    """One invoice for each period that began within the recipe's months; the last year's if yearly.

    Tax is `subtotal * rate` rounded half up to a minor unit, with the rate in hundredths of a
    percent: 19 % of 49.00 EUR is (4900 * 1900 + 5000) // 10000 = 931.
    """
    recipe = people.recipe
    begun = periods_begun(contract)
    counts = np.minimum(begun, np.where(contract.yearly, 1, recipe.invoice_months))
    which, copy = spread(np.arange(len(begun), dtype=np.int64), counts)
    number = begun[which] - counts[which] + copy
    months = np.where(contract.yearly, 12, 1)[which]
    rates = np.array([locale.tax_bps for locale in people.locales], dtype=np.int64)
    subtotal = contract.unit[which] * contract.seats[which]
    draws = Draws(seed, "stripe.invoices", people.block)
    fate = chosen(
        draws.words("status", len(which)),
        (1 - recipe.charge_failed - recipe.overdue, recipe.charge_failed, recipe.overdue),
    )
    begins = months_after(contract.begins[which], number * months)
    return Bills(
        people=people,
        who=which,
        contract=which,
        begins=begins,
        ends=months_after(contract.begins[which], (number + 1) * months),
        number=number + 1,
        subtotal=subtotal,
        tax=(subtotal * rates[people.locale[which]] + 5000) // 10_000,
        currency=gather(contract.currency, which),
        failed=fate == 1,
        overdue=fate == 2,
    )


def draw_payments(bills: Bills, contract: Contract, seed: int) -> dict[str, Table]:
    """All tables that hang on invoices, each pointing at the others by id."""
    block, count = bills.people.block, len(bills)
    ids = {
        name: Draws(seed, f"stripe.{name}", block).keys(prefix, count, 23)
        for name, prefix in (("invoices", "in_1"), ("payment_intents", "pi_3"), ("charges", "ch_3"))
    }
    tried = np.flatnonzero(~bills.overdue)
    fates = _fates(bills, tried, seed)
    tables = {
        "stripe.invoices": _invoices(bills, contract, ids, seed),
        "stripe.payment_intents": _intents(bills, ids),
        "stripe.charges": _charges(bills, ids, tried, fates),
        "stripe.refunds": _refunds(bills, ids, tried, fates, seed),
        "stripe.disputes": _disputes(bills, ids, tried, fates, seed),
        "stripe.credit_notes": _credit_notes(bills, ids, seed),
    }
    tables["stripe.balance_transactions"] = _transactions(bills, tables, seed)
    return tables


@dataclass(frozen=True, slots=True)
class _Fates:
    """What happened to each charge that was tried."""

    refunded: Ints
    disputed: Mask


def _fates(bills: Bills, tried: Ints, seed: int) -> _Fates:
    draws, recipe = Draws(seed, "stripe.charges", bills.people.block), bills.people.recipe
    count, paid = len(tried), bills.paid[tried]
    total = bills.total[tried]
    back = draws.share("refunded", count, recipe.refunded) & paid & (total > 0)
    whole = draws.share("whole", count, 0.6)
    part = np.maximum(total * (10 + draws.below("part", count, 80)) // 100, 1)
    disputed = draws.share("disputed", count, recipe.disputed) & paid & ~back
    return _Fates(np.where(back, np.where(whole, total, part), 0), disputed)


def _invoices(bills: Bills, contract: Contract, ids: dict[str, pa.Array], seed: int) -> Table:
    recipe = bills.people.recipe
    old = bills.created < recipe.epoch - 60 * _DAY
    unpaid = when(old, "uncollectible", "open")
    total, paid = bills.total, bills.paid
    prefix = pc.utf8_upper(pc.utf8_slice_codeunits(_of(bills, "customer_id"), 4, 12))
    columns = {
        "id": ids["invoices"],
        "customer": _of(bills, "customer_id"),
        "subscription": gather(contract.table.columns["id"], bills.contract),
        "number": join(prefix, pc.utf8_lpad(text(bills.number), 4, "0"), separator="-"),
        "status": pc.if_else(pa.array(paid), pa.scalar("paid"), unpaid),
        "currency": bills.currency,
        "amount_due": integers(total),
        "amount_paid": integers(np.where(paid, total, 0)),
        "amount_remaining": integers(np.where(paid, 0, total)),
        "subtotal": integers(bills.subtotal),
        "tax": integers(bills.tax),
        "total": integers(total),
        "created": integers(bills.created),
        "due_date": integers(bills.created + 14 * _DAY),
        "charge": filled(ids["charges"], ~bills.overdue),
        "payment_intent": ids["payment_intents"],
        "lines:json": _lines(bills, contract, seed),
        "description": pa.nulls(len(bills), pa.string()),
    }
    return Table(columns, bills.who)


def _of(bills: Bills, column: str, rows: Ints | None = None) -> pa.Array:
    who = bills.who if rows is None else bills.who[rows]
    return gather(bills.people.columns[column], who)


def _lines(bills: Bills, contract: Contract, seed: int) -> pa.Array:
    seats = text(contract.seats[bills.contract])
    draws = Draws(seed, "stripe.invoice_lines", bills.people.block)
    return join(
        '[{"id":"', draws.keys("il_1", len(bills), 23), '","object":"line_item","amount":',
        text(bills.subtotal), ',"currency":"', bills.currency, '","description":"', seats,
        " \u00d7 ", pc.utf8_capitalize(_of(bills, "plan")), '","quantity":', seats, ',"price":"',
        gather(contract.table.columns["price"], bills.contract), '","period":{"start":',
        text(bills.begins), ',"end":', text(bills.ends), '},"proration":false}]',
    )  # fmt: skip


def _described(bills: Bills, rows: Ints | None = None) -> pa.Array:
    return join("Subscription ", _of(bills, "plan", rows))


def _intents(bills: Bills, ids: dict[str, pa.Array]) -> Table:
    paid = bills.paid
    columns = {
        "id": ids["payment_intents"],
        "customer": _of(bills, "customer_id"),
        "amount": integers(bills.total),
        "amount_received": integers(np.where(paid, bills.total, 0)),
        "currency": bills.currency,
        "status": when(paid, "succeeded", "requires_payment_method"),
        "latest_charge": filled(ids["charges"], ~bills.overdue),
        "created": integers(bills.created),
        "description": _described(bills),
    }
    return Table(columns, bills.who)


def _charges(bills: Bills, ids: dict[str, pa.Array], tried: Ints, fates: _Fates) -> Table:
    paid, total = bills.paid[tried], bills.total[tried]
    columns = {
        "id": gather(ids["charges"], tried),
        "customer": _of(bills, "customer_id", tried),
        "amount": integers(total),
        "amount_refunded": integers(fates.refunded),
        "currency": gather(bills.currency, tried),
        "status": when(paid, "succeeded", "failed"),
        "paid": pa.array(paid),
        "refunded": pa.array((fates.refunded == total) & (total > 0)),
        "captured": pa.array(paid),
        "created": integers(bills.created[tried] + 3600),
        "description": _described(bills, tried),
        "invoice": gather(ids["invoices"], tried),
        "payment_intent": gather(ids["payment_intents"], tried),
        "disputed": pa.array(fates.disputed),
        "receipt_email": _of(bills, "email", tried),
    }
    return Table(columns, bills.who[tried])


def _later(bills: Bills, rows: Ints, draws: Draws, days: int) -> Ints:
    """Some time after the charge, and before the world's present."""
    created = bills.created[rows] + 3600
    room = np.minimum(bills.people.recipe.epoch - created, days * _DAY)
    return created + draws.below("created", len(rows), np.maximum(room, 1))


def _refunds(
    bills: Bills, ids: dict[str, pa.Array], tried: Ints, fates: _Fates, seed: int
) -> Table:
    draws = Draws(seed, "stripe.refunds", bills.people.block)
    rows = tried[fates.refunded > 0]
    columns = {
        "id": draws.keys("re_3", len(rows), 23),
        "charge": gather(ids["charges"], rows),
        "payment_intent": gather(ids["payment_intents"], rows),
        "amount": integers(fates.refunded[fates.refunded > 0]),
        "currency": gather(bills.currency, rows),
        "status": constant("succeeded", len(rows)),
        "reason": gather(
            pa.array(_REFUND_REASONS), chosen(draws.words("reason", len(rows)), (80, 17, 3))
        ),
        "created": integers(_later(bills, rows, draws, 20)),
    }
    return Table(columns, bills.who[rows])


def _disputes(
    bills: Bills, ids: dict[str, pa.Array], tried: Ints, fates: _Fates, seed: int
) -> Table:
    draws = Draws(seed, "stripe.disputes", bills.people.block)
    rows = tried[fates.disputed]
    created = _later(bills, rows, draws, 40)
    fresh = created > bills.people.recipe.epoch - 12 * _DAY
    state = np.where(fresh, 0, 1 + draws.below("status", len(rows), 3))
    columns = {
        "id": draws.keys("du_1", len(rows), 23),
        "charge": gather(ids["charges"], rows),
        "payment_intent": gather(ids["payment_intents"], rows),
        "amount": integers(bills.total[rows]),
        "currency": gather(bills.currency, rows),
        "status": gather(pa.array(_DISPUTE_STATES), state),
        "reason": gather(pa.array(_DISPUTE_REASONS), draws.below("reason", len(rows), 4)),
        "created": integers(created),
        "evidence_details.due_by": integers(created + 14 * _DAY),
    }
    return Table(columns, bills.who[rows])


def _credit_notes(bills: Bills, ids: dict[str, pa.Array], seed: int) -> Table:
    draws, recipe = Draws(seed, "stripe.credit_notes", bills.people.block), bills.people.recipe
    rows = np.flatnonzero(draws.share("invoice", len(bills), recipe.credited) & bills.paid)
    amount = np.maximum(bills.total[rows] * (5 + draws.below("amount", len(rows), 46)) // 100, 1)
    prefix = pc.utf8_slice_codeunits(_of(bills, "customer_id", rows), 4, 12)
    columns = {
        "id": draws.keys("cn_1", len(rows), 23),
        "invoice": gather(ids["invoices"], rows),
        "customer": _of(bills, "customer_id", rows),
        "amount": integers(amount),
        "currency": gather(bills.currency, rows),
        "status": constant("issued", len(rows)),
        "reason": gather(pa.array(_CREDIT_REASONS), draws.below("reason", len(rows), 3)),
        "created": integers(_later(bills, rows, draws, 20)),
        "number": join(pc.utf8_upper(prefix), "-CN-", text(bills.number[rows])),
    }
    return Table(columns, bills.who[rows])


def _transactions(bills: Bills, tables: dict[str, Table], seed: int) -> Table:
    """One entry for each paid charge and each refund; Stripe keeps 2.9 % and 30 of the former."""
    charges, refunds = tables["stripe.charges"], tables["stripe.refunds"]
    paid = np.flatnonzero(np.asarray(charges.columns["paid"]))
    taken = np.asarray(charges.columns["amount"])[paid]
    returned = -np.asarray(refunds.columns["amount"])
    amount = np.concatenate([taken, returned])
    fee = np.concatenate([(taken * 290 + 5000) // 10_000 + 30, np.zeros_like(returned)])
    draws = Draws(seed, "stripe.balance_transactions", bills.people.block)

    def both(column: str) -> pa.Array:
        return pa.concat_arrays([gather(charges.columns[column], paid), refunds.columns[column]])

    columns = {
        "id": draws.keys("txn_3", len(amount), 23),
        "amount": integers(amount),
        "currency": both("currency"),
        "fee": integers(fee),
        "net": integers(amount - fee),
        "type": when(amount > 0, "charge", "refund"),
        "source": both("id"),
        "created": both("created"),
    }
    return Table(columns, np.concatenate([charges.people[paid], refunds.people]))
