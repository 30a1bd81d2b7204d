"""HubSpot's own client where a deal cannot go: pipelines, stages, owners and dates of nobody."""

import contextlib
import json
from datetime import UTC, datetime

import hubspot
import msgspec
import pytest
from hubspot.crm.deals import ApiException

from understudy.doors.loopback import serving
from understudy.doors.transports import installed
from understudy.model.system_settings import SystemSettings
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.equipment import equipped
from understudy.systems.laid_over import furnished
from understudy.world.versions import TimedWorld, Version

STAGES = (
    "appointmentscheduled, qualifiedtobuy, presentationscheduled, decisionmakerboughtin,"
    " contractsent, closedwon, closedlost"
)
WRONG = [
    ({"dealstage": "nope"}, "INVALID_OPTION",
     f"nope was not one of the allowed options: [{STAGES}]"),
    ({"dealstage": "Closed Won"}, "INVALID_OPTION",
     f"Closed Won was not one of the allowed options: [{STAGES}]"),
    ({"pipeline": "nope"}, "INVALID_OPTION",
     "nope was not one of the allowed options: [default]"),
    ({"pipeline": "nope", "dealstage": "closedwon"}, "INVALID_OPTION",
     "nope was not one of the allowed options: [default]"),
    ({"hubspot_owner_id": "999"}, "INVALID_OWNER_ID", "999 was not a valid owner ID."),
    ({"hubspot_owner_id": "Eve"}, "INVALID_INTEGER",
     "Eve was not a valid integer (for owner ID)."),
    ({"closedate": "soon"}, "INVALID_LONG", "soon was not a valid long."),
    ({"amount": "much"}, "INVALID_NUMBER", "much was not a valid number."),
    ({"teapot": "1"}, "PROPERTY_DOESNT_EXIST", 'Property "teapot" does not exist'),
    ({"createdate": "2026-01-01"}, "READ_ONLY_VALUE", "createdate is a read only property"),
]  # fmt: skip


@contextlib.contextmanager
def _vendors(engine, token):
    with installed(engine):
        yield hubspot.HubSpot(access_token=token)


@contextlib.contextmanager
def _loopback(engine, token):
    with serving(engine, {"hubspot": engine.systems["hubspot"].base_url}) as urls:
        yield hubspot.HubSpot(access_token=token, host=urls["hubspot"])


def _told(refused):
    """What is wrong with each property, by its name."""
    body = json.loads(refused.value.body)
    assert (refused.value.status, body["category"]) == (400, "VALIDATION_ERROR")
    listed = json.loads(body["message"].removeprefix("Property values were not valid: "))
    return {each["name"]: (each["error"], each["message"]) for each in listed}


@pytest.mark.parametrize("door", [_vendors, _loopback], ids=["in_process", "loopback"])
def test_hubspot_refuses_places_and_owners_of_nobody(world, door):
    """Made or changed, without any settings: HubSpot's error for each, and nothing written."""
    engine = Engine(world, seed=7)
    session = engine.open_case("case-1")
    with door(engine, session.credentials["hubspot"]["access_token"]) as client:
        api = client.crm.deals.basic_api
        for given, error, message in WRONG:
            name = next(iter(given))
            for attempt in (
                lambda given=given: api.create({"properties": {"dealname": "New", **given}}),
                lambda given=given: api.update("301", {"properties": given}),
            ):
                with pytest.raises(ApiException) as refused:
                    attempt()
                assert _told(refused) == {name: (error, message)}
        both = {"dealstage": "nope", "hubspot_owner_id": "999", "teapot": "1"}
        with pytest.raises(ApiException) as refused:
            api.update("301", {"properties": both})
        assert set(_told(refused)) == set(both)
        assert session.effect() == {}
        right = {"pipeline": "default", "dealstage": "closedwon", "hubspot_owner_id": "51"}
        moved = api.update("301", {"properties": right}).properties
        assert {name: moved[name] for name in right} == right
        cleared = api.update("301", {"properties": {"hubspot_owner_id": "", "closedate": ""}})
        assert cleared.properties["hubspot_owner_id"] is None


def test_a_stage_is_one_of_its_pipeline(make_caller, world):
    """By settings: a stage of another pipeline is refused until the deal is moved there with it."""
    told = {
        "version": 1,
        "hubspot": {
            "pipelines": {
                "deals": [
                    {"id": "default", "stages": [{"id": "contractsent"}, {"id": "closedwon"}]},
                    {"id": "renewals", "stages": [{"id": "due"}, {"id": "renewed"}]},
                ]
            }
        },
    }
    given = make_caller(Engine(equipped(world, SystemSettings.model_validate(told))), "own")
    change = {"object_type": "deals", "id": "301"}
    status, body = given("hubspot.objects.update", properties={"dealstage": "due"}, **change)
    assert (status, "[contractsent, closedwon]" in body["message"]) == (400, True)
    pair = {"pipeline": "renewals", "dealstage": "closedwon"}
    assert given("hubspot.objects.update", properties=pair, **change)[0] == 400
    pair = {"pipeline": "renewals", "dealstage": "due"}
    assert given("hubspot.objects.update", properties=pair, **change)[0] == 200
    alone = {"dealstage": "renewed"}
    assert given("hubspot.objects.update", properties=alone, **change)[0] == 200
    for stage, status in (("closedwon", 201), ("due", 400)):
        made = {"dealname": "New", "dealstage": stage}
        answer = given("hubspot.objects.create", object_type="deals", properties=made)
        assert answer[0] == status


def test_what_a_company_s_objects_ever_held_is_taken(make_caller):
    """Without settings a recording's later stages and owners are the account's as well."""

    def version(since, **row):
        return Version(
            table="hubspot.deals", id="1", since=since, row=msgspec.Raw(json.dumps(row).encode())
        )

    first = version(None, id="1", pipeline="77", dealstage="s1", hubspot_owner_id="5")
    later = version(2_000_000, id="1", pipeline="77", dealstage="s2", hubspot_owner_id="6")
    timed = TimedWorld([first, later]).as_of(datetime.fromtimestamp(1, UTC))
    call = make_caller(Engine(furnished(timed, [{"hubspot.owners": [{"id": "5"}]}])), "case")
    for given, status in (
        ({"dealstage": "s2"}, 200), ({"dealstage": "s3"}, 400),
        ({"pipeline": "77", "dealstage": "s1"}, 200), ({"pipeline": "78"}, 400),
        ({"hubspot_owner_id": "6"}, 200), ({"hubspot_owner_id": "7"}, 400),
    ):  # fmt: skip
        answer = call("hubspot.objects.update", object_type="deals", id="1", properties=given)
        assert answer[0] == status, (given, answer)


def test_a_world_that_tells_no_owners_takes_any(make_caller):
    """Where nobody is told, nobody can be missing; what is no id is refused all the same."""
    world = World({"hubspot.contacts": {"1": {"id": "1", "email": "a@b.example"}}})
    call = make_caller(Engine(world), "case")
    for owner, status in (("77", 200), ("Eve", 400)):
        given = {"object_type": "contacts", "id": "1", "properties": {"hubspot_owner_id": owner}}
        assert call("hubspot.objects.update", **given)[0] == status
