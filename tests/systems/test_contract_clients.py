"""The vendors' own clients run unmodified against the mocked systems, at their real hosts."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from understudy.doors.serving import open_world
from understudy.doors.transports import installed
from understudy.doors.variables import credential_variables
from understudy.systems.engine import Engine


@pytest.fixture
def door(engine: Engine) -> Iterator[Engine]:
    """The engine behind patched HTTP clients."""
    with installed(engine):
        yield engine


@pytest.fixture
def stripe_client(call, door):
    """Stripe's client with the case's key."""
    import stripe

    return stripe.StripeClient(call.session.credentials["stripe"]["api_key"])


@pytest.fixture
def hubspot_client(call, door):
    """HubSpot's client with the case's token."""
    import hubspot

    return hubspot.Client.create(
        access_token=call.session.credentials["hubspot"]["access_token"], retry=False
    )


def _stripe_reads(v1):
    assert v1.customers.retrieve("cus_ada").email == "Ada@Example.com"
    assert v1.customers.list({"email": "bob@example.com"}).data[0].id == "cus_bob"
    assert v1.customers.search({"query": "email:'ada@example.com'"}).data[0].id == "cus_ada"
    charge = v1.charges.retrieve("ch_0001", {"expand": ["customer", "payment_intent"]})
    assert charge.customer.name == "Ada Byron"
    assert charge.payment_intent.latest_charge == "ch_0001"
    assert (
        v1.charges.search({"query": "customer:'cus_bob' AND currency:'jpy'"}).data[0].amount == 700
    )
    assert v1.payment_intents.retrieve("pi_0001").status == "succeeded"
    assert v1.invoices.retrieve("in_open").lines.data[0].description == "Seats"
    subscription = v1.subscriptions.retrieve("sub_ada")
    assert subscription["items"].data[0].price.unit_amount == 4900
    assert [s.id for s in v1.subscriptions.list({"customer": "cus_ada"}).data] == ["sub_ada"]
    assert len(v1.subscriptions.list({"customer": "cus_ada", "status": "all"}).data) == 2
    assert v1.disputes.list().data[0].evidence_details.has_evidence is False
    assert v1.events.retrieve("evt_1").data.object["id"] == "ch_0001"
    assert v1.prices.list({"product": "prod_1"}).data[0].recurring.interval == "month"


def test_stripe_reads(stripe_client):
    """A dozen kinds of reads come back as the client's own typed objects."""
    _stripe_reads(stripe_client.v1)


def _stripe_writes(v1):
    refund = v1.refunds.create({"charge": "ch_0001", "reason": "duplicate"})
    assert refund.amount == 5001
    assert v1.refunds.retrieve(refund.id).charge == "ch_0001"
    assert v1.charges.retrieve("ch_0001").refunded is True
    v1.refunds.create({"payment_intent": "pi_0002", "amount": 100})
    v1.customers.update("cus_ada", {"metadata": {"vip": "yes"}, "address": {"city": "Linz"}})
    assert v1.customers.retrieve("cus_ada").metadata["crm_contact_id"] == "101"
    made = v1.customers.create({"email": "new@example.com", "name": "New"})
    assert v1.customers.list({"limit": 1}).data[0].id == made.id
    v1.credit_notes.create({"invoice": "in_open", "amount": 1000, "reason": "order_change"})
    assert v1.invoices.retrieve("in_open").amount_remaining == 9000
    assert v1.credit_notes.preview({"invoice": "in_open", "amount": 500}).amount == 500
    v1.invoices.send_invoice("in_open")
    assert v1.invoices.void_invoice("in_open").status == "void"
    assert v1.invoices.finalize_invoice("in_draft").status == "open"
    item = {"id": "x", "price": "price_basic", "quantity": 1}
    v1.subscriptions.update("sub_ada", {"items": [item]})
    v1.subscriptions.update("sub_ada", {"cancel_at_period_end": True})
    assert v1.subscriptions.cancel("sub_ada").status == "canceled"
    v1.disputes.update("dp_1", {"evidence": {"uncategorized_text": "Signed."}, "submit": True})
    assert v1.disputes.retrieve("dp_1").status == "under_review"
    v1.payment_intents.cancel("pi_held")
    balance = v1.customers.balance_transactions.create(
        "cus_ada", {"amount": -500, "currency": "eur"}
    )
    assert balance.ending_balance == -500
    assert v1.customers.delete("cus_bob").deleted is True


def test_stripe_writes(stripe_client, call):
    """A dozen kinds of writes change what the client reads afterwards, and each is captured."""
    _stripe_writes(stripe_client.v1)
    assert [a.operation.removeprefix("stripe.") for a in call.session.actions] == [
        "refunds.create", "refunds.create", "customers.update", "customers.create",
        "credit_notes.create", "invoices.send", "invoices.void", "invoices.finalize",
        "subscriptions.update", "subscriptions.cancel_at_period_end", "subscriptions.cancel",
        "disputes.update", "payment_intents.cancel", "customer_balance.create",
        "customers.delete",
    ]  # fmt: skip
    assert all(action.response_status == 200 for action in call.session.actions)
    assert not call.session.gaps


@pytest.mark.parametrize(
    ("method", "code", "decline"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
    ],
)
def test_stripe_declines_a_card(stripe_client, call, method, code, decline):
    """A payment that the bank refuses raises the client's CardError, and no money has moved."""
    import stripe

    asked = {"amount": 500, "currency": "eur", "payment_method": method, "confirm": True}
    with pytest.raises(stripe.CardError) as refused:
        stripe_client.v1.payment_intents.create(asked)
    assert refused.value.http_status == 402
    assert refused.value.code == code
    assert refused.value.error.decline_code == decline
    assert call.session.effect() == {}
    assert call.session.actions[-1].response_status == 402


def test_stripe_auto_paging(stripe_client):
    """The client's own paging walks 1,003 charges without losing or repeating one."""
    ids = [c.id for c in stripe_client.v1.charges.list({"limit": 100}).auto_paging_iter()]
    assert len(ids) == len(set(ids)) == 1003
    assert ids[0] == "ch_2002"


def test_stripe_exceptions(stripe_client, engine, call):
    """Each refusal raises the class that Stripe's own client keeps for it."""
    import stripe

    v1 = stripe_client.v1
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        v1.charges.retrieve("ch_none")
    assert unknown.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        v1.refunds.create({"charge": "ch_0001", "amount": 999_999})
    v1.refunds.create({"charge": "ch_0003"}, {"idempotency_key": "k1"})
    with pytest.raises(stripe.IdempotencyError):
        v1.refunds.create({"charge": "ch_0004"}, {"idempotency_key": "k1"})
    foreign = stripe.StripeClient("sk_test_51wrong00000000000000")
    with pytest.raises(stripe.AuthenticationError):
        foreign.v1.charges.list()


def test_stripe_retry_after_a_lost_answer_refunds_once(stripe_client, call):
    """The same idempotency key, sent again, gives the same refund and no second one."""
    given = {"charge": "ch_0005", "amount": 200}
    first = stripe_client.v1.refunds.create(given, {"idempotency_key": "k"})
    again = stripe_client.v1.refunds.create(given, {"idempotency_key": "k"})
    assert first.id == again.id
    assert len(call.session.actions) == 1
    assert stripe_client.v1.charges.retrieve("ch_0005").amount_refunded == 200


def _hubspot_reads(crm):
    one = crm.contacts.basic_api.get_by_id("101", properties=["email", "phone"])
    assert one.properties["phone"] == "+43 1"
    by_email = crm.contacts.basic_api.get_by_id("ada@example.com", id_property="email")
    assert by_email.id == "101"
    assert crm.contacts.basic_api.get_by_id("103").id == "101"
    linked = crm.contacts.basic_api.get_by_id("101", associations=["companies"])
    assert linked.associations["companies"].results[0].id == "201"
    assert crm.companies.basic_api.get_page(limit=5).results[0].properties["name"] == "Engines Ltd"
    assert crm.deals.basic_api.get_by_id("301").properties["amount"] == "1200.50"
    assert crm.owners.owners_api.get_page().results[0].first_name == "Eve"
    assert crm.owners.owners_api.get_by_id(51).email == "eve@acme.example"
    stages = crm.pipelines.pipelines_api.get_all("deals").results[0].stages
    assert "closedwon" in [stage.id for stage in stages]
    names = [p.name for p in crm.properties.core_api.get_all("contacts").results]
    assert "favourite_colour" in names
    linked = crm.associations.v4.basic_api.get_page("contacts", "102", "deals")
    assert str(linked.results[0].to_object_id) == "301"
    read = crm.contacts.batch_api.read({"inputs": [{"id": "101"}], "properties": ["email"]})
    assert read.results[0].properties["email"] == "ada@example.com"


def test_hubspot_reads(hubspot_client):
    """A dozen kinds of reads come back as the client's own models."""
    _hubspot_reads(hubspot_client.crm)


def test_hubspot_search(hubspot_client):
    """Filters, sorts and paging of the search work through the client."""
    wanted = {"propertyName": "email", "operator": "CONTAINS_TOKEN", "value": "*@example.com"}
    body = {
        "filterGroups": [{"filters": [wanted]}], "sorts": ["-createdate"], "limit": 100,
        "properties": ["email"],
    }  # fmt: skip
    found = hubspot_client.crm.contacts.search_api.do_search(body)
    assert found.total == 1002
    assert found.paging.next.after == "100"


def test_hubspot_paging(hubspot_client):
    """The client's `get_all` walks 1,002 living contacts."""
    ids = [row.id for row in hubspot_client.crm.contacts.get_all()]
    assert len(ids) == len(set(ids)) == 1002


def _hubspot_writes(crm):
    new = crm.contacts.basic_api.create({"properties": {"email": "New@example.com"}})
    assert crm.contacts.basic_api.get_by_id(new.id).properties["email"] == "new@example.com"
    crm.contacts.basic_api.update("101", {"properties": {"phone": "+43 2", "city": ""}})
    note = crm.objects.basic_api.create(
        "notes",
        {
            "properties": {"hs_note_body": "Called.", "hs_timestamp": "2026-09-01T10:00:00Z"},
            "associations": [{"to": {"id": "101"}, "types": [
                {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]}],
        },
    )  # fmt: skip
    v4 = crm.associations.v4.basic_api
    assert str(v4.get_page("notes", note.id, "contacts").results[0].to_object_id) == "101"
    v4.create_default("contacts", "102", "companies", "201")
    typed = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]
    v4.create("deals", "301", "contacts", "101", typed)
    v4.archive("deals", "301", "contacts", "101")
    crm.deals.basic_api.update("301", {"properties": {"dealstage": "closedwon"}})
    merged = crm.contacts.basic_api.merge({"primaryObjectId": "101", "objectIdToMerge": "102"})
    assert merged.id == "101"
    assert crm.contacts.basic_api.get_by_id("102", properties=["city"]).properties["city"] == "Graz"
    crm.contacts.batch_api.update({"inputs": [{"id": "1001", "properties": {"city": "Wien"}}]})
    crm.contacts.batch_api.create({"inputs": [{"properties": {"email": "b@example.com"}}]})
    crm.contacts.batch_api.archive({"inputs": [{"id": "1002"}]})
    crm.companies.basic_api.archive("201")
    crm.contacts.basic_api.purge({"objectId": "1003"})


def test_hubspot_writes(hubspot_client, call):
    """A dozen kinds of writes change what the client reads afterwards, and each is captured."""
    _hubspot_writes(hubspot_client.crm)
    assert len(call.session.actions) == 13
    assert all(action.response_status < 300 for action in call.session.actions)


def test_hubspot_exceptions(hubspot_client):
    """Refusals raise the client's exceptions with HubSpot's categories in them."""
    from hubspot.crm.contacts import ApiException
    from hubspot.crm.contacts.exceptions import NotFoundException

    api = hubspot_client.crm.contacts.basic_api
    with pytest.raises(NotFoundException):
        api.get_by_id("999999")
    with pytest.raises(ApiException) as taken:
        api.create({"properties": {"email": "ada@example.com"}})
    assert taken.value.status == 409
    assert "Existing ID: 101" in taken.value.body
    with pytest.raises(ApiException) as unknown:
        api.update("101", {"properties": {"no_such": "1"}})
    assert "PROPERTY_DOESNT_EXIST" in unknown.value.body


def test_hubspot_partial_batch(hubspot_client):
    """A batch with unknown ids answers 207, which the client reads as its model with errors."""
    read = hubspot_client.crm.contacts.batch_api.read(
        {"inputs": [{"id": "101"}, {"id": "999999"}], "properties": ["email"]}
    )
    assert type(read).__name__ == "BatchResponseSimplePublicObjectWithErrors"
    assert [row.id for row in read.results] == ["101"]
    assert read.num_errors == 1


def test_hubspot_s_client_reads_what_was_archived(hubspot_client):
    """It writes `archived=True` with a capital, for one object and for a page of them."""
    api = hubspot_client.crm.contacts.basic_api
    api.archive("101")
    assert api.get_by_id("101", archived=True).archived is True
    assert "101" in [row.id for row in api.get_page(archived=True).results]
    assert "101" not in [row.id for row in api.get_page(archived=False).results]


def test_hubspot_s_client_is_told_what_an_upsert_made(hubspot_client):
    """`new` says of each object whether it was created."""
    given = [
        {"id": email, "idProperty": "email", "properties": {"city": "Wien"}}
        for email in ("ada@example.com", "new@example.com")
    ]
    made = hubspot_client.crm.contacts.batch_api.upsert({"inputs": given})
    assert type(made).__name__ == "BatchResponseSimplePublicUpsertObject"
    assert [row.new for row in made.results] == [False, True]
    assert {row.properties["city"] for row in made.results} == {"Wien"}


def _stripe_work(variables):
    import stripe

    base = variables.get("STRIPE_API_BASE")
    options = {"base_addresses": {"api": base}} if base else {}
    v1 = stripe.StripeClient(variables["STRIPE_API_KEY"], **options).v1
    _stripe_reads(v1)
    ids = [each.id for each in v1.charges.list({"limit": 100}).auto_paging_iter()]
    _stripe_writes(v1)
    return ids


def _hubspot_work(variables):
    import hubspot

    base = variables.get("HUBSPOT_API_BASE")
    options = {"host": base} if base else {}
    crm = hubspot.Client.create(
        access_token=variables["HUBSPOT_ACCESS_TOKEN"], retry=False, **options
    ).crm
    _hubspot_reads(crm)
    ids = [row.id for row in crm.contacts.get_all()]
    _hubspot_writes(crm)
    return ids


def _done(session):
    """Actions without the keys that Stripe's client makes up for every call, and the digest."""
    actions = [msgspec.structs.replace(each, idempotency_key=None) for each in session.actions]
    return actions, session.overlay.digest(), session.gaps, session.reads


@pytest.mark.parametrize("work", [_stripe_work, _hubspot_work])
def test_a_script_does_the_same_in_process_and_over_loopback(world, work):
    """A thousand objects paged, twelve reads, twelve writes: equal actions and overlay digest."""
    engine = Engine(world, seed=7)
    session = engine.open_case("case")
    with installed(engine):
        ids = work(credential_variables(session.credentials))
    with open_world(world, seed=7) as served:
        assert work(served.variables) == ids
        assert _done(served.session) == _done(session)
    assert len(ids) == len(set(ids)) >= 1000
    assert len(session.actions) >= 12
    assert sum(session.reads.values()) >= 12


ZENPY = """
import json, sys, warnings
warnings.simplefilter("ignore")
from understudy.doors.transports import installed
from understudy.model.world import World
from understudy.systems.engine import Engine

from understudy.doors.serving import open_world
import contextlib, os
world = World(json.loads(sys.stdin.read()), now=1_790_000_000)
if sys.argv[1] == "loopback":
    door = open_world(world, seed=7)
    served = door.__enter__()
    session = served.session
    os.environ.update(served.variables)
else:
    engine = Engine(world, seed=7)
    session = engine.open_case("case")
    door = installed(engine)
    door.__enter__()
given = session.credentials["zendesk"]
with contextlib.nullcontext():
    from zenpy import Zenpy
    from zenpy.lib.api_objects import Comment, Ticket, User
    from zenpy.lib.exception import APIException, RecordNotFoundException
    z = Zenpy(subdomain=given["subdomain"], email=given["email"], token=given["token"])
    z.disable_caching()
    out = {}
    ticket = z.tickets(id=1)
    out["read"] = [ticket.subject, ticket.requester.email, z.users.me().role]
    out["all"] = len({t.id for t in z.tickets()})
    out["comments"] = [c.body for c in z.tickets.comments(ticket=1)]
    found = z.search(type="ticket", requester="bob@example.com")
    out["search"] = [t.id for t in found]
    out["users"] = [u.id for u in z.users.search(query="ada@example.com")]
    out["macros"] = [m.title for m in z.macros()]
    out["organization"] = z.organizations(id=7500).name
    out["pages"] = len([*z.search(type="ticket", status="open")][:200])
    ticket.comment = Comment(body="Looking into it", public=False)
    z.tickets.update(ticket)
    ticket = z.tickets(id=1)
    ticket.comment = Comment(body="Done!", public=True)
    ticket.status = "solved"
    audit = z.tickets.update(ticket)
    out["audit"] = [audit.ticket.status, len(audit.audit.events) > 1]
    made = z.tickets.create(Ticket(subject="New", description="Help",
                                   requester=User(name="Zoe", email="zoe@example.com")))
    out["made"] = made.ticket.subject
    out["tags"] = z.tickets.add_tags(3, ["vip"]) and z.tickets(id=3).tags
    z.tickets.delete_tags(3, ["vip"])
    job = z.tickets.merge(target=z.tickets(id=4), source=z.tickets(id=5))
    out["job"] = [job.status, z.tickets(id=5).status]
    many = [z.tickets(id=6), z.tickets(id=7)]
    for each in many:
        each.priority = "high"
    out["many"] = z.tickets.update(many).total
    z.tickets.delete(z.tickets(id=8))
    z.tickets.restore(8)
    z.tickets.add_tags(9, ["late"])
    z.tickets.set_tags(10, ["only"])
    solved = z.tickets(id=11)
    solved.status, solved.comment = "solved", Comment(body="No news", public=False)
    z.tickets.update(solved)
    user = z.users(id=7002)
    user.phone = "+1"
    out["user"] = z.users.update(user).phone
    errors = []
    for do in (lambda: z.tickets(id=999999), lambda: z.tickets.update(z.tickets(id=2))):
        try:
            do()
        except Exception as error:
            errors.append(type(error).__name__)
    out["errors"] = errors
    out["actions"] = [[a.operation, a.response_status] for a in session.actions]
    out["gaps"] = [g.path for g in session.gaps]
    out["reads"] = sum(session.reads.values())
    import msgspec
    out["whole"] = json.loads(msgspec.json.encode([session.actions, session.overlay.digest()]))
door.__exit__(None, None, None)
print(json.dumps(out))
"""


def _through_zenpy(world, door):
    tables = {name: dict(rows) for name, rows in world.tables.items() if "zendesk" in name}
    done = subprocess.run(
        [sys.executable, "-c", ZENPY, door],
        check=False,
        input=json.dumps(tables), capture_output=True, text=True, timeout=60,
        env={k: v for k, v in os.environ.items() if not k.startswith("COV")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_zendesk_through_zenpy(world):
    """zenpy, in a process of its own, does the same at the vendor's host and over loopback."""
    pytest.importorskip("zenpy")
    out = _through_zenpy(world, "in_process")
    assert _through_zenpy(world, "loopback") == out
    assert out["reads"] >= 12
    assert len(out["actions"]) >= 12
    assert out["read"] == ["Question 1", "ada@example.com", "admin"]
    assert out["all"] == 1000
    assert out["comments"] == ["My card is 4242"]
    assert out["search"] == [3]
    assert out["users"] == [7001]
    assert out["audit"] == ["solved", True]
    assert "vip" in out["tags"]
    assert out["job"] == ["queued", "closed"]
    assert out["errors"] == ["RecordNotFoundException", "APIException"]
    assert out["gaps"] == []
    assert ["zendesk.tickets.public_reply", 200] in out["actions"]
    assert ["zendesk.tickets.internal_note", 200] in out["actions"]
