"""HubSpot's batches and pages: what fails alone, what takes all along, where a list goes on."""

import json

import pytest

from understudy.doors.transports import installed

LATE, WRONG = {"lifecyclestage": "never"}, {"teapot": "1"}


def batch(call, verb, *inputs, kind="contacts"):
    """A batch of `verb`; its status and body."""
    return call(f"hubspot.objects.batch_{verb}", object_type=kind, inputs=list(inputs))


def new(email, trace=None, **properties):
    """An input for a new contact."""
    made = {"properties": {"email": email, **properties}}
    return {**made, "objectWriteTraceId": trace} if trace else made


def test_traced_inputs_fail_alone(call):
    """With trace ids, what can be made is made, and each error tells whose it is."""
    assert batch(call, "create", new("taken@example.com"))[0] == 201
    status, body = batch(
        call, "create", new("one@example.com", "a"), new("two@example.com", "b", **LATE),
        new("taken@example.com", "c"),
    )  # fmt: skip
    assert status == 207
    assert [each["properties"]["email"] for each in body["results"]] == ["one@example.com"]
    assert body["numErrors"] == 2
    invalid, taken = body["errors"]
    assert (invalid["category"], invalid["context"]) == (
        "VALIDATION_ERROR", {"objectWriteTraceId": ["b"]}
    )  # fmt: skip
    assert taken["category"] == "CONFLICT"
    assert taken["context"]["objectWriteTraceId"] == ["c"]
    assert taken["message"].endswith(taken["context"]["existingId"][0])


@pytest.mark.parametrize("verb", ["create", "update", "upsert"])
def test_untraced_inputs_fail_together(call, verb):
    """Without, all that is wrong in any input is told at once, and nothing is written."""
    named = {"create": [{}, {}, {}], "update": [{"id": "101"}, {"id": "102"}, {"id": "103"}]}
    unique = [{"id": f"{n}@example.com", "idProperty": "email"} for n in range(3)]
    given = ({"firstname": "Fine"}, LATE, {**WRONG, "lastname": "X"})
    before = call.session.overlay.diff()
    pairs = zip(named.get(verb, unique), given, strict=True)
    status, body = batch(call, verb, *({**one, "properties": each} for one, each in pairs))
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")
    assert [each["code"] for each in body["errors"]] == ["INVALID_OPTION", "PROPERTY_DOESNT_EXIST"]
    assert body["errors"][1]["context"] == {"propertyName": ["teapot"]}
    told = json.loads(body["message"].partition(": ")[2])
    assert [each["name"] for each in told] == ["lifecyclestage", "teapot"]
    assert call.session.overlay.diff() == before
    assert call.last.response_status == 400


def test_a_missing_object_is_told_by_its_type_and_trace(call):
    """An update of what is not there is an error of the 207, with the id and the trace."""
    status, body = batch(
        call, "update", {"id": "101", "properties": {"firstname": "A"}, "objectWriteTraceId": "1"},
        {"id": "999", "properties": {"firstname": "B"}, "objectWriteTraceId": "2"},
    )  # fmt: skip
    assert (status, [each["id"] for each in body["results"]]) == (207, ["101"])
    (error,) = body["errors"]
    assert error["message"].startswith("Could not get some CONTACT objects")
    assert error["context"] == {"ids": ["999"], "objectWriteTraceId": ["2"]}


@pytest.mark.parametrize(("verb", "by"), [("update", None), ("upsert", "email")])
def test_a_batch_names_each_object_once(call, verb, by):
    """The same id in two inputs refuses the batch."""
    one = {"id": "ada@example.com" if by else "101", "properties": {"firstname": "A"}}
    one |= {"idProperty": by} if by else {}
    before = call.session.overlay.diff()
    status, body = batch(call, verb, one, one)
    assert (status, body["context"]) == (400, {"ids": [one["id"]]})
    assert body["message"] == (
        f"Duplicate IDs found in batch input: [{one['id']}]. IDs must be unique"
    )
    assert call.session.overlay.diff() == before


@pytest.mark.parametrize(("kind", "number", "by"), [
    ("contacts", "0-1", "firstname"), ("companies", "0-2", "domain"),
    ("companies", "0-2", "hs_object_id"), ("deals", "0-3", "dealname"),
])  # fmt: skip
@pytest.mark.parametrize("verb", ["update", "upsert"])
def test_objects_are_not_changed_by_what_several_may_share(call, kind, number, by, verb):
    """A company's domain among them, which finds one all the same."""
    given = {"id": "x", "idProperty": by, "properties": {}}
    status, body = batch(call, verb, given, kind=kind)
    assert status == 400
    assert f"by non-unique {number} property {by} in portal ID" in body["message"]


def test_a_page_s_link_asks_for_the_same_again(call):
    """The properties that were asked for are in it."""
    _, page = call("hubspot.objects.list", object_type="contacts", limit=1, properties=["email"])
    assert "limit=1" in page["paging"]["next"]["link"]
    assert "properties=email" in page["paging"]["next"]["link"]


@pytest.mark.parametrize("operation", ["list", "list_v3"])
def test_associations_have_pages(call, operation):
    """A thousand of them are got in pages, each once; a place that is none is refused."""
    companies = [str(2_000_000 + n) for n in range(1000)]
    ids = []
    for start in range(0, 1000, 100):
        wanted = [{"properties": {"name": name}} for name in companies[start : start + 100]]
        ids += [
            each["id"] for each in batch(call, "create", *wanted, kind="companies")[1]["results"]
        ]
    ends = {"object_type": "contacts", "to_object_type": "companies"}
    pairs = [{"from": {"id": "102"}, "to": {"id": each}} for each in ids]
    for start in range(0, 1000, 100):
        call("hubspot.associations.batch_create_default", inputs=pairs[start : start + 100], **ends)
    found, after = [], {}
    while after is not None:
        _, page = call(f"hubspot.associations.{operation}", id="102", limit=300, **ends, **after)
        found += [str(each.get("toObjectId", each.get("id"))) for each in page["results"]]
        after = {"after": page["paging"]["next"]["after"]} if "paging" in page else None
    assert sorted(found[-1000:]) == sorted(ids)
    assert len(set(found)) == len(found)
    status, _ = call(f"hubspot.associations.{operation}", id="102", after="nowhere", **ends)
    assert status == 400


def history(call, object_id, name="firstname"):
    """The values that a property has had, and who wrote them."""
    asked = {"object_type": "contacts", "id": object_id, "propertiesWithHistory": [name]}
    _, read = call("hubspot.objects.get", **asked)
    told = read["propertiesWithHistory"][name]
    assert [each["timestamp"] for each in told] == sorted(
        (each["timestamp"] for each in told), reverse=True
    )
    return [(each["value"], each["sourceType"]) for each in told]


def test_a_property_tells_what_it_was_before(call):
    """The newest first, single writes and batches alike; what was refused never was."""
    before = history(call, "101")
    assert [source for _, source in before] == ["CRM_UI"]
    given = {"object_type": "contacts", "id": "101"}
    call("hubspot.objects.update", **given, properties={"firstname": "Augusta"})
    call("hubspot.objects.update", **given, properties={"lastname": "King"})
    batch(call, "update", {"id": "101", "properties": {"firstname": ""}})
    batch(call, "update", {"id": "101", "properties": {"firstname": "X", **WRONG}})
    own = [("", "INTEGRATION"), ("Augusta", "INTEGRATION")]
    assert history(call, "101") == [*own, *before]
    _, made = batch(call, "create", new("new@example.com", firstname="A"))
    assert history(call, made["results"][0]["id"]) == [("A", "INTEGRATION")]


def test_a_search_for_nothing_is_refused(call):
    """A value that is blank is none."""
    wanted = [{"filters": [{"propertyName": "email", "operator": "EQ", "value": " "}]}]
    status, body = call("hubspot.objects.search", object_type="contacts", filterGroups=wanted)
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")
    assert "propertyName: 'email'" in body["message"]


def test_the_vendor_s_client_reads_a_batch_that_fails_in_part(call, engine):
    """It gives what was made, and each error with its trace."""
    import hubspot

    token = call.session.credentials["hubspot"]["access_token"]
    given = {"inputs": [new("client@example.com", "x"), new("other@example.com", "y", **LATE)]}
    with installed(engine):
        answer = hubspot.HubSpot(access_token=token).crm.contacts.batch_api.create(given)
    assert type(answer).__name__ == "BatchResponseSimplePublicObjectWithErrors"
    assert [each.properties["email"] for each in answer.results] == ["client@example.com"]
    assert [each.context for each in answer.errors] == [{"objectWriteTraceId": ["y"]}]
