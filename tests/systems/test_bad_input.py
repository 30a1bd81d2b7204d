"""What is not as it should be: vendor-shaped errors, attempts captured, state unchanged."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.systems.engine import Engine
from understudy.systems.message import Request
from understudy.systems.routes import operations

REFUSED = [
    ("stripe.refunds.create", {"charge": "ch_none"}, 404, "resource_missing"),
    ("stripe.refunds.create", {"charge": "ch_0001", "amount": 999_999}, 400, "greater than"),
    ("stripe.refunds.create", {"charge": "ch_0001", "amount": -5}, 400, "greater than or equal"),
    ("stripe.refunds.create", {"charge": "ch_0001", "amount": "ten"}, 400, "Invalid integer"),
    ("stripe.refunds.create", {"charge": "ch_0001", "reason": "sorry"}, 400, "Invalid reason"),
    ("stripe.refunds.create", {"charge": "ch_0001", "amout": 5}, 400, "parameter_unknown"),
    ("stripe.refunds.create", {}, 400, "payment_intent or charge"),
    ("stripe.refunds.create", {"charge": "ch_2000"}, 400, "charge_not_refundable"),
    ("stripe.refunds.create", {"charge": "ch_2001"}, 400, "charge_disputed"),
    ("stripe.invoices.void", {"id": "in_paid"}, 400, "status is open or uncollectible"),
    ("stripe.invoices.send", {"id": "in_none"}, 404, "No such invoice"),
    ("stripe.credit_notes.create", {"invoice": "in_open", "amount": 10_001}, 400, "exceeds"),
    ("stripe.credit_notes.create", {"invoice": "in_paid", "amount": 5}, 400, "must equal"),
    ("stripe.credit_notes.create", {"invoice": "in_draft", "amount": 5}, 400, "open or paid"),
    ("stripe.subscriptions.cancel", {"id": "sub_old"}, 404, "resource_missing"),
    ("stripe.subscriptions.update", {"id": "sub_ada", "items": [{"price": "x"}]}, 400, "No such"),
    ("stripe.customers.update", {"id": "cus_ada", "email": "no"}, 400, "email_invalid"),
    ("hubspot.objects.update", {"object_type": "contacts", "id": "9", "properties": {}}, 404,
     "OBJECT_NOT_FOUND"),
    ("hubspot.objects.update",
     {"object_type": "contacts", "id": "101", "properties": {"lifecyclestage": "x"}}, 400,
     "INVALID_OPTION"),
    ("hubspot.objects.create", {"object_type": "spoons", "properties": {}}, 400, "Unable to infer"),
    ("hubspot.objects.create", {"object_type": "notes", "properties": {"hs_note_body": "x"}}, 400,
     "required properties"),
    ("hubspot.contacts.merge", {"primaryObjectId": "101", "objectIdToMerge": "101"}, 400, "same"),
    ("hubspot.contacts.merge", {"primaryObjectId": "101", "objectIdToMerge": "103"}, 400, "before"),
    ("zendesk.tickets.update", {"id": "2", "status": "open"}, 422, "closed prevents"),
    ("zendesk.tickets.public_reply", {"id": "2", "body": "Hi"}, 422, "closed prevents"),
    ("zendesk.tickets.update", {"id": "1", "status": "done"}, 422, "not included"),
    ("zendesk.tickets.update", {"id": "1", "assignee_id": "7001"}, 422, "not an agent"),
    ("zendesk.tickets.update", {"id": "99999"}, 404, "RecordNotFound"),
    ("zendesk.tickets.merge", {"id": "1", "ids": ["2"]}, 422, "closed prevents"),
    ("zendesk.users.update", {"id": "7001", "email": "bob@example.com"}, 422, "already being used"),
    ("desk.escalate", {"reason": " "}, 422, "reason"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "params", "status", "text"), REFUSED)
def test_a_refused_write_changes_nothing_and_is_captured(call, name, params, status, text):
    """The vendor's status and words, an attempt with that status, and no effect on state."""
    got, body = call(name, **params)
    assert got == status
    assert text in json.dumps(body)
    assert call.session.effect() == {}
    [action] = call.session.actions
    assert (action.operation, action.response_status, action.refused) == (name, status, True)


def test_over_refunding_in_steps_is_refused(call):
    """The rest shrinks with every refund, and a charge cannot be refunded twice."""
    assert call("stripe.refunds.create", charge="ch_0000", amount=4000)[0] == 200
    assert call("stripe.refunds.create", charge="ch_0000", amount=1001)[0] == 400
    assert call("stripe.refunds.create", charge="ch_0000")[0] == 200
    status, body = call("stripe.refunds.create", charge="ch_0000")
    assert (status, body["error"]["code"]) == (400, "charge_already_refunded")
    assert [a.amount_minor for a in call.session.actions] == [4000, 1001, 1000, 0]


def test_a_merged_contact_cannot_be_merged_again(call):
    """The second merge of the same pair finds one object where there were two."""
    pair = {"primaryObjectId": "101", "objectIdToMerge": "102"}
    assert call("hubspot.contacts.merge", **pair)[0] == 200
    assert call("hubspot.contacts.merge", **pair)[0] == 400


@pytest.mark.parametrize(
    ("system", "path"),
    [
        ("stripe", "/v1/teapots"),
        ("hubspot", "/crm/v3/teapots"),
        ("zendesk", "/api/v2/teapots.json"),
        ("desk", "/teapots"),
    ],
)
def test_an_unknown_route_is_loud(call, system, path):
    """No silent 200: an error in the vendor's shape, a coverage gap, and a captured attempt."""
    status, body = call.raw(system, "POST", path, b"")
    assert status == 404
    assert "error" in json.dumps(body)
    [gap] = call.session.gaps
    assert (gap.system, gap.method, gap.path, gap.reason) == (system, "POST", path, "route")
    assert call.last.operation == f"{system}.unserved"
    assert call.last.refused


@pytest.mark.parametrize(
    ("system", "path", "status"),
    [
        ("stripe", "/v1/charges/ch_0001", 404),
        ("hubspot", "/crm/v3/owners/51", 405),
        ("zendesk", "/api/v2/search.json", 405),
        ("desk", "/escalations", 405),
    ],
)
def test_a_wrong_method_is_refused_and_captured(call, system, path, status):
    """PUT where there is none: the vendor's answer, a gap that says method, an attempt."""
    assert call.raw(system, "PUT", path)[0] == status
    assert call.session.gaps[0].reason == "method"
    assert call.last.response_status == status


def test_missing_unknown_and_foreign_credentials(engine, call, caller_of):
    """401 in each vendor's words; with one case open the attempt is that case's."""
    for headers in ({}, {"authorization": "Bearer nope"}, {"authorization": "Basic !!!"}):
        made = Request("POST", "api.stripe.com", "/v1/refunds", "", headers, b"charge=ch_0001")
        assert engine.handle(made).status == 401
    token = call.session.credentials["hubspot"]["access_token"]
    made = Request(
        "DELETE", "acme.zendesk.com", "/api/v2/tickets/1", "", {"authorization": f"Bearer {token}"}
    )
    assert engine.handle(made).status == 401
    assert [a.response_status for a in call.session.actions] == [401] * 4
    assert call.last.operation == "zendesk.tickets.delete"
    assert call.session.effect() == {}
    caller_of("case-2")
    engine.handle(made)
    assert len(call.session.actions) == 4
    assert engine.strays[0].reason == "credential"


def test_a_closed_case_is_locked_out(engine, call):
    """The credentials of a closed case expire, and its record stays as it was."""
    call("stripe.refunds.create", charge="ch_0001")
    engine.close_case("case-1")
    assert call("stripe.refunds.create", charge="ch_0002")[0] == 401
    assert len(call.session.actions) == 1


def test_ids_of_other_cases_are_unknown(call, caller_of):
    """What one case made, another cannot even see."""
    other = caller_of("case-2")
    _, refund = call("stripe.refunds.create", charge="ch_0001")
    assert other("stripe.refunds.retrieve", id=refund["id"])[0] == 404
    assert other("stripe.charges.retrieve", id="ch_0001")[1]["amount_refunded"] == 0


@pytest.mark.parametrize(
    ("system", "method", "path", "kind"),
    [
        ("stripe", "POST", "/v1/refunds", "application/json"),
        ("hubspot", "PATCH", "/crm/v3/objects/contacts/101", "application/json"),
        ("zendesk", "PUT", "/api/v2/tickets/1.json", "application/json"),
        ("desk", "POST", "/escalations", "application/json"),
    ],
)
@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[1]", b'"x"', b"null", b"7"])
def test_a_body_that_is_not_what_it_says(call, system, method, path, kind, body):
    """Broken or misplaced JSON is a 4xx and an attempt, never a crash and never a write."""
    status, answer = call.raw(system, method, path, body, content_type=kind)
    assert 400 <= status < 500
    assert isinstance(answer, dict)
    assert call.session.effect() == {}
    assert call.last.response_status == status


def test_an_unmounted_host_is_an_error_of_the_caller(engine):
    """The engine answers its own hosts only."""
    assert not engine.serves("example.org")
    with pytest.raises(LookupError, match="no system"):
        engine.handle(Request("GET", "example.org", "/"))


KEYS = st.sampled_from(
    ["ticket", "comment", "body", "public", "properties", "inputs", "id", "ids", "tags", "user",
     "filterGroups", "filters", "propertyName", "operator", "value", "values", "sorts", "after",
     "limit", "associations", "to", "types", "primaryObjectId", "objectIdToMerge", "objectId",
     "amount", "email", "custom_fields", "requester", "message", "action", "reason", "metadata",
     "charge", "items", "invoice", "lines", "query", "expand", "created", "address", "evidence",
     "status", "requester_id", "text", "tickets", "page", "idProperty", "hs_timestamp"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
PATHS = {
    "id": ["101", "ch_0001", "cus_ada", "in_open", "sub_ada", "1", "7001", "dp_1", "x"],
    "object_type": ["contacts", "deals", "0-1", "spoons"], "to_object_type": ["companies"],
    "to_id": ["201"], "comment_id": ["8001"], "macro_id": ["9001"], "name": ["email"],
}  # fmt: skip


def _path(draw: Any, template: str) -> str:
    for name, values in PATHS.items():
        template = template.replace(f"{{{name}}}", quote(draw(st.sampled_from(values)), safe=""))
    return template


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_body_or_query_breaks_an_operation(world, data):
    """Any JSON or form gets an answer below 500, and a refusal has no effect."""
    engine = Engine(world)
    session = engine.open_case("fuzz")
    operation = data.draw(st.sampled_from(operations()))
    system = engine.systems[operation.system]
    given_body = data.draw(st.dictionaries(KEYS, JSON, max_size=4) | JSON)
    if operation.system == "stripe":
        from understudy.systems.stripe.form import encode

        text = encode(given_body) if isinstance(given_body, dict) else str(given_body)
        body = text.encode("utf-8", "replace")
    else:
        body = json.dumps(given_body).encode()
    in_query = operation.method in ("GET", "DELETE")
    made = Request(
        operation.method,
        system.base_url.partition("://")[2],
        _path(data.draw, operation.template),
        body.decode() if in_query else "",
        system.authorization(session.credentials[operation.system]),
        b"" if in_query else body,
    )
    response = engine.handle(made)
    assert response.status < 500
    if response.status >= 400:
        assert session.effect() == {}
        json.loads(response.body)
