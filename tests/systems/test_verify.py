"""Recorded requests played against the mocked systems, and their answers compared."""

import json

import msgspec
import pytest

from understudy.model.interaction import Interaction, RecordedRequest, RecordedResponse
from understudy.model.world import World
from understudy.systems.calling import build_request, find_operation
from understudy.systems.likeness import Aspect, unlike
from understudy.systems.verify import verify


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
    asked = _interaction(0, "stripe", "GET", "https://api.stripe.com/v1/payouts", answer={})
    found = verify([asked], world)
    assert (found.played, found.agreed) == (1, 0)
    assert found.differences[0].aspect is Aspect.OPERATION
    assert found.differences[0].detail == "GET /v1/payouts is not served"


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
