"""What a company has defined itself, through clients: custom objects, fields and metadata."""

import contextlib

import httpx
import pytest

from understudy.doors.loopback import serving
from understudy.doors.transports import installed
from understudy.model.system_settings import SystemSettings
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.equipment import equipped

SETTINGS = SystemSettings.model_validate({
    "version": 1,
    "hubspot": {
        "objects": [{
            "type_id": "2-3465404", "name": "car", "plural": "Cars", "full_name": "p123_car",
            "required": ["model"], "searchable": ["model", "vin"],
            "properties": [
                {"name": "model"}, {"name": "vin", "unique": True},
                {"name": "condition", "type": "enumeration",
                 "options": [{"value": "new"}, {"value": "used"}]},
            ],
        }],
        "properties": {"contacts": [
            {"name": "loyalty", "type": "enumeration", "options": [{"value": "gold"}]},
        ]},
    },
    "zendesk": {"ticket_fields": [
        {"id": 31, "title": "Product", "type": "tagger", "options": [{"value": "pump"}]},
        {"id": 32, "title": "Seats", "type": "integer"},
    ]},
})  # fmt: skip
REFUSED = [
    ({"vin": "V9"}, "required properties"),
    ({"model": "T", "vin": "V1"}, "CONFLICTING_UNIQUE_VALUE"),
    ({"model": "T", "condition": "lost"}, "INVALID_OPTION"),
    ({"model": "T", "wheels": "4"}, "PROPERTY_DOESNT_EXIST"),
]
NAMES = ("car", "p_car", "p123_car", "2-3465404")


@contextlib.contextmanager
def _vendors(engine):
    with installed(engine):
        yield {}


@contextlib.contextmanager
def _loopback(engine):
    with serving(engine, {name: each.base_url for name, each in engine.systems.items()}) as urls:
        yield urls


def _cars(client):
    """A custom object by each of its names: made, found, joined, refused."""
    from hubspot.crm.objects import (
        ApiException,
        PublicObjectSearchRequest,
        SimplePublicObjectInput,
        SimplePublicObjectInputForCreate,
    )

    objects = client.crm.objects
    made = []
    for number, name in enumerate(NAMES):
        given = {"model": f"T{number}", "vin": f"V{number}", "condition": "new"}
        fresh = SimplePublicObjectInputForCreate(properties=given)
        made.append(objects.basic_api.create(name, fresh).id)
    assert sorted(each.id for each in objects.basic_api.get_page("car").results) == sorted(made)
    found = objects.basic_api.get_by_id("car", "V2", id_property="vin", properties=["model"])
    assert (found.id, found.properties["model"]) == (made[2], "T2")
    for words in ("v3", "t3"):
        asked = PublicObjectSearchRequest(query=words, properties=["vin"])
        assert [each.id for each in objects.search_api.do_search("car", asked).results] == [made[3]]
    changed = SimplePublicObjectInput(properties={"condition": "used"})
    assert objects.basic_api.update("car", made[0], changed).properties["condition"] == "used"
    links = client.crm.associations.v4.basic_api
    links.create_default("car", made[0], "contacts", "101")
    joined = links.get_page("contacts", "101", "p_car").results
    assert [str(each.to_object_id) for each in joined] == [made[0]]
    for given, said in REFUSED:
        fresh = SimplePublicObjectInputForCreate(properties=given)
        with pytest.raises(ApiException, match=said):
            objects.basic_api.create("car", fresh)
    changed = SimplePublicObjectInput(properties={"loyalty": "iron"})
    with pytest.raises(ApiException, match="INVALID_OPTION"):
        objects.basic_api.update("contacts", "101", changed)


def _metadata(v1):
    """Stripe's own way: anything, joined with what was there, and searched."""
    v1.customers.update("cus_ada", {"metadata": {"order": "6735"}})
    found = v1.customers.search({"query": "metadata['order']:'6735'"}).data[0]
    assert found.metadata.to_dict() == {"crm_contact_id": "101", "order": "6735"}
    v1.customers.update("cus_ada", {"metadata": {"order": ""}})
    assert "order" not in v1.customers.retrieve("cus_ada").metadata


def _fields(api):
    """A ticket's own fields: shown, tagged, searched, refused."""
    titles = [each["title"] for each in api.get("/ticket_fields.json").json()["ticket_fields"]]
    assert (titles[0], titles[-2:]) == ("Subject", ["Product", "Seats"])
    fields = [{"id": 31, "value": "pump"}, {"id": 32, "value": 5}]
    ticket = {"comment": {"body": "Help"}, "custom_fields": fields}
    made = api.post("/tickets.json", json={"ticket": ticket}).json()["ticket"]
    assert made["custom_fields"] == fields
    assert made["tags"] == ["pump"]
    for query in ("custom_field_31:pump", "fieldvalue:pump", "fieldvalue:5", "tags:pump"):
        found = api.get("/search.json", params={"query": query}).json()["results"]
        assert [each["id"] for each in found] == [made["id"]], query
    for wrong in ({"id": 31, "value": "boat"}, {"id": 32, "value": "five"}):
        url = f"/tickets/{made['id']}.json"
        assert api.put(url, json={"ticket": {"custom_fields": [wrong]}}).status_code == 422


def _worked(world, door):
    """All of it through the vendors' clients: what was captured, and the state it left."""
    import hubspot
    import stripe

    engine = Engine(equipped(world, SETTINGS), seed=7)
    session = engine.open_case("own")
    keys = session.credentials
    with door(engine) as urls:
        where = {"host": urls["hubspot"]} if urls else {}
        _cars(
            hubspot.Client.create(
                access_token=keys["hubspot"]["access_token"], retry=False, **where
            )
        )
        bases = {"base_addresses": {"api": urls["stripe"]}} if urls else {}
        _metadata(stripe.StripeClient(keys["stripe"]["api_key"], **bases).v1)
        base = urls.get("zendesk", engine.systems["zendesk"].base_url)
        own = engine.systems["zendesk"].authorization(keys["zendesk"])
        with httpx.Client(base_url=f"{base}/api/v2", headers=own, trust_env=False) as api:
            _fields(api)
    assert session.gaps == []
    return [(each.operation, each.target, each.response_status) for each in session.actions], (
        session.overlay.digest()
    )


def test_an_account_may_be_live(world):
    """Keys begin as production's do, and no object in any answer is of the test mode."""
    import stripe

    live = SystemSettings.model_validate({"version": 1, "stripe": {"mode": "live"}})
    engine = Engine(equipped(world, live), seed=7)
    key = engine.open_case("live").credentials["stripe"]["api_key"]
    assert key.startswith("sk_live_51")
    with installed(engine):
        v1 = stripe.StripeClient(key).v1
        asked = [v1.charges.retrieve("ch_0001", {"expand": ["customer"]}) for _ in range(3)]
        found = [*asked, *v1.subscriptions.list().data, v1.refunds.create({"charge": "ch_0001"})]
    assert [each.livemode for each in asked] == [True] * 3
    assert all('"livemode": false' not in str(each) for each in found)
    assert Engine(world).open_case("test").credentials["stripe"]["api_key"].startswith("sk_test_")


def test_an_account_has_a_currency_of_its_own(world):
    """Who was never billed is billed in it; without a setting in the world's, else in dollars."""
    import stripe

    told = {"version": 1, "stripe": {"currency": "eur", "mode": "live"}}
    own = equipped(world, SystemSettings.model_validate(told))
    account = {"id": "acct_1", "object": "account", "default_currency": "gbp", "country": "GB"}
    exported = World({"stripe.account": {"acct_1": account}}, now=world.now)
    live = SystemSettings.model_validate({"version": 1, "stripe": {"mode": "live"}})
    both = equipped(exported, live)
    for held, currency in ((own, "eur"), (exported, "gbp"), (both, "gbp"), (world, "usd")):
        engine = Engine(held, seed=7)
        with installed(engine):
            v1 = stripe.StripeClient(engine.open_case("a").credentials["stripe"]["api_key"]).v1
            customer = v1.customers.create({"email": "new@example.com"})
            assert v1.invoices.create({"customer": customer.id}).currency == currency
    with pytest.raises(ValueError, match="pattern"):
        SystemSettings.model_validate({"version": 1, "stripe": {"currency": "EUR "}})


def test_what_a_company_defined_itself_works_like_the_rest(world):
    """In-process and over loopback alike: the same actions, the same state."""
    assert _worked(world, _vendors) == _worked(world, _loopback)
