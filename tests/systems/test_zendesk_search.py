"""Zendesk's search language: alternatives, exclusions, people, times, wildcards and order."""

import pytest

from understudy.systems.engine import Engine

TICKETS = [
    {"id": "1", "status": "open", "subject": "Photography", "tags": ["silver", "vip"],
     "requester_id": "71", "created_at": "2026-11-01T23:30:00Z", "priority": "low",
     "updated_at": "2026-11-02T08:00:00Z", "organization_id": "91"},
    {"id": "2", "status": "pending", "subject": "Invoice", "tags": ["bronze"], "priority": "urgent",
     "requester_id": "72", "created_at": "2026-11-02T07:00:00Z", "assignee_id": "73",
     "updated_at": "2026-11-02T08:30:00Z", "email_cc_ids": [71], "collaborator_ids": [71]},
    {"id": "3", "status": "solved", "subject": "Photo", "tags": ["silver", "gold"],
     "requester_id": "71", "created_at": "2026-10-01T00:00:00Z", "group_id": "360000000001",
     "updated_at": "2026-10-05T00:00:00Z", "priority": "normal"},
]  # fmt: skip
USERS = [
    {"id": "71", "name": "Ada", "email": "ada@example.com", "organization_id": "91"},
    {"id": "72", "name": "Bob", "email": "bob@example.com", "suspended": True},
    {"id": "73", "name": "Eve", "email": "eve@acme.example", "role": "agent"},
]  # fmt: skip
ROWS = {
    "tickets": TICKETS, "users": USERS,
    "organizations": [{"id": "91", "name": "Customers"}],
    "comments": [{"id": "5", "ticket_id": "2", "author_id": "73", "body": "On it"}],
}  # fmt: skip


@pytest.fixture
def find(make_caller, world_of):
    """What a query finds, in its order."""
    call = make_caller(Engine(world_of(zendesk=ROWS)), "case")

    def found(query, **given):
        status, body = call("zendesk.search.list", query=query, **given)
        assert status == 200, body
        return [(each["result_type"], each["id"]) for each in body["results"]]

    return found


def tickets(*ids):
    """Hits that are tickets."""
    return [("ticket", each) for each in ids]


@pytest.mark.parametrize(("query", "ids"), [
    ("status:open status:pending", [1, 2]),
    ("tags:silver tags:bronze", [1, 2, 3]),
    ('tags:"silver gold"', [3]),
    ("tags:silver -tags:vip", [3]),
    ("status:open status:solved tags:silver -tags:gold", [1]),
    ("status<solved priority:low priority:urgent", [1, 2]),
    ("requester:ada@example.com requester:Bob type:ticket", [1, 2, 3]),
    ("commenter:eve@acme.example", [2]),
    ("cc:Ada", [2]),
    ("type:ticket organization:customers", [1]),
    ("group:support", [3]),
    ("assignee:none", [1, 3]),
    ("type:ticket subject:photo*", [1, 3]),
    ("solved>2026-10-01", [3]),
    ("solved:2026-10-05", [3]),
    ("created>2026-11-01 created<2026-11-03", [2]),
    ("type:ticket created:2026-11-01", [1]),
    ("type:ticket created>2026-11-01T20:00:00-08:00", [2]),
    ("type:ticket updated<2026-11-02T08:15:00Z", [1, 3]),
])  # fmt: skip
def test_conditions(find, query, ids):
    """Values of one property are alternatives, several properties hold at once."""
    assert sorted(find(query)) == tickets(*ids)


def test_times_before_now(find, call):
    """Hours, days and months count back from the case's present."""
    made = call("zendesk.tickets.create", subject="new", body="now")[1]["ticket"]["id"]
    for span in ("2minutes", "1hour", "4hours", "3days", "2weeks", "1month", "1year"):
        _, body = call("zendesk.search.list", query=f"type:ticket subject:new created>{span}")
        assert [each["id"] for each in body["results"]] == [made], span
        _, body = call("zendesk.search.list", query=f"type:ticket subject:new created<{span}")
        assert body["results"] == [], span
    assert find("created>99999years") == []


def test_people_and_organizations_are_found_too(find):
    """By what only they have, and only where the query does not say otherwise."""
    assert find("type:user organization:Customers") == [("user", 71)]
    assert find("is_suspended:true") == [("user", 72)]
    assert find("type:user email:*@nowhere") == []
    assert find("name:cust*") == [("organization", 91)]


def test_the_query_may_say_the_order(find):
    """As the parameters do, which come first."""
    assert find("type:ticket order_by:created sort:asc") == tickets(3, 1, 2)
    assert find("type:ticket order_by:priority sort:desc") == tickets(2, 3, 1)
    assert find("type:ticket order_by:status sort:asc") == tickets(1, 2, 3)
    assert find("type:ticket order_by:created", sort_by="updated_at", sort_order="asc") == tickets(
        3, 1, 2
    )


def test_a_query_of_very_many_conditions_is_refused(call):
    """At once, whatever they are."""
    query = " ".join(f"tags:t{number}" for number in range(5000))
    status, body = call("zendesk.search.list", query=query)
    assert (status, body["error"]) == (422, "invalid")
