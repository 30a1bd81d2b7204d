"""Lists, searches, paging and expanding, in each vendor's own way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.systems.stripe.form import decode, encode

STRIPE_QUERIES = [
    ("customers", "email:'ADA@example.com'", ["cus_ada"]),
    ("customers", "email~'example'", ["cus_bob", "cus_ada"]),
    ("customers", "metadata['crm_contact_id']:'101'", ["cus_ada"]),
    ("customers", "-email:'ada@example.com'", ["cus_bob"]),
    ("customers", "name:'Bob' OR name:'Ada Byron'", ["cus_bob", "cus_ada"]),
    ("customers", "created>10 AND created<=20", ["cus_bob"]),
    ("customers", "phone:null name:\"Bob\"", ["cus_bob"]),
    ("charges", "customer:'cus_bob' AND status:'failed'", ["ch_2000"]),
    ("charges", "amount>5998 AND amount<6000", ["ch_0999"]),
    ("charges", "customer:'cus_bob' AND disputed:'true'", ["ch_2001"]),
    ("invoices", "status:'open' AND customer:'cus_ada'", ["in_open"]),
]  # fmt: skip


@pytest.mark.parametrize(("table", "query", "ids"), STRIPE_QUERIES)
def test_stripe_query_language(call, table, query, ids):
    """Operators, negation, metadata, null, AND and OR."""
    status, body = call(f"stripe.{table}.search", query=query)
    assert (status, [each["id"] for each in body["data"]]) == (200, ids)
    assert body["object"] == "search_result"


@pytest.mark.parametrize(
    "query", ["", "email", "email:'x", "shoe:'1'", "email:'a' AND name:'b' OR name:'c'", "((("]
)
def test_stripe_query_that_cannot_be_read(call, query):
    """400, never an empty answer."""
    assert call("stripe.customers.search", query=query)[0] == 400


def test_stripe_search_pages_to_the_end(call):
    """`next_page` leads through 1,000 charges without loss or repetition."""
    seen, page = [], None
    while True:
        more = {"page": page} if page else {}
        _, body = call("stripe.charges.search", query="customer:'cus_ada'", limit=100, **more)
        seen += [each["id"] for each in body["data"]]
        page = body["next_page"]
        if not body["has_more"]:
            break
    assert len(seen) == len(set(seen)) == 1000


def test_stripe_cursors_go_both_ways(call):
    """`ending_before` is the mirror of `starting_after`; own writes stand first."""
    _, top = call("stripe.charges.list", limit=3)
    ids = [each["id"] for each in top["data"]]
    assert ids == ["ch_2002", "ch_2001", "ch_2000"]
    _, after = call("stripe.charges.list", limit=2, starting_after=ids[0])
    assert [each["id"] for each in after["data"]] == ids[1:]
    _, before = call("stripe.charges.list", limit=2, ending_before=ids[2])
    assert [each["id"] for each in before["data"]] == ids[:2]
    assert before["has_more"] is False
    call("stripe.refunds.create", charge="ch_0001", amount=1)
    call("stripe.refunds.create", charge="ch_0002", amount=1)
    _, refunds = call("stripe.refunds.list", limit=1)
    assert refunds["has_more"] is True
    assert call("stripe.refunds.list", charge="ch_0002")[1]["data"][0]["charge"] == "ch_0002"


@pytest.mark.parametrize(
    "given", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"starting_after": "ch_none"},
              {"created": {"after": "1"}}, {"colour": "red"}, {"expand": ["data.colour"]}]
)  # fmt: skip
def test_stripe_list_refuses_what_it_does_not_know(call, given):
    """Unknown filters are errors: a filter that is not heard would be a wrong answer."""
    assert 400 <= call("stripe.charges.list", **given)[0] < 500


def test_stripe_created_bounds(call):
    """Bounds narrow a list."""
    bounds = {"gte": 1_780_000_005, "lt": 1_780_000_007}
    _, body = call("stripe.charges.list", created=bounds)
    assert [each["id"] for each in body["data"]] == ["ch_0006", "ch_0005"]


def test_stripe_expand_nested(call):
    """Paths of several levels, in objects and in lists; unknown ones are refused."""
    _, charge = call("stripe.charges.retrieve", id="ch_0001",
                     expand=["payment_intent.latest_charge", "refunds"])  # fmt: skip
    assert charge["payment_intent"]["latest_charge"]["id"] == "ch_0001"
    assert charge["refunds"]["data"] == []
    _, page = call("stripe.charges.list", limit=1, expand=["data.customer"])
    assert page["data"][0]["customer"]["name"] == "Bob"
    assert call("stripe.charges.retrieve", id="ch_0001", expand=["amount"])[0] == 400
    assert call("stripe.charges.retrieve", id="ch_0001")[1]["customer"] == "cus_ada"


def test_payloads_have_production_size(call):
    """A candidate sees full objects, not five keys."""
    least = {
        "charges/ch_0001": 43,
        "customers/cus_ada": 22,
        "invoices/in_open": 70,
        "payment_intents/pi_0001": 42,
        "disputes/dp_1": 17,
        "subscriptions/sub_ada": 45,
    }
    for path, keys in least.items():
        _, body = call.raw("stripe", "GET", f"/v1/{path}")
        assert len(body) >= keys, path
    _, body = call.raw("zendesk", "GET", "/api/v2/tickets/1.json")
    assert len(body["ticket"]) >= 38
    _, body = call.raw("zendesk", "GET", "/api/v2/users/7001.json")
    assert len(body["user"]) >= 37


FILTERS = [
    ("EQ", {"propertyName": "email", "value": "ADA@example.com"}, {"101"}),
    ("NEQ", {"propertyName": "firstname", "value": "Bob"}, {"101", "102"}),
    ("IN", {"propertyName": "hs_object_id", "values": ["101", "102"]}, {"101", "102"}),
    ("HAS_PROPERTY", {"propertyName": "city"}, {"102"}),
    ("CONTAINS_TOKEN", {"propertyName": "email", "value": "ada*"}, {"101", "102"}),
    ("BETWEEN", {"propertyName": "hs_object_id", "value": "101", "highValue": "102"},
     {"101", "102"}),
    ("EQ", {"propertyName": "favourite_colour", "value": "blue"}, {"102"}),
    ("EQ", {"propertyName": "associations.companies", "value": "201"}, {"101"}),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "rest", "ids"), FILTERS)
def test_hubspot_operators(call, operator, rest, ids):
    """Each operator finds what it says; merged-away contacts are never found."""
    groups = [{"filters": [{"operator": operator, **rest}]}]
    status, body = call("hubspot.objects.search", object_type="contacts", filterGroups=groups)
    assert status == 200
    assert {each["id"] for each in body["results"]} == ids


@pytest.mark.parametrize(("sizes", "status"), [
    ([6, 6, 6], 200), ([4, 4, 4, 3, 3], 200), ([6, 6, 6, 1], 400), ([7], 400), ([1] * 6, 400),
])  # fmt: skip
def test_hubspot_limits_its_filters(call, sizes, status):
    """Six in a group, five groups, eighteen in all."""
    one = {"propertyName": "city", "operator": "HAS_PROPERTY"}
    groups = [{"filters": [one] * size} for size in sizes]
    given = {"object_type": "contacts", "filterGroups": groups}
    assert call("hubspot.objects.search", **given)[0] == status


def test_hubspot_limits_a_search_s_length_and_depth(call):
    """3,000 characters of a body, 200 objects a page, and the first 10,000 results."""

    def found(**given):
        return call("hubspot.objects.search", object_type="contacts", **given)[0]

    assert [found(query="a" * length) for length in (2_900, 3_000)] == [200, 400]
    assert [found(limit=limit) for limit in (200, 201)] == [200, 400]
    assert [found(after=after, limit=100) for after in ("9900", "9901")] == [200, 400]


def test_hubspot_groups_are_alternatives_and_filters_add_up(call):
    """Any group suffices; within a group all must hold."""

    def one(name, value):
        return {"propertyName": name, "operator": "EQ", "value": value}

    groups = [
        {"filters": [one("email", "ada@example.com"), one("firstname", "Ada")]},
        {"filters": [one("email", "p1@example.com"), one("firstname", "Ada")]},
        {"filters": [one("email", "p2@example.com")]},
    ]
    _, body = call("hubspot.objects.search", object_type="contacts", filterGroups=groups)
    assert [each["id"] for each in body["results"]] == ["101", "1002"]


@pytest.mark.parametrize(
    "given",
    [
        {"filterGroups": [{"filters": [{"propertyName": "a", "operator": "LIKE"}]}]},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": "email"},
        {"limit": 201},
        {"after": "x"},
        {"after": "9990", "limit": 100},
    ],
)
def test_hubspot_search_limits(call, given):
    """More than HubSpot allows is a 400 with its category."""
    status, body = call("hubspot.objects.search", object_type="contacts", **given)
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")


def test_hubspot_custom_objects_come_from_the_world(call):
    """A type that the world has a table for is served; a property that it has may be written."""
    _, body = call("hubspot.objects.update", object_type="contacts", id="101",
                   properties={"favourite_colour": "red"})  # fmt: skip
    assert body["properties"]["favourite_colour"] == "red"


ZENDESK_QUERIES = [
    ("type:ticket status:pending", [3]),
    ("type:ticket requester:bob@example.com", [3]),
    ("type:ticket requester:ada@example.com status>pending", [2]),
    ('type:ticket "Refund please"', [3]),
    ("type:ticket subject:refund -status:open", [3]),
    ("type:ticket 4242", [1]),
    ("type:ticket status<solved created>2026-01-04 subject:\"Question 17\" -tags:vip", None),
    ("type:user email:ada@example.com", [7001]),
    ("type:user role:agent", [7100]),
    ("type:organization engines", [7500]),
    ("bob@example.com type:user", [7002]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "ids"), ZENDESK_QUERIES)
def test_zendesk_search_language(call, query, ids):
    """Types, comparisons on ordered words, people by e-mail, phrases, negation, comments."""
    status, body = call("zendesk.search.list", query=query)
    assert status == 200
    found = sorted(each["id"] for each in body["results"])
    assert found == (ids if ids is not None else [17, *range(170, 180)])
    assert all(each["result_type"] in query for each in body["results"])


def test_zendesk_search_has_an_end(call):
    """Beyond a thousand results the vendor answers 422."""
    assert call("zendesk.search.list", query="type:ticket", page=10)[0] == 200
    status, body = call("zendesk.search.list", query="type:ticket", page=11)
    assert (status, body["error"]) == (422, "invalid")


def test_zendesk_pages_both_ways(call):
    """Cursor and offset paging both walk all thousand tickets."""
    seen, more = [], {"page[size]": 100}
    while True:
        _, body = call("zendesk.tickets.list", **more)
        seen += [each["id"] for each in body["tickets"]]
        if not body["meta"]["has_more"]:
            break
        more["page[after]"] = body["meta"]["after_cursor"]
    assert seen == list(range(1, 1001))
    _, body = call("zendesk.tickets.list", per_page=300, page=2)
    assert (body["count"], len(body["tickets"]), body["tickets"][0]["id"]) == (1000, 100, 101)
    assert call("zendesk.tickets.list", page=0)[0] == 400
    assert call("zendesk.tickets.list", **{"page[after]": "%%%"})[0] == 400


def test_zendesk_jobs_complete(call):
    """A bulk change answers with a queued job, which later says what became of each ticket."""
    _, body = call("zendesk.tickets.update_many", ids=["1", "2", "99999"], priority="high")
    assert body["job_status"]["status"] == "queued"
    _, job = call("zendesk.job_statuses.get", id=body["job_status"]["id"])
    assert [each["success"] for each in job["job_status"]["results"]] == [True, False, False]
    assert call("zendesk.tickets.get", id="1")[1]["ticket"]["priority"] == "high"


def test_zendesk_safe_update(call):
    """A stale stamp is a 409, a fresh one goes through."""
    body = b'{"ticket":{"priority":"high","safe_update":true,"updated_stamp":"%s"}}'
    path = "/api/v2/tickets/1.json"
    assert call.raw("zendesk", "PUT", path, body % b"2020-01-01T00:00:00Z")[0] == 409
    assert call.raw("zendesk", "PUT", path, body % b"2026-01-05T08:00:00Z")[0] == 200


def test_zendesk_delete_restore_and_for_good(call):
    """A deleted ticket is gone from reads, can be restored, and can be removed for good."""
    assert call("zendesk.tickets.delete", id="9")[0] == 204
    assert call("zendesk.tickets.get", id="9")[0] == 404
    assert call("zendesk.tickets.list_deleted")[1]["deleted_tickets"][0]["id"] == 9
    assert call("zendesk.tickets.restore", id="9")[0] == 200
    assert call("zendesk.tickets.permanently_delete", id="9")[0] == 404
    call("zendesk.tickets.delete", id="9")
    assert call("zendesk.tickets.permanently_delete", id="9")[0] == 200
    assert call("zendesk.tickets.restore", id="9")[0] == 404


FORMS = st.dictionaries(
    st.sampled_from(["amount", "metadata", "items", "note"]),
    st.recursive(
        st.text(max_size=6),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "b", "id"]), inner, min_size=1, max_size=3)
        ),
        max_leaves=6,
    ),
    max_size=4,
)


@given(FORMS)
def test_forms_survive_the_way_there_and_back(values):
    """Whatever Stripe's clients can write, the mock reads as it was meant."""
    assert decode(encode(values)) == values


@pytest.mark.timeout(20)
def test_hubspot_patterns_cannot_take_for_ever(call):
    """Stars upon stars are matched in the time that the text takes, whatever they say."""
    filters = [{"propertyName": "email", "operator": "CONTAINS_TOKEN", "value": "*a" * 60 + "*b"}]
    body = {"filterGroups": [{"filters": filters}]}
    status, found = call("hubspot.objects.search", object_type="contacts", **body)
    assert (status, found["results"]) == (200, [])


def test_hubspot_refuses_searches_that_are_too_long(call):
    """More than 3,000 characters are no search."""
    status, said = call("hubspot.objects.search", object_type="contacts", query="x" * 3_001)
    assert (status, said["category"]) == (400, "VALIDATION_ERROR")


@pytest.mark.timeout(20)
def test_zendesk_takes_thousands_of_words(call):
    """A search says each of its words once, however often it says them."""
    status, _ = call("zendesk.search.list", query=" ".join(["status:open", "refund"] * 3_000))
    assert status in (200, 422)
