"""A company's own fields, objects, pipelines and forms: learned, reviewed, and lived with."""

from __future__ import annotations

import json

import pytest

from understudy.campaign.recordings.learning import learn_settings
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError, RecordingError
from understudy.model.system_settings import SystemSettings
from understudy.model.world import World
from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine
from understudy.systems.equipment import equipped

OWN = {"modificationMetadata": {"readOnlyDefinition": False}, "hubspotDefined": False}
TIMES = {"createdAt": "2024-01-01T00:00:00Z", "updatedAt": "2024-01-01T00:00:00Z"}
EXPORTS = {
    "schemas.json": {"results": [{
        "objectTypeId": "2-777", "name": "machine", "fullyQualifiedName": "p1_machine",
        "labels": {"singular": "Machine", "plural": "Machines"}, "archived": False,
        "requiredProperties": ["serial"], "searchableProperties": ["serial"],
        "primaryDisplayProperty": "serial", "secondaryDisplayProperties": [], **TIMES,
        "properties": [
            {"name": "serial", "label": "Serial", "type": "string", "fieldType": "text",
             "hasUniqueValue": True, **OWN},
            {"name": "hours", "label": "Hours", "type": "number", "fieldType": "number", **OWN},
            {"name": "hs_object_id", "label": "Id", "type": "number", "fieldType": "number",
             "hubspotDefined": True},
        ],
    }]},
    "contact-properties.json": {"results": [
        {"name": "email", "label": "Email", "type": "string", "fieldType": "text",
         "groupName": "contactinformation", "hubspotDefined": True},
        {"name": "plan_level", "label": "Plan level", "type": "enumeration", "fieldType": "select",
         "groupName": "contactinformation", **OWN,
         "options": [{"label": "Gold", "value": "gold"}, {"label": "Silver", "value": "silver"}]},
        {"name": "topics", "label": "Topics", "type": "enumeration", "fieldType": "checkbox",
         "groupName": "contactinformation", **OWN,
         "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]},
        {"name": "renews_on", "label": "Renews", "type": "date", "fieldType": "date",
         "groupName": "contactinformation", **OWN},
    ]},
    "pipelines.json": {"results": [{
        "id": "enterprise", "label": "Enterprise", "displayOrder": 0,
        "stages": [
            {"id": "s1", "label": "Talk", "displayOrder": 0, "metadata": {"probability": "0.2"}},
            {"id": "s2", "label": "Won", "displayOrder": 1,
             "metadata": {"probability": "1.0", "isClosed": "true"}},
        ],
    }]},
    "owners.json": {"results": [
        {"id": "9", "email": "kim@example.com", "firstName": "Kim", "lastName": "Li", "userId": 1},
    ]},
    "ticket_fields.json": {"ticket_fields": [
        {"id": 1, "type": "subject", "title": "Subject", "removable": False},
        {"id": 31, "type": "tagger", "title": "Product", "required": True, "active": True,
         "custom_field_options": [
             {"name": "Pump", "value": "pump"}, {"name": "Fan", "value": "fan"}]},
        {"id": 32, "type": "integer", "title": "Hours", "active": True},
        {"id": 33, "type": "regexp", "title": "Order", "regexp_for_validation": "^O-\\d+$"},
    ]},
    "ticket_forms.json": {"ticket_forms": [
        {"id": 71, "name": "Repair", "ticket_field_ids": [1, 31, 32], "default": True},
        {"id": 72, "name": "Praise", "ticket_field_ids": [1]},
    ]},
    "user_fields.json": {"user_fields": [
        {"id": 51, "key": "tier", "type": "dropdown", "title": "Tier",
         "custom_field_options": [{"name": "One", "value": "one"}]},
    ]},
    "prices.json": {"object": "list", "data": [
        {"id": "price_x", "object": "price", "product": {"id": "prod_x", "name": "Care"},
         "currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"},
         "metadata": {"sku": "C-1"}},
    ]},
}  # fmt: skip
WORLD = World(
    {
        "zendesk.tickets": {"8": {
            "id": "8", "status": "open", "requester_id": "5", "tags": ["pump", "old"],
            "custom_fields": [{"id": 31, "value": "pump"}],
        }},
        "zendesk.users": {"5": {"id": "5", "name": "Ada", "role": "end-user"}},
        "hubspot.contacts": {"1": {"id": "1", "email": "a@example.com"}},
        "hubspot.deals": {"2": {"id": "2", "dealname": "Big"}},
    },
    now=1_790_000_000,
)  # fmt: skip


@pytest.fixture
def exports(tmp_path):
    """The vendors' answers as files."""
    for name, document in EXPORTS.items():
        (tmp_path / name).write_text(json.dumps(document))
    return [str(tmp_path / name) for name in EXPORTS]


@pytest.fixture
def settings(tmp_path, exports):
    """What was learned of them, read back as a campaign reads it."""
    learn_settings(exports, tmp_path / "own.yaml")
    return load_document(tmp_path / "own.yaml", SystemSettings)


@pytest.fixture
def call(settings):
    """Calls an operation in a case over a world that has the company's own definitions."""
    engine = Engine(equipped(WORLD, settings))
    session = engine.open_case("a")

    def ask(name, **given):
        request = build_request(find_operation(name), given, session.credentials)
        response = engine.handle(request)
        return response.status, json.loads(response.body or b"null")

    return ask


def test_what_was_learned_is_told_and_only_the_company_s_own(settings, tmp_path, exports):
    """Own properties, objects, pipelines, fields and prices; nothing that every account has."""
    said = learn_settings(exports, tmp_path / "again.yaml")
    assert "hubspot: 3 properties of contacts" in said
    assert "zendesk: 3 ticket fields" in said
    (machine,) = settings.hubspot.objects
    assert [each.name for each in machine.properties] == ["serial", "hours"]
    assert [each.id for each in settings.hubspot.pipelines["deals"]] == ["enterprise"]
    assert settings.stripe.metadata == {"prices": ("sku",)}


def test_learning_again_gives_the_same_file(tmp_path, exports):
    """The file is as its exports are, to the byte."""
    learn_settings(exports, tmp_path / "one.yaml")
    learn_settings([*exports, *exports], tmp_path / "two.yaml")
    one, two = ((tmp_path / name).read_text().splitlines()[3:] for name in ("one.yaml", "two.yaml"))
    assert one == two


def test_custom_objects_live_at_every_endpoint(call):
    """Made, read, found, changed in batches, associated, listed and archived, by any name."""
    status, made = call("hubspot.objects.create", object_type="machine",
                        properties={"serial": "A-1", "hours": 3})  # fmt: skip
    assert status == 201
    assert call("hubspot.objects.get", object_type="p1_machine", id=made["id"],
                properties=["serial"])[1]["properties"]["serial"] == "A-1"  # fmt: skip
    filters = [{"filters": [{"propertyName": "serial", "operator": "EQ", "value": "A-1"}]}]
    found = call("hubspot.objects.search", object_type="2-777", filterGroups=filters)[1]
    assert found["total"] == 1
    changed = [{"id": made["id"], "properties": {"hours": "4"}}]
    assert call("hubspot.objects.batch_update", object_type="2-777", inputs=changed)[0] == 200
    assert call("hubspot.associations.create", object_type="machine", id=made["id"],
                to_object_type="contacts", to_id="1")[0] == 200  # fmt: skip
    linked = call("hubspot.associations.list", object_type="contacts", id="1",
                  to_object_type="2-777")[1]  # fmt: skip
    assert [each["toObjectId"] for each in linked["results"]] == [int(made["id"])]
    names = call("hubspot.properties.list", object_type="2-777")[1]["results"]
    assert {"serial", "hours"} <= {each["name"] for each in names}
    assert call("hubspot.schemas.list")[1]["results"][0]["objectTypeId"] == "2-777"
    assert call("hubspot.schemas.get", object_type="machine")[0] == 200
    assert call("hubspot.objects.archive", object_type="2-777", id=made["id"])[0] == 204


@pytest.mark.parametrize(
    ("kind", "properties", "said"),
    [
        ("contacts", {"plan_level": "bronze"}, "bronze was not one of the allowed options"),
        ("contacts", {"topics": "a;c"}, "c was not one of the allowed options: [a, b]"),
        ("contacts", {"renews_on": "soon"}, "INVALID_LONG"),
        ("machine", {"serial": "A", "hours": "many"}, "many was not a valid number"),
        ("machine", {"hours": "1"}, "Some required properties were not set"),
        ("deals", {"dealstage": "s9"}, "s9 was not one of the allowed options: [s1, s2]"),
        ("contacts", {"unheard_of": "1"}, "PROPERTY_DOESNT_EXIST"),
    ],
)
def test_the_company_s_own_rules_refuse(call, kind, properties, said):
    """Types, options, obligatory properties and stages are checked as the vendor checks them."""
    status, body = call("hubspot.objects.create", object_type=kind, properties=properties)
    assert status == 400
    assert said in body["message"]


def test_what_the_rules_allow_goes_through(call):
    """Several boxes, a day, a stage of the company's own."""
    given = {"plan_level": "gold", "topics": "a;b", "renews_on": "2026-12-01"}
    assert call("hubspot.objects.create", object_type="contacts", properties=given)[0] == 201
    stage = {"pipeline": "enterprise", "dealstage": "s2"}
    assert call("hubspot.objects.update", object_type="deals", id="2", properties=stage)[0] == 200
    shown = call("hubspot.pipelines.list", object_type="deals")[1]["results"]
    assert [stage["id"] for stage in shown[0]["stages"]] == ["s1", "s2"]
    assert call("hubspot.owners.list", email="kim@example.com")[1]["results"][0]["id"] == "9"


def test_a_unique_value_stands_once(call):
    """A second object with the same unique value is refused with the id of the first."""
    given = {"object_type": "machine", "properties": {"serial": "A-1"}}
    made = call("hubspot.objects.create", **given)[1]
    status, body = call("hubspot.objects.create", **given)
    assert status == 400
    assert f"{made['id']} already has that value" in body["message"]


def test_ticket_fields_are_shown_checked_and_become_tags(call):
    """Every own field stands on a ticket; values are checked; a drop-down's value is a tag."""
    shown = call("zendesk.tickets.get", id="8")[1]["ticket"]
    values = {each["id"]: each["value"] for each in shown["custom_fields"]}
    assert values == {31: "pump", 32: None, 33: None}
    for field, value in ((31, "boat"), (32, "x"), (33, "7")):
        wrong = [{"id": field, "value": value}]
        status, body = call("zendesk.tickets.update", id="8", custom_fields=wrong)
        assert (status, body["error"]) == (422, "RecordInvalid")
        assert body["details"]["base"][0]["ticket_field_id"] == field
    fan = [{"id": 31, "value": "fan"}]
    changed = call("zendesk.tickets.update", id="8", custom_fields=fan)[1]["ticket"]
    assert sorted(changed["tags"]) == ["fan", "old"]


def test_a_ticket_is_not_solved_before_its_form_is_filled(call):
    """Required fields of the ticket's form are asked for on solving, as the vendor words it."""
    made = call("zendesk.tickets.create", body="Broken")[1]["ticket"]
    assert made["ticket_form_id"] == 71
    status, body = call("zendesk.tickets.update", id=str(made["id"]), status="solved")
    assert status == 422
    assert body["details"]["base"] == [{
        "description": "Product: is required when solving a ticket", "error": None,
        "ticket_field_id": 31, "ticket_field_type": "FieldTagger",
    }]  # fmt: skip
    filled = [{"id": 31, "value": "fan"}]
    done = call("zendesk.tickets.update", id=str(made["id"]), status="solved", custom_fields=filled)
    assert done[0] == 200


def test_fields_and_forms_are_served(call):
    """Ticket fields, forms and user fields can be listed and read one by one."""
    fields = call("zendesk.ticket_fields.list")[1]
    told = [(each["type"], each["id"]) for each in fields["ticket_fields"]]
    assert told[0][0] == "subject"
    assert [number for _, number in told[-3:]] == [31, 32, 33]
    assert call("zendesk.ticket_forms.get", id="72")[1]["ticket_form"]["name"] == "Praise"
    assert call("zendesk.user_fields.list")[1]["user_fields"][0]["key"] == "tier"
    assert call("zendesk.users.get", id="5")[1]["user"]["user_fields"] == {"tier": None}
    assert call("stripe.prices.list")[1]["data"][0]["id"] == "price_x"
    assert call("zendesk.ticket_fields.get", id="99")[0] == 404


def test_an_export_of_objects_tells_its_columns(tmp_path):
    """JSON or CSV of objects: what every account has is left out, the rest are own properties."""
    (tmp_path / "deals.json").write_text(
        json.dumps(
            {
                "results": [
                    {
                        "id": "1",
                        "properties": {"dealname": "A", "margin_band": "3", "hs_object_id": "1"},
                    }
                ]
            }
        )
    )
    (tmp_path / "contacts.csv").write_text(
        '"Record ID - Contact","First Name","Email","Loyalty Number"\n"1","A","b@c.d","9"\n'
    )
    out = tmp_path / "own.yaml"
    learn_settings([str(tmp_path / "deals.json"), str(tmp_path / "contacts.csv")], out)
    found = load_document(out, SystemSettings).hubspot.properties
    assert [each.name for each in found["deals"]] == ["margin_band"]
    assert [(each.name, each.label) for each in found["contacts"]] == [
        ("loyalty_number", "Loyalty Number")
    ]


def test_all_that_cannot_be_learned_is_told_at_once(tmp_path):
    """Missing files, other JSON, broken JSON and a type that is not told: one error, no file."""
    (tmp_path / "other.json").write_text('{"a": 1}')
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "x.json").write_text(json.dumps({"results": [{"name": "a", "fieldType": "text"}]}))
    names = ["missing.json", "other.json", "broken.json", "x.json"]
    with pytest.raises(RecordingError) as caught:
        learn_settings([str(tmp_path / name) for name in names], tmp_path / "own.yaml")
    said = caught.value.describe()
    assert all(name in said for name in names)
    assert "contacts=FILE" in said
    assert not (tmp_path / "own.yaml").exists()
    assert "contacts" in learn_settings([f"contacts={tmp_path / 'x.json'}"], tmp_path / "own.yaml")


def test_unknown_keys_are_told_with_their_line(tmp_path):
    """A misspelled key is an error that names the line and the nearest key."""
    file = tmp_path / "own.yaml"
    file.write_text("version: 1\nhubspot:\n  propertys: {}\n")
    with pytest.raises(ConfigurationError, match="unknown key `propertys`") as caught:
        load_document(file, SystemSettings)
    assert caught.value.where.endswith(":3")
