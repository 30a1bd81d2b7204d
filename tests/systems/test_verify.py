"""Recorded requests played against the mocked systems, and their answers compared."""

import json

import msgspec
import pytest

from understudy.model.interaction import (
    Interaction,
    RecordedRequest,
    RecordedResponse,
    Source,
)
from understudy.model.world import World
from understudy.systems.calling import build_request, find_operation
from understudy.systems.likeness import Aspect, unlike
from understudy.systems.verify import stretches, verify


def _interaction(seq, system, method, url, body=None, status=200, answer=None, **other):
    return Interaction(
        interaction_id=f"i{seq}", seq=seq, system=system,
        request=RecordedRequest(method=method, url=url, body=body),
        response=RecordedResponse(status=status, body=answer), **other,
    )  # fmt: skip


SCRIPT = [
    ("stripe.charges.retrieve", {"id": "ch_0001", "expand": ["customer"]}),
    ("stripe.charges.list", {"limit": 3, "customer": "cus_ada"}),
    ("stripe.customers.search", {"query": "email:'ada@example.com'"}),
    ("stripe.charges.retrieve", {"id": "ch_nope"}),
    ("stripe.refunds.create", {"charge": "ch_0001", "amount": 100, "metadata": {"a": "b"}}),
    ("stripe.refunds.retrieve", {"id": "<made>"}),
    ("stripe.refunds.create", {"charge": "ch_0001", "amount": 999_999}),
    ("hubspot.objects.get", {"object_type": "contacts", "id": "101", "properties": ["email"]}),
    ("hubspot.objects.search", {"object_type": "companies", "filterGroups": []}),
    ("hubspot.objects.create", {"object_type": "notes", "properties": {"hs_note_body": "Hi"}}),
    ("hubspot.objects.get", {"object_type": "notes", "id": "<made>"}),
    ("hubspot.objects.get", {"object_type": "contacts", "id": "999"}),
    ("zendesk.tickets.get", {"id": "1"}),
    ("zendesk.comments.list", {"id": "1"}),
    ("zendesk.tickets.public_reply", {"id": "1", "body": "Done", "status": "solved"}),
    ("zendesk.tickets.create", {"body": "Help", "subject": "New"}),
    ("zendesk.tickets.get", {"id": "<made>"}),
    ("desk.escalate", {"reason": "Too much"}),
]


@pytest.fixture
def recording(caller_of):
    """What a case did, as it would have been recorded at the vendors."""
    caller = caller_of("somebody-else")
    found, made = [], ""
    for seq, (name, given) in enumerate(SCRIPT):
        asked = {key: made if value == "<made>" else value for key, value in given.items()}
        request = build_request(find_operation(name), asked, caller.session.credentials)
        response = caller.engine.handle(request)
        answer = json.loads(response.body)
        made = str(answer.get("id") or answer.get("ticket", {}).get("id"))
        system = caller.engine.systems[name.partition(".")[0]]
        url = f"https://gateway.example{request.path}?{request.query}"
        found.append(
            _interaction(
                seq, system.name, request.method, url, system.body(request), response.status,
                answer, operation=name,
            )
        )  # fmt: skip
    return found


def test_what_these_systems_answered_agrees(world, recording):
    """A recording of the systems themselves agrees wholly, ids that writes made included."""
    found = verify(recording, world)
    assert found.differences == ()
    assert (found.played, found.agreed, found.share) == (len(SCRIPT), len(SCRIPT), 1.0)
    names = {name for name, _ in SCRIPT}
    assert {each.operation for each in found.operations} == names


def test_the_order_is_the_recording_s(world, recording):
    """Requests are played by their sequence numbers, in whatever order they come."""
    assert verify(reversed(recording), world).share == 1.0


def test_reads_bring_their_own_world(recording):
    """Without a world, the objects that recorded reads show are enough to answer them."""
    reads = [each for each in recording if each.operation not in (
        "stripe.refunds.create", "stripe.refunds.retrieve")]  # fmt: skip
    found = verify(reads)
    by_name = {each.operation: each.share for each in found.operations}
    for name in (
        "stripe.charges.retrieve", "stripe.charges.list", "hubspot.objects.get",
        "hubspot.objects.search", "zendesk.tickets.get", "zendesk.tickets.public_reply",
    ):  # fmt: skip
        assert by_name[name] == 1.0, (name, found.differences)


def _tampered(each, **changes):
    response = msgspec.structs.replace(each.response, **changes)
    return msgspec.structs.replace(each, response=response)


@pytest.mark.parametrize(
    ("index", "changes", "aspect", "detail"),
    [
        (0, {"status": 202}, Aspect.STATUS, "200 instead of 202"),
        (0, {"body": {"id": "ch_0001", "new_field": 1}}, Aspect.FIELDS, "new_field is missing"),
        (0, {"body": {"amount": "5001"}}, Aspect.TYPES, "amount: number instead of string"),
        (1, {"body": {"data": [{"paid": "yes"}]}}, Aspect.TYPES, "data[].paid: boolean instead"),
        (3, {"body": {"error": {"code": "gone"}}}, Aspect.ERRORS, "`resource_missing` instead of"),
    ],
)
def test_a_difference_is_told(world, recording, index, changes, aspect, detail):
    """Status, missing field, other type, other error: each is named with its place."""
    recording[index] = _tampered(recording[index], **changes)
    found = verify(recording, world)
    assert found.agreed == found.played - 1
    (difference,) = found.differences
    assert difference.aspect is aspect
    assert detail in difference.detail
    assert difference.interaction_id == f"i{index}"
    (row,) = [each for each in found.operations if each.differing]
    assert row.differing == {aspect: 1}
    assert row.operation == difference.operation


def test_what_is_not_served_does_not_agree(world):
    """A request that no operation serves counts as played and as different."""
    asked = _interaction(0, "stripe", "GET", "https://api.stripe.com/v1/quotes", answer={})
    found = verify([asked], world)
    assert (found.played, found.agreed) == (1, 0)
    assert found.differences[0].aspect is Aspect.OPERATION
    assert found.differences[0].detail == "GET /v1/quotes is not served"


def test_what_cannot_be_played_is_counted(world):
    """No recorded answer, and systems that are not mounted: neither agrees nor differs."""
    lost = msgspec.structs.replace(
        _interaction(0, "stripe", "GET", "https://api.stripe.com/v1/charges"), response=None
    )
    foreign = _interaction(1, "api.other.example", "GET", "https://api.other.example/a")
    found = verify([lost, foreign], world)
    assert (found.unanswered, found.foreign, found.played, found.share) == (1, 1, 0, None)


def test_an_empty_recording_gives_no_share():
    """Nothing played is no agreement."""
    assert verify([]).share is None


@pytest.mark.parametrize("body", ["{half", "", [], {}, {"a": None}, "ä" * 10, [1, {"b": []}]])
@pytest.mark.parametrize("answer", [None, "text", [], {"id": None}, {"data": [1]}])
def test_odd_bodies_are_played(world, body, answer):
    """Whatever stands in a recording, it is compared and never raises."""
    for system, url in (
        ("stripe", "https://api.stripe.com/v1/refunds"),
        ("hubspot", "https://api.hubapi.com/crm/v3/objects/contacts"),
        ("zendesk", "https://acme.zendesk.com/api/v2/tickets.json"),
    ):
        found = verify([_interaction(0, system, "POST", url, body, answer=answer)], world)
        assert found.played == 1


def test_a_vendor_s_own_answer():
    """A contact as HubSpot shows it: another custom property is data, and no difference."""
    answer = {
        "id": "55", "properties": {"email": "a@example.com", "shoe_size": "43"},
        "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-02T00:00:00.000Z",
        "archived": False,
    }  # fmt: skip
    url = "https://api.hubapi.com/crm/v3/objects/contacts/55?properties=email,shoe_size"
    found = verify([_interaction(0, "hubspot", "GET", url, answer=answer)])
    assert found.share == 1.0, found.differences


def test_null_is_of_every_type():
    """What is null on either side is neither missing nor of another type."""
    assert unlike((200, {"a": None, "b": 1}), (200, {"a": "x", "b": None, "c": 2})) == []


def test_the_world_is_left_alone(world, recording):
    """Verifying adds nothing to the world that it was given."""
    before = {name: len(rows) for name, rows in world.tables.items()}
    verify(recording, world)
    assert {name: len(rows) for name, rows in world.tables.items()} == before
    assert isinstance(world, World)


def test_each_case_is_played_on_a_state_of_its_own(world):
    """Two people refund the same charge in two cases: both go through, as they did."""
    answer = {"id": "re_1", "object": "refund", "amount": 5001, "charge": "ch_0001"}
    refunds = [
        _interaction(
            seq, "stripe", "POST", "https://api.stripe.com/v1/refunds", {"charge": "ch_0001"},
            answer=answer, correlation_id=case, actor=actor,
        )
        for seq, (case, actor) in enumerate([("c1", "a"), ("c1", "b"), ("c2", "a")])
    ]  # fmt: skip
    assert verify(refunds, world, cases={"c1", "c2"}).agreed == 3
    together = [msgspec.structs.replace(each, correlation_id=None) for each in refunds]
    source = Source(format="har", file="one.har")
    together = [msgspec.structs.replace(each, source=source) for each in together]
    found = verify(together, world)
    assert (found.agreed, found.played) == (1, 3)
    assert "already been refunded" in found.differences[0].detail


def test_what_belongs_together_is_told_by_case_correlation_and_file():
    """A case and its worker, else a shared correlation, else a source file, else each alone."""
    source = Source(format="vcr", file="a.yaml")
    asked = [
        {"correlation_id": "c1", "actor": "a"}, {"correlation_id": "c1", "actor": "b"},
        {"correlation_id": "x"}, {"correlation_id": "x"}, {"correlation_id": "once"},
        {"source": source}, {"source": source, "correlation_id": "alone"}, {},
    ]  # fmt: skip
    made = [
        _interaction(seq, "stripe", "GET", "https://api.stripe.com/v1/charges", **given)
        for seq, given in enumerate(asked)
    ]
    found = [[each.seq for each in stretch] for stretch in stretches(made, {"c1"})]
    assert found == [[0], [1], [2, 3], [4], [5, 6], [7]]


def test_a_case_sees_the_state_that_it_was_recorded_with():
    """The same charge in two cases, refunded in between by hand: each reads its own."""
    url = "https://api.stripe.com/v1/charges/ch_9"
    answers = [
        {
            "id": "ch_9",
            "object": "charge",
            "amount": 900,
            "amount_refunded": refunded,
            "status": "succeeded",
            "refunded": refunded == 900,
        }
        for refunded in (0, 900)
    ]
    refund = "https://api.stripe.com/v1/refunds"
    refused = {"error": {"code": "charge_already_refunded", "type": "invalid_request_error"}}
    made = [
        _interaction(0, "stripe", "GET", url, answer=answers[0], correlation_id="c1"),
        _interaction(1, "stripe", "GET", url, answer=answers[1], correlation_id="c2"),
        _interaction(
            2, "stripe", "POST", refund, {"charge": "ch_9"}, 400, refused, correlation_id="c2"
        ),
    ]
    assert verify(made, cases={"c1", "c2"}).differences == ()


def test_what_no_operation_serves_has_happened_all_the_same():
    """A customer's invoice that an unserved call made is there for the calls that follow."""
    invoice = {"id": "in_9", "object": "invoice", "status": "open", "amount_due": 900}
    made = [
        _interaction(0, "stripe", "POST", "https://api.stripe.com/v1/quotes", answer=invoice),
        _interaction(1, "stripe", "GET", "https://api.stripe.com/v1/invoices/in_9", answer=invoice),
    ]
    found = verify(made)
    assert [each.operation for each in found.differences] == ["stripe.unserved"]


def test_pages_are_followed_by_our_own_cursors():
    """A recorded cursor means our cursor in the same place; where we have none, page one."""
    users = [{"id": 100 + n, "name": f"N{n}"} for n in range(3)]
    base = "https://acme.zendesk.com/api/v2/users.json?page%5Bsize%5D=2"
    pages = [
        {"users": users[:2], "meta": {"has_more": True, "after_cursor": "opaque-1"}},
        {"users": users[2:], "meta": {"has_more": True, "after_cursor": "opaque-2"}},
        {"users": users[2:], "meta": {"has_more": False, "after_cursor": None}},
    ]
    after = ["", "&page%5Bafter%5D=opaque-1", "&page%5Bafter%5D=opaque-2"]
    source = Source(format="vcr", file="a.yaml")
    made = [
        _interaction(seq, "zendesk", "GET", base + after[seq], answer=page, source=source)
        for seq, page in enumerate(pages)
    ]
    assert verify(made).differences == ()


def test_words_in_the_place_of_an_id_are_operations_of_their_own():
    """`destroy_many` is no user: it is told as not served, and nothing is deleted."""
    url = "https://acme.zendesk.com/api/v2/users/destroy_many.json?ids=1,2"
    found = verify([_interaction(0, "zendesk", "DELETE", url, answer={"job_status": {}})])
    assert found.differences[0].detail == "DELETE /api/v2/users/destroy_many.json is not served"


def test_lists_of_several_sorts_are_compared_sort_by_sort():
    """The first recorded event is held against ours of its own type."""
    recorded = (200, {"events": [{"type": "Change", "previous_value": "new"}]})
    ours = [{"type": "Comment", "body": "a"}, {"type": "Change", "previous_value": "open"}]
    assert unlike(recorded, (200, {"events": ours})) == []


def test_what_a_successful_request_refers_to_was_there():
    """A payment method that the customer's browser made is known, though no answer shows it."""
    customer = {"id": "cus_9", "object": "customer", "email": "a@example.com"}
    made = _interaction(
        0, "stripe", "POST", "https://api.stripe.com/v1/customers/cus_9",
        {"invoice_settings[default_payment_method]": "pm_of_a_browser"}, answer=customer,
    )  # fmt: skip
    assert verify([made]).differences == ()


def test_whose_list_was_empty_was_there():
    """A customer whose list was answered empty is a customer, though no answer shows it."""
    empty = {"object": "list", "url": "/v1/charges", "has_more": False, "data": []}
    other = {"id": "cus_8", "object": "customer"}
    read = [
        _interaction(n, "stripe", "GET", f"https://api.stripe.com/v1/{path}", answer=answer)
        for n, (path, answer) in enumerate(
            [("customers/cus_8", other), ("charges?customer=cus_9&limit=3", empty)]
        )
    ]
    assert verify(read).differences == ()


def test_what_a_case_made_was_not_there_before(world_of):
    """A world that lies in the recording has it, as it was made; the write makes it again."""
    given = {"name": "Engines Ltd"}
    made = {"id": 7777, "shared_tickets": False, "shared_comments": False, **given}
    url = "https://acme.zendesk.com/api/v2/organizations"
    recording = [
        _interaction(0, "zendesk", "POST", f"{url}.json", {"organization": given}, 201,
                     {"organization": made}),
        _interaction(1, "zendesk", "DELETE", f"{url}/7777.json", None, 204, None),
    ]  # fmt: skip
    world = world_of(zendesk={"organizations": [{**made, "id": "7777"}]})
    together = [msgspec.structs.replace(each, correlation_id="c") for each in recording]
    assert verify(together, world).differences == ()
