"""Zendesk beyond single tickets: people, organizations, groups, many at a time, exports, order."""

import json

import pytest

from understudy.model.action import ActionClass, Effect
from understudy.systems.engine import Engine


def ok(call, operation, status=200, **given):
    """The payload of a call that succeeds."""
    found, body = call(f"zendesk.{operation}", **given)
    assert found == status, body
    return body


@pytest.mark.parametrize(("given", "expected"), [
    ("?sort_by=id&sort_order=desc&per_page=2", [1000, 999]), ("?sort_by=colour&per_page=2", [1, 2]),
    ("?sort=-id&page[size]=2", [1000, 999]), ("?page[size]=2", [1, 2]),
    ("?sort_by=status&sort_order=desc&per_page=2", [2, 3]), ("?sort_by=subject&per_page=1", [1]),
])  # fmt: skip
def test_lists_come_in_the_order_asked_for(call, given, expected):
    """By a column, down or up, with pages by number and by cursor; statuses in their own order."""
    _, page = call.raw("zendesk", "GET", f"/api/v2/tickets.json{given}")
    assert [each["id"] for each in page["tickets"]] == expected


def test_a_sorted_list_is_walked_by_cursor(call):
    """Down by the time of change, no ticket lost and none twice; an order that is none is a 400."""
    ok(call, "tickets.update", id="500", priority="high")
    seen, path = [], "/api/v2/tickets.json?sort=-updated_at&page[size]=100"
    while path:
        _, page = call.raw("zendesk", "GET", path)
        seen += [each["id"] for each in page["tickets"]]
        following = page["links"]["next"] if page["meta"]["has_more"] else None
        path = following and following.partition("zendesk.com")[2]
    assert (seen[0], len(seen), len(set(seen))) == (500, 1000, 1000)
    status, body = call.raw("zendesk", "GET", "/api/v2/tickets.json?sort=colour&page[size]=1")
    assert (status, body["error"]) == (400, "InvalidPaginationParameter")


def test_comments_are_walked_in_the_order_of_their_times(call):
    """New comments have any ids; the cursor goes by time all the same."""
    for number in range(5):
        ok(call, "tickets.internal_note", id="1", body=f"Note {number}")
    said, path = [], "/api/v2/tickets/1/comments.json?page[size]=2"
    while path:
        _, page = call.raw("zendesk", "GET", path)
        said += [each["body"] for each in page["comments"]]
        following = page["links"]["next"] if page["meta"]["has_more"] else None
        path = following and following.partition("zendesk.com")[2]
    assert said == ["My card is 4242", *(f"Note {number}" for number in range(5))]


def test_people_are_shown_beside(call):
    """`include=users` shows each person of a page once."""
    shown = ok(call, "tickets.get", id="1", include="users,organizations")
    assert sorted(each["id"] for each in shown["users"]) == [7001, 7100]
    assert shown["organizations"] == []
    beside = ok(call, "tickets.list", include="users", per_page=50)
    assert len(beside["users"]) == 3
    assert [each["id"] for each in ok(call, "comments.list", id="1", include="users")["users"]] \
        == [7001]  # fmt: skip


def test_the_older_name_of_a_comment_s_text(call):
    """`comment: {value}` is a public reply like `body`."""
    body = b'{"ticket": {"comment": {"value": "Hello there"}}}'
    kind = {"content_type": "application/json"}
    assert call.raw("zendesk", "PUT", "/api/v2/tickets/1.json", body, **kind)[0] == 200
    assert call.last.operation == "zendesk.tickets.public_reply"
    assert call.last.fields["body"] == "Hello there"


def test_users_come_and_go(call):
    """Made, found or made, counted, deactivated; nobody twice, and nobody with open tickets."""
    before = ok(call, "users.count")["count"]["value"]
    made = ok(call, "users.create", 201, name="Zoe", email="zoe@x.example", external_id="E1")[
        "user"
    ]
    assert call.last.action_class is ActionClass.AUTOMATED
    assert (made["role"], made["external_id"]) == ("end-user", "E1")
    assert call("zendesk.users.create", name="Zoe", email="zoe@x.example")[0] == 422
    again = ok(call, "users.create_or_update", name="Zoe B", email="ZOE@x.example")["user"]
    assert (again["id"], again["name"]) == (made["id"], "Zoe B")
    other = ok(call, "users.create_or_update", name="Zoe C", external_id="E1")["user"]
    assert other["id"] == made["id"]
    ok(call, "users.create_or_update", 201, name="New", email="new@x.example")
    assert ok(call, "users.count")["count"]["value"] == before + 2
    (mail,) = ok(call, "users.identities", id=str(made["id"]))["identities"]
    assert (mail["type"], mail["value"]) == ("email", "zoe@x.example")
    assert ok(call, "users.delete", id=str(made["id"]))["user"]["active"] is False
    assert call("zendesk.users.delete", id="7001")[0] == 422
    assert call("zendesk.users.create", name=" ")[0] == 422
    ok(call, "users.create", 201, name="Agent", email="agent@x.example", role="agent")
    assert call.last.action_class is ActionClass.APPROVAL_REQUIRED


def test_organizations_come_and_go(call):
    """Listed, found, made once by a name, changed, deleted; their people and tickets."""
    listed = ok(call, "organizations.list")["organizations"]
    assert [each["name"] for each in listed] == ["Engines Ltd"]
    made = ok(call, "organizations.create", 201, name="Looms", external_id="O1")["organization"]
    for operation, given in (
        ("search", {"external_id": "O1"}), ("search", {"name": "looms"}),
        ("autocomplete", {"name": "loo"}),
    ):  # fmt: skip
        found = ok(call, f"organizations.{operation}", **given)["organizations"]
        assert [each["id"] for each in found] == [made["id"]], operation
    assert call("zendesk.organizations.create", name="LOOMS")[0] == 422
    assert call("zendesk.organizations.create", name="")[0] == 422
    own = {"id": str(made["id"])}
    assert ok(call, "organizations.update", **own, notes="Good")["organization"]["notes"] == "Good"
    ok(call, "users.update", id="7002", organization_id=own["id"])
    assert [each["id"] for each in ok(call, "tickets.of_organization", **own)["tickets"]] == [3]
    assert ok(call, "organizations.of_user", id="7002")["organizations"][0]["id"] == made["id"]
    assert call("zendesk.organizations.delete", **own)[0] == 204
    assert ok(call, "organizations.of_user", id="7002")["organizations"] == []
    assert ok(call, "organizations.count")["count"]["value"] == 1


def test_many_tickets_at_a_time(call):
    """Opened, shown, counted and deleted as jobs; one that cannot be opened fails by itself."""
    wanted = [{"subject": "A", "comment": {"body": "a"}}, {"subject": "B"}]
    job = ok(call, "tickets.create_many", tickets=wanted)["job_status"]
    done = ok(call, "job_statuses.get", id=job["id"])["job_status"]["results"]
    assert [each["success"] for each in done] == [True, False]
    made = str(done[0]["id"])
    shown = ok(call, "tickets.show_many", ids=f"{made},1,999999")["tickets"]
    assert [each["id"] for each in shown] == [int(made), 1]
    assert ok(call, "tickets.count")["count"]["value"] == 1001
    gone = ok(call, "tickets.destroy_many", ids=[made, "999999"])["job_status"]
    results = ok(call, "job_statuses.get", id=gone["id"])["job_status"]["results"]
    assert [each["success"] for each in results] == [True, False]
    assert ok(call, "tickets.count")["count"]["value"] == 1000
    assert call("zendesk.tickets.create_many", tickets=[])[0] == 400
    assert call("zendesk.tickets.create_many", tickets=wanted * 51)[1]["error"] == "TooManyValues"


def test_what_one_case_deleted_is_not_told_to_another(call, caller_of):
    """The list of deleted tickets is the case's own, with the case's own times."""
    other = caller_of("case-2")
    call("zendesk.tickets.delete", id="5")
    mine = ok(call, "tickets.list_deleted")["deleted_tickets"]
    other.session.clock.advance(3600)
    other("zendesk.tickets.delete", id="5")
    theirs = ok(other, "tickets.list_deleted")["deleted_tickets"]
    assert mine[0]["deleted_at"] != theirs[0]["deleted_at"]


def test_the_history_of_a_ticket(call):
    """An audit for each comment, the first with how it was opened; how often it was answered."""
    ok(call, "tickets.public_reply", id="1", body="We are on it")
    audits = ok(call, "tickets.audits", id="1")["audits"]
    assert [each["events"][0]["body"] for each in audits] == ["My card is 4242", "We are on it"]
    assert {"type": "Create", "field_name": "requester_id", "value": 7001}.items() <= \
        audits[0]["events"][2].items()  # fmt: skip
    assert ok(call, "tickets.metrics", id="1")["ticket_metric"]["replies"] == 1
    assert ok(call, "comments.count", id="1")["count"]["value"] == 2


def test_exports_lose_and_repeat_nothing(call):
    """By cursor and by search all thousand tickets once; by time only what changed since."""
    seen, cursor = [], {"start_time": 0}
    while True:
        page = ok(call, "exports.tickets_by_cursor", per_page=300, **cursor)
        seen += [each["id"] for each in page["tickets"]]
        if page["end_of_stream"]:
            break
        cursor = {"cursor": page["after_cursor"]}
    assert (len(seen), len(set(seen))) == (1000, 1000)
    ok(call, "tickets.update", id="7", priority="low")
    since = int(call.session.now.timestamp()) - 60
    page = ok(call, "exports.tickets", start_time=since)
    assert ([each["id"] for each in page["tickets"]], page["end_of_stream"]) == ([7], True)
    assert len(ok(call, "exports.users", start_time=0)["users"]) == 3
    for given in ({"start_time": "soon"}, {}, {"cursor": "!"}):
        assert call("zendesk.exports.tickets_by_cursor", **given)[0] == 400
    found = ok(call, "search.export", query="tags:billing", **{"filter[type]": "ticket"})
    assert (len(found["results"]), found["meta"]["has_more"]) == (100, True)
    assert call("zendesk.search.export", query="x", **{"filter[type]": "teapot"})[0] == 422


def test_an_export_meets_what_changes_meanwhile(call):
    """A row that changes between two pages comes once more, and pushes no other out."""
    first = ok(call, "exports.users_by_cursor", start_time=0, per_page=1)
    (gone,) = first["users"]
    ok(call, "users.update", id=str(gone["id"]), notes="Changed")
    rest = ok(call, "exports.users_by_cursor", cursor=first["after_cursor"])
    assert len({each["id"] for each in rest["users"]}) == 3
    assert rest["users"][-1]["id"] == gone["id"]
    end = ok(call, "exports.users_by_cursor", cursor=rest["after_cursor"])
    assert (end["users"], end["after_cursor"]) == ([], rest["after_cursor"])


def test_an_export_by_time_loses_nothing_of_one_second(call):
    """All that changed in one second comes on one page, as the next begins a second later."""
    for ticket in range(1, 4):
        call.session.overlay.patch("zendesk.tickets", str(ticket),
                                   {"updated_at": "2030-01-01T00:00:00Z"})  # fmt: skip
    since = 1_893_456_000
    page = ok(call, "exports.tickets", start_time=since, per_page=1)
    assert [each["id"] for each in page["tickets"]] == [1, 2, 3]
    assert page["end_of_stream"]


def test_the_addresses_of_a_user_with_an_odd_id(call):
    """An id that an export has as no number is no reason to break."""
    odd = {"id": "u-x", "name": "Odd", "email": "odd@example.com", "role": "end-user"}
    call.session.overlay.put("zendesk.users", odd)
    status, body = call.raw("zendesk", "GET", "/api/v2/users/u-x/identities.json")
    assert (status, [each["value"] for each in body["identities"]]) == (200, ["odd@example.com"])
    (address,) = body["identities"]
    assert address["url"].endswith(f"/users/u-x/identities/{address['id']}.json")


def test_groups_and_macros(call):
    """The group that every account has; the macros in use, and what one would change."""
    (group,) = ok(call, "groups.list")["groups"]
    assert ok(call, "groups.get", id=str(group["id"]))["group"] == group
    assert call("zendesk.groups.get", id="1")[0] == 404
    assert [each["id"] for each in ok(call, "macros.active")["macros"]] == [9001]
    assert ok(call, "macros.changes", id="9001")["result"]["ticket"]["status"] == "solved"
    assigned = ok(call, "tickets.assigned", id="7100", per_page=1)
    assert assigned["count"] == 1000
    assert call("zendesk.tickets.assigned", id="1")[0] == 404


def identities(call, user_id="7001"):
    """A user's addresses with whether each is the primary one."""
    shown = ok(call, "users.identities", id=user_id)["identities"]
    return {each["value"]: each["primary"] for each in shown}


def test_another_e_mail_is_a_further_address(call):
    """The primary one stays, the user is found by both, and nobody else can have either."""
    user = ok(call, "users.update", id="7001", email="ada@new.example")["user"]
    assert (user["email"], call.last.action_class) == (
        "ada@example.com", ActionClass.APPROVAL_REQUIRED)  # fmt: skip
    assert identities(call) == {"ada@example.com": True, "ada@new.example": False}
    for query in ("ada@new.example", "email:ADA@new.example", "ada@example.com"):
        found = ok(call, "users.search", query=query)["users"]
        assert [each["id"] for each in found] == [7001], query
    refused = call("zendesk.users.update", id="7002", email="ada@new.example")
    assert (refused[0], "already being used" in str(refused[1])) == (422, True)
    ticket = {"subject": "x", "comment": {"body": "x"}, "requester": {"email": "ada@new.example"}}
    sent = json.dumps({"ticket": ticket}).encode()
    assert call.raw("zendesk", "POST", "/api/v2/tickets", sent)[1]["ticket"]["requester_id"] == 7001
    ok(call, "users.update", id="7001", email="ADA@example.com")
    assert len(identities(call)) == 2


def test_an_address_becomes_the_primary_one(call):
    """Added, verified, primary; the former one keeps its number and can then be taken away."""
    (first,) = ok(call, "users.identities", id="7001")["identities"]
    given = {"type": "email", "value": "ada@new.example"}
    made = ok(call, "identities.create", 201, id="7001", **given)["identity"]
    assert (made["verified"], made["primary"]) == (False, False)
    one = {"id": "7001", "identity_id": str(made["id"])}
    assert ok(call, "identities.request_verification", **one) is None
    assert call.last.effect is Effect.SEND
    assert ok(call, "identities.verify", **one)["identity"]["verified"] is True
    assert call("zendesk.identities.delete", id="7001", identity_id=str(first["id"]))[0] == 422
    ok(call, "identities.make_primary", **one)
    assert ok(call, "users.get", id="7001")["user"]["email"] == "ada@new.example"
    assert identities(call) == {"ada@new.example": True, "ada@example.com": False}
    former = {"id": "7001", "identity_id": str(first["id"])}
    assert ok(call, "identities.get", **former)["identity"]["value"] == "ada@example.com"
    assert call("zendesk.identities.delete", **former)[0] == 204
    changed = ok(call, "identities.update", value="ada@newer.example", **one)["identity"]
    assert changed["value"] == ok(call, "users.get", id="7001")["user"]["email"]
    assert identities(call) == {"ada@newer.example": True}
    phone = ok(call, "identities.create", 201, id="7001", type="phone_number", value="+43 1 234")
    assert call("zendesk.identities.make_primary", id="7001",
                identity_id=str(phone["identity"]["id"]))[0] == 422  # fmt: skip


@pytest.mark.parametrize("given", [
    {"type": "pigeon", "value": "x"}, {"type": "email", "value": "x"}, {"type": "email"},
    {"type": "email", "value": "bob@example.com"}, {"type": "phone_number", "value": "ring"},
])  # fmt: skip
def test_addresses_that_cannot_be(call, given):
    """Refused in Zendesk's shape, and nothing is written."""
    sent = json.dumps({"identity": given}).encode()
    status, body = call.raw("zendesk", "POST", "/api/v2/users/7001/identities", sent)
    assert (status, body["error"]) == (422, "RecordInvalid")
    assert call.session.effect() == {}
    assert call("zendesk.identities.get", id="7001", identity_id="1")[0] == 404


def follow_up(call, **given):
    """A new ticket by its JSON: status and body."""
    told = {"ticket": {"comment": {"body": "Still too hot"}, **given}}
    return call.raw("zendesk", "POST", "/api/v2/tickets", json.dumps(told).encode())


def test_a_closed_ticket_is_followed_up(call):
    """The new ticket has its requester, subject and tags, says where it is from, and is named."""
    status, body = follow_up(call, via_followup_source_id=2)
    made = body["ticket"]
    assert (status, made["requester_id"], made["subject"]) == (201, 7001, "Question 2")
    assert (made["tags"], made["status"]) == (["billing"], "new")
    assert made["via"]["source"]["rel"] == "follow_up"
    assert made["via"]["source"]["from"]["ticket_id"] == 2
    source = ok(call, "tickets.get", id="2")["ticket"]
    assert (source["followup_ids"], source["status"]) == ([made["id"]], "closed")
    named = {"requester_id": 7002, "subject": "Own", "tags": ["mine"]}
    made = follow_up(call, via_followup_source_id="2", **named)[1]["ticket"]
    assert {name: made[name] for name in named} == named
    assert len(ok(call, "tickets.get", id="2")["ticket"]["followup_ids"]) == 2


def test_only_closed_tickets_are_followed_up(call):
    """An open one has no effect, as Zendesk documents; one that is not there is refused."""
    made = follow_up(call, via_followup_source_id=1)[1]["ticket"]
    assert (made["via"]["source"]["rel"], made["subject"]) == (None, "Still too hot")
    assert ok(call, "tickets.get", id="1")["ticket"]["followup_ids"] == []
    before = call.session.effect()
    status, body = follow_up(call, via_followup_source_id=99_999)
    assert (status, body["error"]) == (422, "RecordInvalid")
    assert call.session.effect() == before


def test_custom_fields_are_those_that_tickets_show(make_caller, world_of):
    """Undefined ones are listed as tickets have them; a field of no ticket is not kept."""
    tickets = [
        {"id": "1", "status": "open", "custom_fields": [{"id": 31, "value": "pump"}]},
        {"id": "2", "status": "open", "custom_fields": {"32": 5}}, {"id": "3", "status": "open"},
    ]  # fmt: skip
    call = make_caller(Engine(world_of(zendesk={"tickets": tickets})), "case")
    listed = ok(call, "ticket_fields.list")["ticket_fields"]
    assert [each["type"] for each in listed[:2]] == ["subject", "description"]
    assert [each["id"] for each in listed[-2:]] == [31, 32]
    assert listed[0].keys() >= {"raw_description", "visible_in_portal", "agent_description", "tag"}
    assert listed[4]["system_field_options"][-1] == {"name": "Urgent", "value": "urgent"}
    assert "custom_field_options" not in listed[-1]
    assert ok(call, "ticket_fields.get", id="32")["ticket_field"]["removable"] is True
    given = [{"id": 31, "value": "fan"}, {"id": 99, "value": "lost"}]
    for ticket in ("1", "3"):
        changed = ok(call, "tickets.update", id=ticket, custom_fields=given)["ticket"]
        assert changed["custom_fields"] == [{"id": 31, "value": "fan"}]
    none = make_caller(Engine(world_of(zendesk={"tickets": tickets[2:]})), "case")
    changed = ok(none, "tickets.update", id="3", custom_fields=given)["ticket"]
    assert changed["custom_fields"] == given


def test_zendesk_keeps_no_idempotency_keys(call):
    """A repeated request is a second ticket, whatever key it carries."""
    sent, ids = b'{"ticket": {"comment": {"body": "x"}}}', set()
    for _ in range(2):
        answer = call.raw("zendesk", "POST", "/api/v2/tickets", sent, idempotency_key="one")
        ids.add(answer[1]["ticket"]["id"])
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("rows", "known", "unknown"),
    [
        ({}, "360000000001", "999"),
        ({"groups": [{"id": "7", "name": "Billing"}]}, "7", "360000000001"),
    ],
)
def test_a_ticket_goes_to_a_group_that_is_there(make_caller, world_of, rows, known, unknown):
    """To one that is listed; another is refused, alone and in a bulk, and nothing is changed."""
    tickets = [{"id": "1", "status": "open"}]
    call = make_caller(Engine(world_of(zendesk={"tickets": tickets, **rows})), "case")
    status, body = call("zendesk.tickets.update", id="1", group_id=int(unknown))
    assert (status, body["error"]) == (422, "RecordInvalid")
    assert body["details"]["group"][0]["description"] == "Group: is invalid"
    assert call.session.effect() == {}
    made, _ = call("zendesk.tickets.create", comment={"body": "x"}, group_id=int(unknown))
    assert made == 422
    changed = ok(call, "tickets.update", id="1", group_id=int(known))["ticket"]
    assert changed["group_id"] == int(known)
    assert ok(call, "tickets.update", id="1", group_id=None)["ticket"]["group_id"] is None


@pytest.mark.parametrize("groups", [[], [{"id": "7", "name": "Billing"}]])
def test_a_group_that_tickets_are_in_is_there(make_caller, world_of, groups):
    """Whether it is listed or not; any other is still refused."""
    tickets = [{"id": "1", "status": "open"}, {"id": "2", "status": "open", "group_id": "5"},
               {"id": "3", "status": "open", "group_id": 6}]  # fmt: skip
    call = make_caller(Engine(world_of(zendesk={"tickets": tickets, "groups": groups})), "case")
    for known in (5, 6):
        assert ok(call, "tickets.update", id="1", group_id=known)["ticket"]["group_id"] == known
    assert call("zendesk.tickets.update", id="1", group_id=8)[0] == 422


def test_a_new_ticket_that_is_assigned_is_open(make_caller, world_of):
    """By itself, unless another status is asked for; the audit tells it."""
    rows = {"tickets": [{"id": str(n), "status": "new"} for n in (1, 2, 3)],
            "users": [{"id": "7", "name": "Ann", "role": "agent"}]}  # fmt: skip
    call = make_caller(Engine(world_of(zendesk=rows)), "case")
    changed = ok(call, "tickets.update", id="1", assignee_id=7)
    assert changed["ticket"]["status"] == "open"
    assert "status" in [each.get("field_name") for each in changed["audit"]["events"]]
    _, other = call("zendesk.tickets.update", id="2", assignee_id=7, status="pending")
    assert other["ticket"]["status"] == "pending"
    assert ok(call, "tickets.update", id="3", assignee_id=None)["ticket"]["status"] == "new"


@pytest.mark.parametrize("status", ["open", "pending", "hold", "solved"])
def test_a_ticket_is_new_once(make_caller, world_of, status):
    """What was taken up is never set back to new, as Zendesk's own rules say."""
    tickets = [{"id": "1", "status": status}, {"id": "2", "status": "new"}]
    call = make_caller(Engine(world_of(zendesk={"tickets": tickets})), "case")
    answered, body = call("zendesk.tickets.update", id="1", status="new", comment={"body": "x"})
    assert (answered, list(body["details"])) == (422, ["status"])
    assert call.session.effect() == {}
    assert call("zendesk.tickets.update", id="2", status="new")[0] == 200
