"""A world served on loopback: the vendors' own clients, and a person at a terminal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime

import pytest

from understudy.doors.serving import open_world
from understudy.doors.transports import installed
from understudy.doors.variables import credential_variables, credentials_from
from understudy.model.errors import ConfigurationError
from understudy.model.world import World
from understudy.systems.engine import Engine

NOW = 1_790_000_000
BORN = "2026-01-05T08:00:00Z"
TIMES = {"createdAt": BORN, "updatedAt": BORN, "archived": False}
MADE = {"created_at": BORN, "updated_at": BORN}


def charge(number):
    return {
        "id": f"ch_{number:03d}", "customer": "cus_ada", "amount": 5000 + number,
        "amount_refunded": 0, "currency": "eur", "status": "succeeded", "paid": True,
        "refunded": False, "captured": True, "created": 1_780_000_000 + number,
    }  # fmt: skip


def contact(number):
    return {"id": str(100 + number), "email": f"p{number}@example.com", "phone": "+43 1", **TIMES}


def ticket(number):
    return {
        "id": str(number), "subject": f"Question {number}", "description": "Hello",
        "status": "open", "requester_id": "7001", "tags": [], "via": {"channel": "email"}, **MADE,
    }  # fmt: skip


USER = {"id": "7001", "name": "Ada", "email": "ada@example.com", "role": "end-user", **MADE}
CUSTOMER = {"id": "cus_ada", "email": "ada@example.com", "name": "Ada", "created": 10}
ROWS = {
    "stripe.customers": [CUSTOMER],
    "stripe.charges": [charge(number) for number in range(250)],
    "hubspot.contacts": [contact(number) for number in range(250)],
    "zendesk.tickets": [ticket(number) for number in range(1, 251)],
    "zendesk.users": [USER],
}
TABLES = {name: {row["id"]: row for row in rows} for name, rows in ROWS.items()}


@pytest.fixture
def world():
    return World(TABLES, now=NOW)


def work_stripe(variables):
    """Fourteen calls with Stripe's client; the address is the vendor's where none is given."""
    import stripe

    options = (
        {"base_addresses": {"api": base}} if (base := variables.get("STRIPE_API_BASE")) else {}
    )
    v1 = stripe.StripeClient(variables["STRIPE_API_KEY"], **options).v1
    ids = [each.id for each in v1.charges.list({"limit": 100}).auto_paging_iter()]
    names = [v1.customers.retrieve("cus_ada").name, v1.customers.list().data[0].name]
    refund = v1.refunds.create({"charge": "ch_001"}, {"idempotency_key": "k-1"})
    again = v1.refunds.create({"charge": "ch_001"}, {"idempotency_key": "k-1"})
    part = v1.refunds.create({"charge": "ch_002", "amount": 70}, {"idempotency_key": "k-2"})
    v1.refunds.update(part.id, {"metadata": {"why": "late"}}, {"idempotency_key": "k-3"})
    v1.customers.update("cus_ada", {"address": {"city": "Linz"}}, {"idempotency_key": "k-4"})
    made = v1.customers.create({"email": "new@example.com"}, {"idempotency_key": "k-5"})
    v1.customers.delete(made.id)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"charge": "ch_003", "amount": 999_999}, {"idempotency_key": "k-6"})
    left = v1.charges.retrieve("ch_002", {"expand": ["customer"]}).amount_refunded
    return [len(set(ids)), names, refund.id, again.id, made.id, caught.value.http_status, left]


def work_hubspot(variables):
    """A dozen calls with HubSpot's client."""
    import hubspot
    from hubspot.crm.contacts.exceptions import NotFoundException

    options = {"host": base} if (base := variables.get("HUBSPOT_API_BASE")) else {}
    client = hubspot.Client.create(
        access_token=variables["HUBSPOT_ACCESS_TOKEN"], retry=False, **options
    )
    contacts = client.crm.contacts
    ids = [row.id for row in contacts.get_all()]
    made = contacts.basic_api.create({"properties": {"email": "new@example.com"}})
    contacts.basic_api.update("101", {"properties": {"phone": "+43 2"}})
    contacts.basic_api.merge({"primaryObjectId": "101", "objectIdToMerge": "102"})
    contacts.batch_api.archive({"inputs": [{"id": "104"}]})
    contacts.basic_api.archive("105")
    note = {"properties": {"hs_note_body": "Called.", "hs_timestamp": BORN}}
    client.crm.objects.basic_api.create("notes", note)
    with pytest.raises(NotFoundException):
        contacts.basic_api.get_by_id("999999")
    phone = contacts.basic_api.get_by_id("101", properties=["phone"]).properties["phone"]
    return [len(set(ids)), made.id, phone]


ZENPY = """
import json, sys, warnings
warnings.simplefilter("ignore")
email, token, subdomain = sys.argv[1:]

def work():
    from zenpy import Zenpy
    from zenpy.lib.api_objects import Comment, Ticket, User
    from zenpy.lib.exception import RecordNotFoundException
    client = Zenpy(subdomain=subdomain, email=email, token=token)
    client.disable_caching()
    ids = {ticket.id for ticket in client.tickets()}
    found = [ticket.id for ticket in client.search("Question", type="ticket")]
    ticket = client.tickets(id=1)
    ticket.comment = Comment(body="Looking into it", public=False)
    client.tickets.update(ticket)
    ticket = client.tickets(id=1)
    ticket.comment, ticket.status = Comment(body="Done!", public=True), "solved"
    client.tickets.update(ticket)
    made = client.tickets.create(Ticket(subject="New", description="Help",
                                        requester=User(name="Zoe", email="zoe@example.com")))
    client.tickets.add_tags(3, ["vip"])
    client.tickets.merge(target=client.tickets(id=4), source=client.tickets(id=5))
    client.tickets.delete(client.tickets(id=8))
    client.tickets.restore(8)
    try:
        client.tickets(id=999999)
    except RecordNotFoundException:
        return [len(ids), len(set(found)), made.ticket.id, client.users.me().role]
"""
IN_PROCESS = """
from understudy.doors.transports import installed
from understudy.model.world import World
from understudy.systems.engine import Engine
import msgspec
engine = Engine(World(json.load(sys.stdin), now=1_790_000_000))
session = engine.open_case("case")
given = session.credentials["zendesk"]
email, token, subdomain = given["email"], given["token"], given["subdomain"]
with installed(engine):
    told = work()
effect = sorted([*place, fields] for place, fields in session.effect().items())
print(json.dumps([told, msgspec.to_builtins(session.actions), msgspec.to_builtins(effect)]))
"""


def run_zenpy(script, variables, stdin=""):
    given = [variables.get(f"ZENDESK_{part}", "x") for part in ("EMAIL", "TOKEN", "SUBDOMAIN")]
    kept = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", script, *given],
        input=stdin, capture_output=True, text=True, timeout=90, check=False,
        env=kept | variables,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def done(session):
    """What a case left behind, as plain values."""
    import msgspec

    effect = sorted([*place, fields] for place, fields in session.effect().items())
    return json.loads(msgspec.json.encode([session.actions, effect]))


@pytest.mark.parametrize("work", [work_stripe, work_hubspot])
def test_a_client_does_the_same_in_process_and_over_loopback(world, work):
    """Answers, captured actions and the effect on state are equal through both doors."""
    engine = Engine(world)
    session = engine.open_case("case")
    with installed(engine):
        told = work(credential_variables(session.credentials))
    with open_world(world) as served:
        assert work(served.variables) == told
        assert done(served.session) == done(session)
        assert len(served.session.actions) >= 6
        assert served.session.gaps == []


def test_zenpy_does_the_same_in_process_and_over_loopback(world):
    """The same for Zendesk, whose client finds its address in the environment alone."""
    pytest.importorskip("zenpy")
    told, actions, effect = run_zenpy(ZENPY + IN_PROCESS, {}, json.dumps(TABLES))
    with open_world(world) as served:
        over = run_zenpy(ZENPY + "print(json.dumps(work()))", dict(served.variables))
        assert [over, *done(served.session)] == [told, actions, effect]
        assert told[:2] == [250, 250]
        assert len(actions) >= 7
        assert served.session.gaps == []


def test_the_environment_is_whole(world):
    """Addresses and credentials of every system, and no name that tells who serves them."""
    with open_world(world) as served:
        names = set(served.variables)
        given = served.session.credentials
    assert {
        "STRIPE_API_BASE", "STRIPE_API_KEY", "STRIPE_SECRET_KEY", "HUBSPOT_API_BASE",
        "HUBSPOT_ACCESS_TOKEN", "ZENPY_FORCE_SCHEME", "ZENPY_FORCE_NETLOC", "ZENDESK_SUBDOMAIN",
        "ZENDESK_EMAIL", "ZENDESK_TOKEN", "ZENDESK_API_TOKEN", "DESK_API_BASE", "DESK_TOKEN",
    } <= names  # fmt: skip
    assert not any("understudy" in text.lower() for text in (*names, *served.variables.values()))
    assert credentials_from(served.variables, given) == given


def test_a_port_that_cannot_be_had_is_an_error_that_helps(world):
    """An unknown system, a number that is no port and a taken port are named, with what to do."""
    with (
        pytest.raises(ConfigurationError, match="did you mean `stripe`"),
        open_world(world, {"strpe": 4001}),
    ):
        raise AssertionError("served")
    with (
        pytest.raises(ConfigurationError, match="70000 is no port"),
        open_world(world, {"stripe": 70_000}),
    ):
        raise AssertionError("served")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = {"stripe": taken.getsockname()[1]}
        with pytest.raises(ConfigurationError, match="in use") as caught, open_world(world, ports):
            raise AssertionError("served")
    assert f"stripe={ports['stripe']}" in caught.value.problem


SERVE = """
import json, sys
from understudy.campaign.served_world import serve_world
from understudy.model.world import World
world = World(json.load(sys.stdin), now=1_790_000_000)
told = [lambda line, out=out: print(line, file=out, flush=True) for out in (sys.stdout, sys.stderr)]
serve_world(world, None, *told)
print("# closed")
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(how):
    """What is printed can be sourced; Ctrl-C ends it with exit code 0 and a list of the writes.

    A write is told with amount, object and what it said, a refused one as refused; what nothing
    serves is told when it is first asked for, and at the end.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdin.write(json.dumps(TABLES))
    process.stdin.close()
    lines = []
    while not lines or not lines[-1].startswith("export ZENPY_FORCE_SCHEME"):
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    variables = dict(
        line.removeprefix("export ").strip().split("=", 1) for line in lines if "export" in line
    )
    assert all(line.startswith(("# ", "export ")) for line in lines)
    assert datetime.fromtimestamp(NOW, UTC).isoformat() in lines[0]
    headers = {"Authorization": f"Bearer {variables['STRIPE_API_KEY']}"}
    url = f"{variables['STRIPE_API_BASE']}/v1/refunds"
    request = urllib.request.Request(url, b"charge=ch_001&amount=5", headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["amount"] == 5
    for body in (b"charge=ch_001&amount=999999", b"charge=ch_001&amount=5&reason=none"):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10)
    for data in (None, b"x=1", None):
        unserved = f"{variables['STRIPE_API_BASE']}/v1/teapots"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(urllib.request.Request(unserved, data, headers), timeout=10)
    at_once = [process.stderr.readline() for _ in range(2)]
    assert at_once == [f"not served: {each} /v1/teapots at stripe\n" for each in ("GET", "POST")]
    process.send_signal(how)
    told, complaints = process.stdout.read(), process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    assert process.wait(timeout=20) == 0
    assert complaints == ""
    assert told.splitlines() == [
        "# 0 reads, 1 write applied, 2 refused, 3 calls that nothing serves",
        "# stripe.refunds.create: refunded 0.05 EUR (charge ch_001); charge=ch_001, amount=5",
        "# refused with 400, not done: stripe.refunds.create: refunded 9,999.99 EUR (charge"
        " ch_001); charge=ch_001, amount=999999",
        "# refused with 400, not done: stripe.refunds.create: refunded 0.05 EUR (charge ch_001);"
        " charge=ch_001, amount=5, reason=none",
        "# not served: GET /v1/teapots at stripe",
        "# not served: POST /v1/teapots at stripe",
        "# closed",
    ]


@pytest.mark.parametrize(
    "key", ["Bearer sk_test_somebody_elses", "Basic c2tfdGVzdF8xMjM0NTo=", "Bearer anything"]
)
def test_with_any_key_a_suite_of_the_vendor_s_brings_its_own(key):
    """Whatever key is presented, the open case answers; without one the vendor's 401 stays."""
    with open_world(World(TABLES, now=NOW), any_key=True) as served:
        for system, path in (
            ("stripe", "/v1/charges/ch_001"), ("hubspot", "/crm/v3/objects/contacts/101"),
            ("zendesk", "/api/v2/tickets/1.json"),
        ):  # fmt: skip
            asked = urllib.request.Request(served.urls[system] + path)
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(asked)
            asked.add_header("Authorization", key)
            assert urllib.request.urlopen(asked).status == 200
        assert sum(served.session.reads.values()) == 3


def test_without_any_key_a_foreign_key_is_refused():
    """A key that the case was not given is none."""
    with open_world(World(TABLES, now=NOW)) as served:
        asked = urllib.request.Request(served.urls["stripe"] + "/v1/charges/ch_001")
        asked.add_header("Authorization", "Bearer sk_test_somebody_elses")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(asked)


def test_with_any_key_answers_are_laid_out_as_the_vendor_s():
    """A suite that looks for `"email": "…",` in lines of Stripe's JSON finds it."""
    with open_world(World(TABLES, now=NOW), any_key=True) as served:
        asked = urllib.request.Request(served.urls["stripe"] + "/v1/customers?limit=1")
        asked.add_header("Authorization", "Bearer sk_test_somebody_elses")
        answer = urllib.request.urlopen(asked).read()
        assert b'\n      "email": "ada@example.com",\n' in answer
        assert json.loads(answer)["data"][0]["id"] == "cus_ada"
