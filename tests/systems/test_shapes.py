"""What is answered has the documented shape, over a messy world as over a tidy one."""

import json
from pathlib import Path

import pytest

from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.routes import operations
from understudy.systems.stripe.shapes import SHAPES as STRIPE
from understudy.world.profile import load_profile
from understudy.world.recipe import load_recipe
from understudy.world.store import load_world
from understudy.world.stream import build_world
from understudy.world.writer import Facts

LISTED = ("balance_transactions", "charges", "credit_notes", "customers", "disputes", "events",
          "invoices", "payment_intents", "prices", "products", "refunds",
          "subscriptions")  # fmt: skip
# How many members the objects have where they are used for work.
SIZES = {
    "customer": 22, "charge": 43, "payment_intent": 42, "refund": 18, "invoice": 75,
    "credit_note": 34, "subscription": 47, "dispute": 17, "event": 9,
}  # fmt: skip


@pytest.fixture(scope="module", params=["enterprise", "tidy"])
def generated(request, tmp_path_factory) -> World:
    """A generated world, messy or tidy."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    recipe = load_recipe("default", customers=80)
    build_world(folder / "world", Facts(3, recipe, load_profile(request.param)))
    return load_world(folder / "world")


@pytest.fixture
def over(generated, make_caller, shapes):
    """A caller over the generated world."""
    caller = make_caller(Engine(generated), "case-1")
    caller.shapes = shapes
    return caller


def _pages(over, operation, **params):
    """Every page of a Stripe or HubSpot list."""
    after: dict[str, str] = {}
    while True:
        status, page = over(operation, limit=100, **params, **after)
        assert status == 200
        yield page
        if page.get("has_more"):
            after = {"starting_after": page["data"][-1]["id"]}
        elif "paging" in page:
            after = {"after": page["paging"]["next"]["after"]}
        else:
            return


@pytest.mark.parametrize("table", LISTED)
def test_stripe_s_objects_are_of_production_size_and_nothing_else_leaks(over, table):
    """Every object has all members that Stripe sends, and none that only the world knows."""
    kind = table.removesuffix("s")
    known = set(STRIPE[kind]["properties"])
    for page in _pages(over, f"stripe.{table}.list"):
        for each in page["data"]:
            assert set(each) <= known
            assert len(each) >= SIZES.get(kind, 9)
            assert each["object"] == kind


def test_expanded_stripe_objects_have_their_shape(over):
    """Ids that were replaced by objects, and lists that were asked for."""
    expand = ["data.customer.subscriptions", "data.payment_intent.latest_charge", "data.refunds"]
    status, page = over("stripe.charges.list", limit=50, expand=expand)
    assert status == 200
    assert all(each["customer"]["object"] == "customer" for each in page["data"])
    status, found = over(
        "stripe.charges.search", query="created>0", expand=["data.payment_intent", "total_count"]
    )
    assert (status, found["object"]) == (200, "search_result")
    assert found["total_count"] >= len(found["data"])


@pytest.mark.parametrize("kind", ["contacts", "companies", "deals", "notes", "tasks"])
def test_hubspot_s_objects_have_their_shape(over, kind):
    """Properties are text or null, whatever mess is in them; histories and links too."""
    asked = {"properties": ["email", "amount", "hs_note_body"], "associations": ["contacts"],
             "propertiesWithHistory": ["email"]}  # fmt: skip
    ids = [
        each["id"]
        for page in _pages(over, "hubspot.objects.list", object_type=kind, **asked)
        for each in page["results"]
    ]
    over("hubspot.properties.list", object_type=kind)
    over("hubspot.pipelines.list", object_type=kind)
    for to in ("contacts", "companies", "deals"):
        over("hubspot.associations.list", object_type=kind, id=ids[0], to_object_type=to)
    inputs = [{"id": each} for each in [*ids[:20], "0"]]
    status, body = over("hubspot.objects.batch_read", object_type=kind, inputs=inputs)
    assert (status, body["numErrors"]) == (207, 1)


def test_zendesk_s_objects_have_their_shape(over):
    """Tickets with their comments and audits, users, organizations, macros and findings."""
    status, page = over("zendesk.tickets.list", **{"page[size]": 100})
    assert status == 200
    for each in page["tickets"]:
        over("zendesk.comments.list", id=each["id"])
    for number in (1, 2, 3):
        over("zendesk.users.list", page=number)
    macros = over("zendesk.macros.list")[1]["macros"]
    over("zendesk.macros.preview", id=page["tickets"][0]["id"], macro_id=macros[0]["id"])
    for kind in ("ticket", "user", "organization"):
        assert over("zendesk.search.list", query=f"type:{kind}")[1]["count"] > 0


def test_an_answer_that_is_wrong_is_seen(shapes, call):
    """The shapes mean something: members taken away, of another type or null are faults."""
    _, charge = call("stripe.charges.retrieve", id="ch_0001")
    name = "stripe.charges.retrieve"
    assert shapes.faults(name, 200, charge) == []
    for wrong in ({"amount": "5001"}, {"amount": 50.01}, {"amount": None}, {"status": "paid"},
                  {"currency": "EUR"}, {"metadata": None}, {"customer": 7}):  # fmt: skip
        assert shapes.faults(name, 200, {**charge, **wrong}) != []
    for member in set(charge) - {"refunds"}:
        less = {key: value for key, value in charge.items() if key != member}
        assert shapes.faults(name, 200, less) != []
    assert shapes.faults(name, 404, charge) != []
    assert shapes.faults(name, 202, charge) != []


def test_every_operation_says_what_it_answers():
    """Statuses below 400 each with a schema, or without a body where there is none."""
    for operation in operations():
        assert operation.answers, operation.name
        assert all(200 <= status < 300 for status in operation.answers)
        empty = [status for status, schema in operation.answers.items() if schema is None]
        assert empty in ([], [200], [204])
        json.dumps(operation.answers)
