"""What a write becomes: class, target, amount, effect, before and after."""

import pytest

from understudy.model.action import ActionClass, AmountSource, Effect, Target
from understudy.systems.routes import operations


def test_a_refund_without_amount_is_the_full_remainder(call):
    """The exposure is resolved when the write is made, and says that it was not named."""
    call("stripe.refunds.create", charge="ch_0010", amount=1000)
    call("stripe.refunds.create", charge="ch_0010")
    first, second = call.session.actions
    assert (first.amount_minor, first.amount_source) == (1000, AmountSource.EXPLICIT)
    assert (second.amount_minor, second.amount_source) == (4010, AmountSource.DEFAULTED_FULL)
    assert second.currency == "EUR"
    assert second.fields == {"charge": "ch_0010", "amount": 4010}
    assert second.target == Target(type="charge", id="ch_0010")
    assert second.effect is Effect.PAY
    assert second.action_class is ActionClass.APPROVAL_REQUIRED
    assert second.before == {"amount_refunded": 1000, "refunded": False}
    assert second.after == {"amount_refunded": 5010, "refunded": True}


def test_charge_and_payment_intent_name_the_same_target(call):
    """Who refunds over the payment intent means its charge."""
    call("stripe.refunds.create", payment_intent="pi_0001", amount=1)
    call("stripe.refunds.create", charge="ch_0001", amount=1)
    one, other = call.session.actions
    assert one.target == other.target
    assert one.fields == other.fields


CLASSES = [
    ("stripe.customers.update", {"id": "cus_ada", "metadata": {"a": "b"}}, "automated", "write"),
    ("stripe.customers.update", {"id": "cus_ada", "email": "n@x.example"}, "approval_required",
     "write"),
    ("stripe.subscriptions.update", {"id": "sub_ada", "metadata": {"a": "b"}}, "automated",
     "write"),
    ("stripe.subscriptions.update", {"id": "sub_ada", "items": [{"id": "si_1", "quantity": 3}]},
     "approval_required", "write"),
    ("stripe.disputes.update", {"id": "dp_1", "evidence": {"receipt": "f"}}, "draft_only", "draft"),
    ("stripe.disputes.update", {"id": "dp_1", "submit": True}, "approval_required", "send"),
    ("stripe.invoices.send", {"id": "in_open"}, "approval_required", "send"),
    ("stripe.invoices.void", {"id": "in_open"}, "approval_required", "delete"),
    ("hubspot.objects.update",
     {"object_type": "contacts", "id": "101", "properties": {"phone": "1"}}, "automated", "write"),
    ("hubspot.objects.update",
     {"object_type": "contacts", "id": "101", "properties": {"email": "z@x.example"}},
     "approval_required", "write"),
    ("hubspot.objects.update",
     {"object_type": "deals", "id": "301", "properties": {"dealstage": "closedwon"}},
     "approval_required", "write"),
    ("hubspot.objects.create",
     {"object_type": "notes", "properties": {"hs_note_body": "n", "hs_timestamp": "1"}},
     "draft_only", "draft"),
    ("hubspot.objects.archive", {"object_type": "contacts", "id": "101"}, "approval_required",
     "delete"),
    ("hubspot.objects.batch_update",
     {"object_type": "contacts",
      "inputs": [{"id": str(1000 + n), "properties": {"city": "x"}} for n in range(11)]},
     "approval_required", "write"),
    ("zendesk.tickets.internal_note", {"id": "1", "body": "n"}, "draft_only", "draft"),
    ("zendesk.tickets.public_reply", {"id": "1", "body": "n"}, "approval_required", "send"),
    ("zendesk.tickets.update", {"id": "1", "priority": "high"}, "automated", "write"),
    ("zendesk.tickets.update", {"id": "1", "status": "closed"}, "approval_required", "write"),
    ("zendesk.tags.add", {"id": "1", "tags": ["vip"]}, "automated", "write"),
    ("desk.escalate", {"reason": "unsure"}, "automated", "send"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "params", "action_class", "effect"), CLASSES)
def test_class_and_effect_follow_operation_and_body(call, name, params, action_class, effect):
    """One path can be harmless or grave; the body decides."""
    status, _ = call(name, **params)
    assert status < 300
    action = call.last
    assert (action.operation, action.action_class, action.effect) == (name, action_class, effect)


AMOUNTS = [
    ("stripe.invoices.void", {"id": "in_open"}, 10_000, "EUR", "derived"),
    ("stripe.credit_notes.create", {"invoice": "in_open", "amount": 700}, 700, "EUR", "explicit"),
    ("stripe.credit_notes.create",
     {"invoice": "in_open", "lines": [{"type": "invoice_line_item", "invoice_line_item": "il_1"}]},
     10_000, "EUR", "derived"),
    ("stripe.subscriptions.cancel", {"id": "sub_ada"}, 9800, "EUR", "derived"),
    ("stripe.subscriptions.update",
     {"id": "sub_ada", "items": [{"id": "si_1", "price": "price_basic", "quantity": 2}]}, 6000,
     "EUR", "derived"),
    ("stripe.subscriptions.update",
     {"id": "sub_ada", "items": [{"price": "price_basic", "quantity": 2}]}, 3800, "EUR", "derived"),
    ("stripe.customer_balance.create", {"id": "cus_ada", "amount": -500, "currency": "eur"}, -500,
     "EUR", "explicit"),
    ("stripe.disputes.close", {"id": "dp_1"}, 7001, "EUR", "derived"),
    ("stripe.payment_intents.capture", {"id": "pi_held"}, 900, "EUR", "defaulted_full"),
    ("stripe.refunds.create", {"charge": "ch_2002"}, 700, "JPY", "defaulted_full"),
    ("hubspot.objects.update",
     {"object_type": "deals", "id": "301", "properties": {"amount": "99.90"}}, 9990, "EUR",
     "explicit"),
    ("hubspot.objects.archive", {"object_type": "deals", "id": "301"}, 120_050, "EUR", "derived"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "params", "minor", "currency", "source"), AMOUNTS)
def test_what_is_at_stake(call, name, params, minor, currency, source):
    """Amounts are minor units of the object's own currency, with where they came from."""
    status, body = call(name, **params)
    assert status < 300, body
    action = call.last
    assert (action.amount_minor, action.currency, action.amount_source) == (minor, currency, source)


def test_reads_are_counted_and_never_captured(call):
    """A search by POST and a macro preview by GET are reads."""
    call("hubspot.objects.search", object_type="contacts")
    status, body = call("zendesk.macros.preview", id="1", macro_id="9001")
    assert (status, body["result"]["ticket"]["status"]) == (200, "solved")
    assert body["result"]["ticket"]["comment"]["body"] == "Bye from #1"
    assert call.session.actions == []
    assert call.session.reads == {"hubspot.objects.search": 1, "zendesk.macros.preview": 1}
    assert call.session.effect() == {}


def test_an_approval_is_carried_by_the_write_that_names_it(call):
    """The reference may stand anywhere in the request; one that was never given is not taken."""
    _, approval = call("desk.approvals.create", action={"operation": "stripe.refunds.create"})
    assert approval["status"] == "pending"
    reference = {"approval": approval["id"]}
    call("stripe.refunds.create", charge="ch_0001", metadata=reference)
    assert call.last.approval_ref == approval["id"]
    call("stripe.refunds.create", charge="ch_0002", metadata={"approval": "apr_" + "x" * 24})
    assert call.last.approval_ref is None
    made = {"x-approval-id": approval["id"]}
    call.send("stripe.refunds.create", made, charge="ch_0003")
    assert call.last.approval_ref == approval["id"]


@pytest.mark.parametrize("asked", [{"asked": "may I go on?"}, {"operation": ""}, {"target": "x"}])
def test_an_approval_that_names_no_call_stands_for_none(call, asked):
    """Whatever was decided: who says yes to a question has not seen the write."""
    call.session.reviewer = lambda session, row: {"status": "approved"}
    _, approval = call("desk.approvals.create", action=asked)
    assert approval["status"] == "approved"
    call("stripe.refunds.create", charge="ch_0001", metadata={"approval": approval["id"]})
    assert call.last.approval_ref is None


def test_a_reviewer_answers_at_the_desk(call):
    """The simulated reviewer sees what is asked and decides."""
    call.session.reviewer = lambda session, row: {"status": "rejected", "note": row["reason"]}
    _, approval = call("desk.approvals.create", action="refund", reason="angry customer")
    assert call("desk.approvals.get", id=approval["id"])[1]["status"] == "rejected"
    assert call("desk.approvals.get", id="apr_none")[0] == 404


def test_every_write_says_how_it_is_undone_or_that_it_is_not():
    """The table names known operations only, and reads declare nothing that writes declare."""
    names = {each.name for each in operations()}
    assert len(names) == len(operations())
    for each in operations():
        if each.reversible_by is not None:
            assert each.reversible_by in names
        if not each.writes:
            assert each.action_class is ActionClass.READ_ONLY
            assert (each.target, each.amount, each.reversible_by) == (None, None, None)
        else:
            assert each.action_class is not ActionClass.READ_ONLY
            assert each.target is not None


def test_the_case_s_effect_is_what_it_changed(call):
    """Accepted writes only, by table, id and field, as before and after."""
    call("zendesk.tickets.update", id="1", priority="high", tags=["billing", "vip"])
    call("zendesk.tickets.update", id="2", priority="high")
    effect = call.session.effect()
    assert set(effect) == {("zendesk.tickets", "1")}
    changed = effect["zendesk.tickets", "1"]
    assert changed["priority"] == ("normal", "high")
    assert changed["tags"] == (["billing"], ["billing", "vip"])
