"""HubSpot beyond contacts and deals: further types, many associations, the account's properties."""

import json

import pytest

from understudy.model.action import ActionClass, Effect

PAIR = {"from": {"id": "101"}, "to": {"id": "201"}}
NOBODY = {"from": {"id": "101"}, "to": {"id": "999"}}
ENDS = {"object_type": "contacts", "to_object_type": "companies"}
FIELD = {
    "name": "colour", "label": "Colour", "type": "enumeration", "fieldType": "select",
    "groupName": "contactinformation", "options": [{"label": "Red", "value": "red"}],
}  # fmt: skip


def linked(call, object_id="101"):
    """The companies of a contact."""
    _, page = call("hubspot.associations.list", id=object_id, **ENDS)
    return [str(each["toObjectId"]) for each in page["results"]]


@pytest.mark.parametrize(("kind", "properties"), [
    ("calls", {"hs_timestamp": "2026-01-05T08:00:00Z", "hs_call_title": "Hello"}),
    ("meetings", {"hs_timestamp": "2026-01-05T08:00:00Z", "hs_meeting_title": "Hello"}),
    ("products", {"name": "Seat", "price": "10"}),
    ("line_items", {"name": "Seat", "quantity": "2", "price": "10"}),
    ("quotes", {"hs_title": "Offer"}),
])  # fmt: skip
def test_further_types_live_like_the_others(call, kind, properties):
    """Made, found by singular and number, searched, archived; what no property is, is refused."""
    status, made = call("hubspot.objects.create", object_type=kind, properties=properties)
    assert status == 201
    assert call.last.action_class is ActionClass.AUTOMATED
    given = {"object_type": kind.removesuffix("s"), "id": made["id"]}
    assert call("hubspot.objects.get", **given)[1]["id"] == made["id"]
    name, value = next(iter(properties.items()))
    wanted = [{"filters": [{"propertyName": name, "operator": "EQ", "value": value}]}]
    _, found = call("hubspot.objects.search", object_type=kind, filterGroups=wanted)
    assert [each["id"] for each in found["results"]] == [made["id"]]
    wrong = {"object_type": kind, "properties": {**properties, "teapot": "1"}}
    assert call("hubspot.objects.create", **wrong)[0] == 400
    assert call("hubspot.objects.archive", **given)[0] == 204


@pytest.mark.parametrize(("direction", "action_class", "effect"), [
    ("EMAIL", ActionClass.APPROVAL_REQUIRED, Effect.SEND), (None,
     ActionClass.APPROVAL_REQUIRED, Effect.SEND),
    ("INCOMING_EMAIL", ActionClass.AUTOMATED, Effect.WRITE),
])  # fmt: skip
def test_an_e_mail_that_goes_out_is_a_person_s(call, direction, action_class, effect):
    """Outgoing ones need an approval and are sent; incoming ones are a record."""
    told = {"hs_timestamp": "2026-01-05T08:00:00Z", "hs_email_subject": "Hello"}
    told |= {"hs_email_direction": direction} if direction else {}
    assert call("hubspot.objects.create", object_type="emails", properties=told)[0] == 201
    assert (call.last.action_class, call.last.effect) == (action_class, effect)


def test_an_object_needs_its_properties(call):
    """Without `properties` nothing is made; with none in it a contact is, as at HubSpot."""
    status, body = call.raw("hubspot", "POST", "/crm/v3/objects/contacts", b'{"email": "a@b.c"}')
    assert (status, "properties" in body["message"]) == (400, True)
    assert call.session.effect() == {}
    status, _ = call.raw("hubspot", "POST", "/crm/v3/objects/contacts", b'{"properties": {}}')
    assert status == 201


@pytest.mark.parametrize("form", ["", "_default", "_v3"])
def test_many_pairs_are_associated_and_parted(call, form):
    """Those that are there are associated; the others are told in a 207, which changes nothing."""
    call("hubspot.associations.archive", id="101", to_id="201", **ENDS)
    status, body = call(f"hubspot.associations.batch_create{form}", inputs=[PAIR, NOBODY], **ENDS)
    assert (status, body["numErrors"]) == (207, 1)
    assert body["errors"][0]["context"] == {"fromObjectId": ["101"], "toObjectId": ["999"]}
    assert linked(call) == ["201"]
    assert call.last.target.id == "101,101"
    parted = "_v3" if form == "_v3" else ""
    assert call(f"hubspot.associations.batch_archive{parted}", inputs=[PAIR], **ENDS)[0] == 204
    assert linked(call) == []
    status, body = call(f"hubspot.associations.batch_create{form}", inputs=[PAIR], **ENDS)
    assert (status, len(body["results"])) == ({"_default": 200}.get(form, 201),
                                              2 if form == "_default" else 1)  # fmt: skip


def test_several_parted_from_one_and_too_many_at_once(call):
    """`to` may be a list; more than ten pairs need an approval, and no body is a 400."""
    both = {"from": {"id": "101"}, "to": [{"id": "201"}, {"id": "999"}]}
    assert call("hubspot.associations.batch_archive", inputs=[both], **ENDS)[0] == 204
    assert linked(call) == []
    call("hubspot.associations.batch_create", inputs=[PAIR] * 11, **ENDS)
    assert call.last.action_class is ActionClass.APPROVAL_REQUIRED
    for inputs in ("all", [1], [PAIR] * 2001):
        assert call("hubspot.associations.batch_create", inputs=inputs, **ENDS)[0] == 400


def test_the_older_form_of_associations(call):
    """One pair by name, what it is called, and many read at once."""
    pair = {"id": "102", "to_id": "201", "type": "contact_to_company", **ENDS}
    _, shown = call("hubspot.associations.create_v3", **pair)
    assert shown["associations"]["companies"]["results"] == [
        {"id": "201", "type": "contact_to_company"}
    ]
    assert call("hubspot.associations.create_v3", **{**pair, "type": "279"})[0] == 200
    status, body = call("hubspot.associations.create_v3", **{**pair, "type": "friend"})
    assert (status, body["context"]["type"]) == (400, ["friend"])
    assert body["message"].startswith("friend is not a valid association type")
    _, read = call("hubspot.associations.batch_read_v3", inputs=[{"id": "102"}, {"id": "999"}],
                   **ENDS)  # fmt: skip
    assert [each["from"]["id"] for each in read["results"]] == ["102"]
    assert call("hubspot.associations.archive_v3", **pair)[0] == 204
    assert linked(call, "102") == []
    _, named = call("hubspot.associations.types_v3", **ENDS)
    assert named["results"] == [{"id": "279", "name": "contact_to_company"}]
    _, labels = call("hubspot.associations.labels", **ENDS)
    assert labels["results"][0]["typeId"] == 279


def test_a_property_is_defined_used_and_taken_away(call, caller_of):
    """The account's own property is checked like any other, and is the case's own."""
    status, made = call("hubspot.properties.create", object_type="contacts", **FIELD)
    assert (status, made["hubspotDefined"]) == (201, False)
    assert call.last.action_class is ActionClass.APPROVAL_REQUIRED

    def paint(caller, colour):
        return caller("hubspot.objects.update", object_type="contacts", id="101",
                      properties={"colour": colour})[0]  # fmt: skip

    assert [paint(call, colour) for colour in ("red", "blue")] == [200, 400]
    assert paint(caller_of("case-2"), "red") == 400
    named = {"object_type": "contacts", "name": "colour"}
    more = [*FIELD["options"], {"label": "Blue", "value": "blue"}]
    assert call("hubspot.properties.update", **named, options=more)[0] == 200
    assert paint(call, "blue") == 200
    _, listed = call("hubspot.properties.list", object_type="contacts")
    assert "colour" in [each["name"] for each in listed["results"]]
    asked = [{"name": "colour"}, {"name": "teapot"}]
    status, read = call("hubspot.properties.batch_read", object_type="contacts", inputs=asked)
    assert (status, [each["name"] for each in read["results"]]) == (207, ["colour"])
    assert call("hubspot.properties.archive", **named)[0] == 204
    assert paint(call, "red") == 400
    assert call("hubspot.properties.get", **named)[0] == 404


@pytest.mark.parametrize(("given", "status"), [
    ({"name": "email"}, 409), ({"name": "Shout!"}, 400), ({"label": ""}, 400),
    ({"type": "teapot"}, 400), ({"fieldType": "number"}, 400), ({"options": [{"label": "x"}]}, 400),
])  # fmt: skip
def test_definitions_that_hubspot_refuses(call, given, status):
    """Taken and impossible names, missing parts, types that do not go together."""
    assert call("hubspot.properties.create", object_type="contacts", **{**FIELD, **given})[0] \
        == status  # fmt: skip
    assert call.session.effect() == {}


def test_hubspot_s_own_properties_are_not_to_be_changed(call):
    """A definition of HubSpot's is a 400, one that is not there a 404."""
    for operation, given in (("update", {"label": "x"}), ("archive", {})):
        for name, status in (("email", 400), ("teapot", 404)):
            asked = {"object_type": "contacts", "name": name, **given}
            assert call(f"hubspot.properties.{operation}", **asked)[0] == status


def test_stages_and_owners_by_their_other_names(call):
    """The stages of a pipeline by themselves; an owner by the user's number."""
    deals = {"object_type": "deals", "id": "default"}
    _, stages = call("hubspot.pipeline_stages.list", **deals)
    assert [each["metadata"].get("probability") for each in stages["results"]][:2] == ["0.2", "0.4"]
    _, won = call("hubspot.pipeline_stages.get", **deals, stage_id="closedwon")
    assert won == next(each for each in stages["results"] if each["id"] == "closedwon")
    assert call("hubspot.pipeline_stages.get", **deals, stage_id="teapot")[0] == 404
    _, tickets = call("hubspot.pipelines.list", object_type="tickets")
    assert [each["id"] for each in tickets["results"]] == ["0"]
    _, eve = call("hubspot.owners.get", id="51")
    by_user = {"id": str(eve["userId"]), "idProperty": "userId"}
    assert call("hubspot.owners.get", **by_user)[1] == eve
    assert call("hubspot.owners.get", id="51", idProperty="userId")[0] == 404


@pytest.mark.parametrize(("path", "same"), [
    ("/crm-object-schemas/v3/schemas", "/crm/v3/schemas"),
    ("/crm/objects/2026-03/contacts/101", "/crm/v3/objects/contacts/101"),
    ("/crm/objects/2025-09/contacts/101/associations/companies",
     "/crm/v4/objects/contacts/101/associations/companies"),
    ("/crm/associations/2026-03/contacts/companies/labels",
     "/crm/v4/associations/contacts/companies/labels"),
    ("/crm/owners/2026-03", "/crm/v3/owners"),
])  # fmt: skip
def test_other_addresses_of_the_same(call, path, same):
    """The client's own address of schemas, and the dated ones, answer as the versioned do."""
    assert call.raw("hubspot", "GET", path) == call.raw("hubspot", "GET", same)
    assert not call.session.gaps


def test_a_search_for_what_no_property_is(call):
    """A 400, not an empty page; and property groups are told as not served."""
    wanted = [{"filters": [{"propertyName": "teapot", "operator": "EQ", "value": "1"}]}]
    status, body = call("hubspot.objects.search", object_type="contacts", filterGroups=wanted)
    assert (status, "teapot" in body["message"]) == (400, True)
    assert call.raw("hubspot", "GET", "/crm/v3/properties/contacts/groups")[0] == 405
    assert [gap.path for gap in call.session.gaps] == ["/crm/v3/properties/contacts/groups"]


@pytest.mark.parametrize(("types", "status", "shown"), [
    ([("HUBSPOT_DEFINED", 999)], 400, None), ([("HUBSPOT_DEFINED", 3)], 400, None),
    ([("NOPE", 279)], 400, None), ([("HUBSPOT_DEFINED", "279")], 400, None), ([], 400, None),
    ([("HUBSPOT_DEFINED", 279)], 201, {279: None}),
    ([("HUBSPOT_DEFINED", 1)], 201, {1: "Primary", 279: None}),
    ([("USER_DEFINED", 36), ("HUBSPOT_DEFINED", 279)], 201, {36: None, 279: None}),
])  # fmt: skip
def test_an_association_has_the_types_it_was_given(call, types, status, shown):
    """HubSpot's numbers are those of the pair, a company's labels are kept; both are read back."""
    given = [{"associationCategory": c, "associationTypeId": n} for c, n in types]
    before = call.session.effect()
    answer = call(
        "hubspot.associations.create_labelled", id="101", to_id="201", types=given, **ENDS
    )
    assert answer[0] == status, answer
    if shown is None:
        assert call.session.effect() == before
        return
    _, page = call("hubspot.associations.list", id="101", **ENDS)
    (link,) = page["results"]
    assert {each["typeId"]: each["label"] for each in link["associationTypes"]} == shown
    back = {"object_type": "companies", "to_object_type": "contacts", "id": "201"}
    _, page = call("hubspot.associations.list", **back)
    (link,) = page["results"]
    turned = {{1: 2, 279: 280}.get(number, number): name for number, name in shown.items()}
    assert {each["typeId"]: each["label"] for each in link["associationTypes"]} == turned


def test_labels_set_from_the_other_end(call):
    """Primary from the company's end is primary from the contact's; plain again ends it."""
    pair = {"object_type": "companies", "id": "201", "to_object_type": "contacts", "to_id": "101"}
    for number, seen in ((2, [1, 279]), (280, [279])):
        given = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]
        assert call("hubspot.associations.create_labelled", types=given, **pair)[0] == 201
        _, page = call("hubspot.associations.list", id="101", **ENDS)
        assert [each["typeId"] for each in page["results"][0]["associationTypes"]] == seen


def test_a_new_object_s_associations_name_their_types(call):
    """With a type of that pair it is tied; with another pair's it is not made."""
    note = {"hs_note_body": "x", "hs_timestamp": "2026-01-01T00:00:00Z"}
    for number, status in ((202, 201), (3, 400)):
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]
        made = call("hubspot.objects.create", object_type="notes", properties=note,
                    associations=[{"to": {"id": "101"}, "types": types}])  # fmt: skip
        assert made[0] == status, made


@pytest.mark.parametrize("search", [
    {"filters": [{"propertyName": "email", "operator": "EQ"}]},
    {"filters": [{"propertyName": "email", "operator": "IN", "value": "x"}]},
    {"filters": [{"propertyName": "email", "operator": "BETWEEN", "value": "1"}]},
    {"sorts": [{"propertyName": "teapot"}]}, {"sorts": "email"},
    {"sorts": [{"propertyName": "email", "direction": "UP"}]},
    {"sorts": ["email", "firstname"]},
])  # fmt: skip
def test_a_search_that_lacks_what_it_needs(call, search):
    """Filters without their values, and orders that HubSpot does not know, are refused."""
    answer = call.raw("hubspot", "POST", "/crm/v3/objects/contacts/search",
                      json.dumps(search).encode(), content_type="application/json")  # fmt: skip
    assert (answer[0], answer[1]["category"]) == (400, "VALIDATION_ERROR")


def test_objects_are_named_by_what_is_unique(call):
    """By e-mail, not by first name; an upsert by id makes nothing that is not there."""
    named = {"object_type": "contacts", "id": "Ada"}
    assert call("hubspot.objects.get", idProperty="firstname", **named)[0] == 400
    assert call("hubspot.objects.get", idProperty="email", **named)[0] == 404
    given = [{"id": "new@example.com", "properties": {"firstname": "New"}}]
    status, body = call("hubspot.objects.batch_upsert", object_type="contacts", inputs=given)
    assert (status, body["errors"][0]["category"]) == (207, "OBJECT_NOT_FOUND")
    given[0]["idProperty"] = "email"
    assert call("hubspot.objects.batch_upsert", object_type="contacts", inputs=given)[0] == 200


def test_a_stage_property_lists_the_stages(call):
    """The property tells what the pipelines tell."""
    _, told = call("hubspot.properties.get", object_type="deals", name="dealstage")
    stages = {each["value"]: each["label"] for each in told["options"]}
    assert (told["type"], stages["closedwon"]) == ("enumeration", "Closed Won")
