"""Payment methods: what customers pay by, attached to them and taken off again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from understudy.model.action import ActionClass, Effect
from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.schema import OBJECT, STRING, params
from understudy.systems.session import CaseSession
from understudy.systems.stripe import fields
from understudy.systems.stripe.errors import invalid, missing
from understudy.systems.stripe.expand import Expansion, present
from understudy.systems.stripe.listing import list_reply
from understudy.systems.stripe.reads import EXPAND, PAGING, answer, list_of, retrieve
from understudy.systems.stripe.trial_cards import (
    card_given,
    is_trial,
    refuse_attaching,
    trial_card,
)
from understudy.systems.stripe.writes import APPROVED, write

__all__ = ["OPERATIONS", "attach", "made_of", "refuse_anothers", "refuse_unknown"]

_TABLE = "stripe.payment_methods"
# docs.stripe.com/api/payment_methods/list: what may be asked for, whatever there is.
_TYPES = (
    "acss_debit", "affirm", "afterpay_clearpay", "alipay", "alma", "amazon_pay", "au_becs_debit",
    "bacs_debit", "bancontact", "billie", "blik", "boleto", "card", "card_present", "cashapp",
    "crypto", "custom", "customer_balance", "eps", "fpx", "giropay", "grabpay", "ideal",
    "interac_present", "kakao_pay", "klarna", "konbini", "kr_card", "link", "mb_way", "mobilepay",
    "multibanco", "naver_pay", "nz_bank_account", "oxxo", "p24", "pay_by_bank", "payco", "paynow",
    "paypal", "paypay", "payto", "pix", "promptpay", "revolut_pay", "samsung_pay", "satispay",
    "sepa_debit", "sofort", "sunbit", "swish", "twint", "upi", "us_bank_account", "wechat_pay",
    "zip",
)  # fmt: skip


def find_method(session: CaseSession, method: str) -> Row | None:
    """A payment method that is there, or by which something was or is to be paid.

    Where a row names none, its charge shows one that follows from the charge's own id.
    """
    overlay = session.overlay
    known = overlay.get(_TABLE, method)
    if known is not None:
        return known
    for table, prefix in (("charges", "ch"), ("payment_intents", "pi")):
        by_id = overlay.get(f"stripe.{table}", f"{prefix}_{method[3:]}")
        found = [by_id] if by_id else overlay.find(f"stripe.{table}", "payment_method", method)
        if found:
            return _of(method, found[0])
    return next((_of(method, each) for each in _usual(session, method)), None)


def _usual(session: CaseSession, method: str) -> Iterator[Row]:
    """What is to be paid by a method: invoices, subscriptions, and whatever a customer owes."""
    for table in ("invoices", "subscriptions"):
        yield from session.overlay.find(f"stripe.{table}", "default_payment_method", method)
    for row in session.overlay.rows("stripe.customers"):
        settings = row.get("invoice_settings") or {}
        if settings.get("default_payment_method") == method:
            yield {"customer": row["id"]}


def refuse_unknown(session: CaseSession, method: str | None, param: str) -> None:
    """The 400 of a method that nothing in the account names, and that no test has."""
    if method and not is_trial(method) and find_method(session, method) is None:
        message = f"No such PaymentMethod: '{method}'"
        raise invalid(message, param=param, code="resource_missing")


def refuse_anothers(session: CaseSession, method: str | None, customer: str | None) -> None:
    """The 400 of paying by what is attached to somebody else."""
    row = session.overlay.get(_TABLE, method) if method else None
    owner = row.get("customer") if row else None
    if owner is None or owner == customer:
        return
    message = (
        f"The payment method supplied ({method}) belongs to the Customer {owner}. Please include"
        " the Customer in the `customer` parameter on the PaymentIntent."
        if customer is None
        else f"The customer does not have a payment method with the ID {method}. The payment"
        " method must be attached to the customer."
    )
    raise invalid(message, param="payment_method", code="resource_missing" if customer else None)


def _of(method: str, paid: Row) -> Row:
    return {"id": method, "customer": paid.get("customer"), "created": paid.get("created", 0)}


def _required(session: CaseSession, method: str) -> Row:
    row = find_method(session, method)
    if row is None:
        message = f"No such PaymentMethod: '{method}'"
        raise invalid(message, param="payment_method", code="resource_missing", status=404)
    return row


def _retrieve(call: Call) -> Reply:
    row = _required(call.session, call.path.get("method_id", call.path["id"]))
    # Never kept bytes: what was paid by one can change under it, and its own row is not touched.
    expansion = Expansion.of(call) or Expansion({})
    return Reply(200, present(call.session, "payment_methods", row, expansion))


def _list_of_customer(call: Call) -> Reply:
    customer = fields.require(call, "customers", call.path["id"])["id"]
    url = f"/v1/customers/{customer}/payment_methods"
    fields.one_of(fields.params(call), "type", _TYPES)
    return list_reply(
        call, "payment_methods", url, ("type",), lambda row: row.get("customer") == customer
    )


def _made(session: CaseSession, customer: str | None, **other: Any) -> Row:
    row = {
        "id": f"pm_1{session.letters('payment_method', 23)}", "type": "card",
        "customer": customer, "created": session.clock.seconds, **other,
    }  # fmt: skip
    return session.overlay.put(_TABLE, row)


def made_of(session: CaseSession, given: dict[str, Any]) -> str | None:
    """The id of a method made of the `payment_method_data` of these parameters, if there is any."""
    data = fields.nested(given, "payment_method_data")
    if not data:
        return None
    kind = fields.one_of(data, "type", _TYPES, "payment_method_data[type]")
    if kind is None:
        raise missing("payment_method_data[type]")
    if kind != "card":
        return str(_made(session, None, type=kind)["id"])
    card = fields.nested(data, "card")
    if not card:
        raise missing("payment_method_data[card]")
    return str(_made(session, None, card=card_given(card, session.now.date()))["id"])


def _create(call: Call) -> Reply:
    given = fields.params(call)
    if fields.one_of(given, "type", ("card",)) is None:
        raise missing("type")
    if not isinstance(given.get("card"), dict):
        raise missing("card")
    card = card_given(given["card"], call.session.now.date())
    row = _made(call.session, None, card=card, **fields.merged_metadata({}, given))
    return answer(call, "payment_methods", row, created=(_TABLE, row["id"]))


def attach(session: CaseSession, method: str, customer: str) -> Row:
    """Attach a method to a customer; of a trial name, which stands for many, a new one is made."""
    if is_trial(method):
        card = trial_card(method)
        refuse_attaching(card)
        return _made(session, customer, card=card)
    known = _required(session, method)
    refuse_attaching(known.get("card"))
    # Of one that was only paid by, the customer is whom it was paid for: it is attached to nobody.
    attached = session.overlay.get(_TABLE, method) is not None
    if attached and known.get("customer") not in (None, customer):
        raise invalid("The payment method you provided has already been attached to a customer.")
    return session.overlay.put(_TABLE, {**known, "customer": customer})


def _attach(call: Call) -> Reply:
    session, method = call.session, call.path["id"]
    named = fields.required(fields.params(call), "customer")
    customer = fields.require(call, "customers", named, "customer")["id"]
    row = attach(session, method, customer)
    made = (_TABLE, row["id"]) if row["id"] != method else None
    return answer(call, "payment_methods", row, created=made)


def _detach(call: Call) -> Reply:
    row = _required(call.session, call.path["id"])
    if row.get("customer") is None:
        raise invalid("The payment method you provided is not attached to a customer.")
    row = call.session.overlay.put(_TABLE, {**row, "customer": None})
    return answer(call, "payment_methods", row)


OPERATIONS = (
    list_of("payment_methods", "payment method", ("customer",), words={"type": _TYPES}),
    replace(
        list_of("payment_methods", "payment method"),
        name="stripe.payment_methods.list_of_customer",
        template="/v1/customers/{id}/payment_methods", handler=_list_of_customer,
        description="List what a customer pays by.",
        params=params("id", id=STRING, type=STRING, created=OBJECT, **PAGING),
        accepts=frozenset(("allow_redisplay",)),
    ),
    replace(retrieve("payment_methods", "payment method"), handler=_retrieve),
    replace(
        retrieve("payment_methods", "payment method"), handler=_retrieve,
        name="stripe.payment_methods.retrieve_of_customer",
        template="/v1/customers/{id}/payment_methods/{method_id}",
        params=params("id method_id", id=STRING, method_id=STRING, expand=EXPAND),
    ),
    write(
        "payment_methods.create", "/v1/payment_methods", "payment_method",
        "Make a payment method of a card; it belongs to nobody yet.",
        _create,
        params("type card", type=STRING, card=OBJECT, metadata=OBJECT, expand=EXPAND),
        effect=Effect.DRAFT, action_class=ActionClass.DRAFT_ONLY,
        accepts=frozenset(("allow_redisplay", "billing_details", "customer", "payment_method")),
    ),
    write(
        "payment_methods.attach", "/v1/payment_methods/{id}/attach", "payment_method",
        "Attach a payment method to a customer.",
        _attach,
        params("id customer", id=STRING, customer=STRING, expand=EXPAND),
        reversible_by="stripe.payment_methods.detach", **APPROVED,
    ),
    write(
        "payment_methods.detach", "/v1/payment_methods/{id}/detach", "payment_method",
        "Take a payment method off its customer.",
        _detach,
        params("id", id=STRING, expand=EXPAND),
        reversible_by="stripe.payment_methods.attach", **APPROVED,
    ),
)  # fmt: skip
