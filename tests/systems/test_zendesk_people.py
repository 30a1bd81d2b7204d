"""Zendesk's people: who gets a copy of a ticket, who is new in one, and who must not be double."""

import json

import pytest

from understudy.doors.transports import installed


def ticket(call, **given):
    """A new ticket, as it stands in the answer."""
    told = {"subject": "Late", "comment": {"body": "Where is it?"}, **given}
    status, body = call("zendesk.tickets.create", **told)
    assert status == 201, body
    return body["ticket"]


def person(call, **given):
    """A new user."""
    return call("zendesk.users.create", **{"name": "Somebody", **given})[1]["user"]


def test_collaborators_are_sorted_into_cc_and_followers(call):
    """By id, by e-mail, or by e-mail and name; whom nothing names is left out."""
    agent = person(call, email="agent@example.com", role="agent")
    known = person(call, email="known@example.com")
    made = ticket(call, collaborators=[
        agent["id"], "known@example.com", {"name": "New", "email": "new@example.com"},
        {"name": "Nobody", "email": None}, 1,
    ])  # fmt: skip
    _, found = call("zendesk.users.search", query="new@example.com")
    (new,) = found["users"]
    assert new["name"] == "New"
    assert made["email_cc_ids"] == [known["id"], new["id"]]
    assert made["follower_ids"] == [agent["id"]]
    assert made["collaborator_ids"] == [known["id"], new["id"], agent["id"]]


def test_copies_are_put_and_deleted(call):
    """One by one, and only agents follow; further collaborators join those who are there."""
    agent, known = (
        person(call, email="a@example.com", role="agent"),
        person(call, email="k@x.example"),
    )
    copied = [{"user_id": known["id"]}, {"user_email": "n@x.example"}]
    follow = [{"user_id": agent["id"], "action": "put"}, {"user_id": known["id"]}]
    made = ticket(call, email_ccs=copied, followers=follow)
    assert (len(made["email_cc_ids"]), made["follower_ids"]) == (2, [agent["id"]])
    gone = {"user_email": "k@x.example", "action": "delete"}
    given = {"email_ccs": [gone, {"user_email": "nobody@x.example", "action": "delete"}]}
    _, body = call("zendesk.tickets.update", id=made["id"], **given)
    (left,) = body["ticket"]["email_cc_ids"]
    assert left != known["id"]
    more = {"additional_collaborators": [known["id"]]}
    _, body = call("zendesk.tickets.update", id=made["id"], **more)
    assert body["ticket"]["collaborator_ids"] == [left, known["id"], agent["id"]]
    assert (call.last.fields, call.last.after["email_cc_ids"]) == (more, [left, known["id"]])
    _, body = call("zendesk.tickets.update", id=made["id"], email_cc_ids=[], follower_ids=[])
    assert body["ticket"]["collaborator_ids"] == []


@pytest.mark.parametrize("name", ["collaborators", "email_ccs", "followers", "email_cc_ids"])
def test_copies_are_a_list(call, name):
    """Anything else under the key is refused, and nothing is written."""
    before = call.session.overlay.diff()
    given = {"comment": {"body": "x"}, name: "everybody"}
    assert call("zendesk.tickets.create", **given)[0] == 400
    assert call.session.overlay.diff() == before


@pytest.mark.parametrize("name", ["email_ccs", "followers"])
def test_whom_to_copy_is_an_object(call, name):
    """What is none is refused under the key that it was given."""
    status, body = call("zendesk.tickets.create", comment={"body": "x"}, **{name: [7]})
    assert status >= 400 and name in str(body)


def test_the_vendor_s_client_sets_copies(call, engine):
    """Its own objects go through and come back."""
    from zenpy import Zenpy
    from zenpy.lib.api_objects import Comment, Ticket, User

    known = call.session.credentials["zendesk"]
    with installed(engine):
        client = Zenpy(subdomain=known["subdomain"], email=known["email"], token=known["token"])
        other = client.users.create(User(name="Copied", email="cc@example.com"))
        asked = Ticket(subject="x", comment=Comment(body="x"), collaborators=[other])
        made = client.tickets.create(asked).ticket
        assert [each.email for each in made.collaborators] == ["cc@example.com"]
        made.email_cc_ids = []
        assert list(client.tickets.update(made).ticket.email_cc_ids) == []


def test_a_new_requester_has_a_name(call):
    """An e-mail alone is enough for one who is known."""
    told = {"comment": {"body": "x"}, "requester": {"email": "first@example.com"}}
    status, body = call("zendesk.tickets.create", **told)
    assert status == 422
    assert body["details"]["requester"][0]["description"].startswith("Requester Name:")
    known = person(call, email="first@example.com")
    assert ticket(call, requester={"email": "first@example.com"})["requester_id"] == known["id"]


def test_a_ticket_has_its_requester_s_organization(call):
    """As long as the request names no other; one that does not exist is refused."""
    _, made = call("zendesk.organizations.create", name="Theirs")
    own = made["organization"]["id"]
    user = person(call, email="o@example.com", organization_id=own)
    asked = ticket(call, requester_id=user["id"], brand_id=42)
    assert (asked["organization_id"], asked["brand_id"]) == (own, 42)
    assert call("zendesk.tickets.update", id=asked["id"], organization_id=1)[0] == 422
    _, body = call("zendesk.tickets.update", id=asked["id"], organization_id=None)
    assert body["ticket"]["organization_id"] is None


def test_a_ticket_is_public_with_its_first_public_comment(call):
    """One that begins with a note is not."""
    made = ticket(call, comment={"body": "note", "public": False})
    assert made["is_public"] is False
    said = {"comment": {"body": "hello", "public": True}}
    assert call("zendesk.tickets.public_reply", id=made["id"], **said)[1]["ticket"]["is_public"]


@pytest.mark.parametrize("kind", ["user", "organization"])
def test_an_external_id_is_one_s_alone(call, kind):
    """A second one is refused when it is made and when it is changed; none is anybody's."""
    create, update = f"zendesk.{kind}s.create", f"zendesk.{kind}s.update"
    for name in ("A", "B"):
        assert call(create, name=name, external_id=None)[0] == 201
    _, first = call(create, name="C", external_id="x-1")
    status, body = call(create, name="D", external_id="X-1")
    assert (status, body["details"]["external_id"][0]["error"]) == (422, "DuplicateValue")
    _, other = call(create, name="E")
    assert call(update, id=other[kind]["id"], external_id="x-1")[0] == 422
    assert call(update, id=first[kind]["id"], external_id="x-1")[0] == 200


def test_people_are_found_by_external_id_and_by_roles(call, engine):
    """Exactly by the one; by any of several others."""
    person(call, name="Two", external_id="ext-22")
    wanted = person(call, name="One", external_id="ext-2")
    _, found = call("zendesk.users.search", external_id="ext-2")
    assert [each["id"] for each in found["users"]] == [wanted["id"]]
    import requests

    person(call, name="Boss", role="admin"), person(call, name="Hand", role="agent")
    known = call.session.credentials["zendesk"]
    with installed(engine):
        url = (
            f"https://{known['subdomain']}.zendesk.com/api/v2/users.json?role[]=agent&role[]=admin"
        )
        answer = requests.get(
            url, auth=(f"{known['email']}/token", known["token"]), timeout=5
        ).json()
    assert {"agent", "admin"} == {each["role"] for each in answer["users"]}


def test_tickets_are_found_by_external_id(call):
    """None where none has it."""
    made = ticket(call, external_id="order-7")
    _, found = call("zendesk.tickets.list", external_id="order-7")
    assert [each["id"] for each in found["tickets"]] == [made["id"]]
    assert call("zendesk.tickets.list", external_id="order-8")[1]["tickets"] == []


def test_an_address_is_added_once_and_free_after_its_user(call):
    """The same again is refused, to its own user as to others; a deleted user's is free."""
    user, other = person(call, email="mine@example.com"), person(call, email="other@example.com")
    given = {"type": "email", "value": "mine@example.com"}
    for each in (user, other):
        status, body = call("zendesk.identities.create", id=each["id"], **given)
        assert status == 422
        assert "is already being used by another user" in str(body)
    assert call("zendesk.users.delete", id=user["id"])[0] == 200
    assert call("zendesk.identities.create", id=other["id"], **given)[0] == 201


def job(call, queued):
    """A job, as whoever asks for it finds it."""
    return call("zendesk.job_statuses.get", id=queued["job_status"]["id"])[1]["job_status"]


def test_one_of_many_tickets_fails_by_itself(call):
    """Its result says in words why; the others are changed, and what fails is left as it was."""
    fine, wrong = ticket(call)["id"], ticket(call)["id"]
    stamp = {"safe_update": True, "updated_stamp": "2001-01-01T00:00:00Z"}
    given = [
        {"id": fine, "status": "open"}, {"id": fine, **stamp},
        {"id": wrong, "tags": ["kept-out"], "priority": "exploded"},
    ]  # fmt: skip
    sent = json.dumps({"tickets": given}).encode()
    done = job(call, call.raw("zendesk", "PUT", "/api/v2/tickets/update_many.json", sent)[1])
    assert (done["status"], [each["success"] for each in done["results"]]) == (
        "completed", [True, False, False]
    )  # fmt: skip
    _, stale, invalid = done["results"]
    assert invalid["error"] == "TicketUpdateFailed"
    assert invalid["details"] == "Priority: 'exploded' is not included in the list"
    assert stale["details"].startswith("Safe Update prevented")
    assert call("zendesk.tickets.get", id=str(wrong))[1]["ticket"]["tags"] == []


def test_a_job_of_which_nothing_succeeds_has_failed(call):
    """As the vendor's does, with the reasons."""
    wanted = [{"subject": "x"}, "nonsense"]
    done = job(call, call("zendesk.tickets.create_many", tickets=wanted)[1])
    assert (done["status"], done["message"].split()[0]) == ("failed", "Failed")
    assert done["results"][0]["details"] == "Comment: cannot be blank"
