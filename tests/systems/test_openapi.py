"""The OpenAPI export and the table of operations, both made from the route table."""

import json

import jsonschema
import pytest

from understudy.model.errors import ConfigurationError
from understudy.systems.calling import build_request, find_operation
from understudy.systems.catalogue import as_markdown, operations_table
from understudy.systems.openapi import openapi
from understudy.systems.operation import Operation, Reply
from understudy.systems.routes import KNOWN, mounted, operations
from understudy.systems.schema import INTEGER, STRING, params
from understudy.systems.system import System


def _described(document):
    for template, item in document["paths"].items():
        for method, operation in item.items():
            yield template, method, operation


def _schemas(operation):
    yield from (each["schema"] for each in operation["parameters"])
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield media["schema"]
    for response in operation["responses"].values():
        for media in response.get("content", {}).values():
            yield media["schema"]


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_the_document_is_whole(name):
    """Path parameters are those of the path, schemas are schemas, ids and names stand once."""
    document = json.loads(json.dumps(openapi(name)))
    assert document["openapi"] == "3.1.0"
    seen = []
    for template, method, operation in _described(document):
        named = {part[1:-1] for part in template.split("/") if part.startswith("{")}
        placed = [(each["in"], each["name"]) for each in operation["parameters"]]
        assert {key for place, key in placed if place == "path"} == named
        assert len(placed) == len(set(placed))
        assert method != "get" or "requestBody" not in operation
        assert set(operation["responses"]) <= {"200", "201", "204", "207", "default"}
        assert len(operation["responses"]) > 1
        for schema in _schemas(operation):
            jsonschema.Draft202012Validator.check_schema(schema)
        seen += [each["name"] for each in operation["x-operations"]]
    assert sorted(seen) == sorted(each.name for each in operations([name]))


CALLS = [
    ("stripe.refunds.create", {"charge": "ch_1", "amount": 5}),
    ("stripe.customers.update", {"id": "cus_1", "metadata": {"a": "b"}}),
    ("hubspot.objects.update", {"object_type": "deals", "id": "1", "properties": {"a": "b"}}),
    ("hubspot.associations.create_labelled", {
        "object_type": "deals", "id": "1", "to_object_type": "contacts", "to_id": "2",
        "types": [{"associationTypeId": 3}]}),
    ("zendesk.tickets.public_reply", {"id": "1", "body": "Hello", "status": "solved"}),
    ("zendesk.tickets.internal_note", {"id": "1", "body": "Hm"}),
    ("zendesk.tickets.update", {"id": "1", "tags": ["vip"]}),
    ("zendesk.tickets.update_many", {"ids": ["1", "2"], "status": "solved"}),
    ("desk.escalate", {"reason": "Too much"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given"), CALLS, ids=lambda each: str(each)[:40])
def test_a_call_is_as_documented(name, given):
    """The body that a client sends fits the document's schema, the query its parameters."""
    found = find_operation(name)
    system = mounted()[found.system]
    request = build_request(found, given, {}, mounted())
    described = openapi(system)["paths"][found.template][found.method.lower()]
    assert name in [each["name"] for each in described["x-operations"]]
    ((kind, media),) = described["requestBody"]["content"].items()
    assert request.headers["content-type"] == kind
    body = system.body(request)
    if found.system != "stripe":  # whose forms carry numbers as text
        jsonschema.validate(body, media["schema"])
    documented = {each["name"] for each in described["parameters"] if each["in"] == "query"}
    assert set(system.query(request)) == documented


def test_a_reply_needs_its_body():
    """A required parameter is required where it stands in the body, however deep."""
    put = openapi("zendesk")["paths"]["/api/v2/tickets/{id}"]["put"]
    schemas = put["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    fits = [jsonschema.Draft202012Validator(each).is_valid({"ticket": {}}) for each in schemas]
    assert [each["name"] for each in put["x-operations"]][fits.index(True)] == (
        "zendesk.tickets.update"
    )
    assert fits.count(True) == 1


@pytest.mark.parametrize(
    ("system", "name", "style"),
    [("stripe", "expand[]", True), ("hubspot", "properties", False)],
)
def test_lists_in_queries_are_the_vendor_s(system, name, style):
    """Stripe's lists come one by one in brackets, HubSpot's parted by commas."""
    found = [
        each
        for _, _, operation in _described(openapi(system))
        for each in operation["parameters"]
        if each["name"] == name and each["schema"]["type"] == "array"
    ]
    assert found
    assert {each["explode"] for each in found} == {style}


class Warehouse(System):
    name = "warehouse"
    host = "warehouse.example"
    operations = (
        Operation(
            name="warehouse.parts.get", system="warehouse", method="GET", template="/parts/{id}",
            description="Get a part.", params=params("id", id=STRING, depth=INTEGER),
            handler=lambda call: Reply(200, {}),
        ),
    )  # fmt: skip


def test_a_system_of_one_s_own_is_exported():
    """A user's system has a document like any other."""
    document = openapi(Warehouse())
    assert document["servers"] == [{"url": "https://warehouse.example"}]
    (parameters,) = [each["parameters"] for _, _, each in _described(document)]
    assert [(each["name"], each["in"]) for each in parameters] == [
        ("id", "path"), ("depth", "query"),
    ]  # fmt: skip


def test_an_unknown_system_is_refused():
    """With the names that are known."""
    with pytest.raises(ConfigurationError, match="did you mean `stripe`"):
        openapi("stripes")


def test_the_table_has_every_operation():
    """One row an operation, by system and name, and the same in Markdown."""
    rows = operations_table()
    assert [row.operation for row in rows] == sorted(each.name for each in operations())
    by_name = {row.operation: row for row in rows}
    assert by_name["zendesk.tickets.public_reply"].exposure == "customer sees it"
    assert by_name["hubspot.objects.archive"].exposure == "money, destructive"
    assert by_name["stripe.charges.retrieve"][3:] == ("read_only", "read", "-", "-")
    lines = as_markdown(rows).splitlines()
    assert len(lines) == len(rows) + 2
    assert {line.count("|") for line in lines} == {8}
