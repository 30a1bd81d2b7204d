"""Services that take an event and work on it later, and vendors' webhooks, on real sockets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.shadow.conftest import make_case

from understudy.candidates.vendor_signature import signature_headers, signing_secrets
from understudy.doors.gateway_script import Script, ScriptedAnswer
from understudy.model.case import Trigger
from understudy.model.errors import CandidateError
from understudy.shadow.models import ModelService

SERVICE = """
import base64, hashlib, hmac, json, os, sys, threading, time, urllib.error, urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

stripe_url = os.environ["STRIPE_API_BASE"]


def call(method, url, data=None, **headers):
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def refund(key=None, base=stripe_url, amount=100):
    key = key or os.environ["STRIPE_API_KEY"]
    body = urllib.parse.urlencode({"charge": "ch_1", "amount": amount}).encode()
    return call("POST", base + "/v1/refunds", body, Authorization="Bearer " + key)


def escalate(base, token):
    body = json.dumps({"reason": "unsure"}).encode()
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    return call("POST", base + "/escalations", body, **headers)

%s

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        status, later = taken(self, body)
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()
        if later:
            threading.Thread(target=later).start()

    def log_message(self, *args):
        return


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

LATER = """
def taken(request, body):
    case = json.loads(body)
    key, base = case["credentials"]["stripe"]["api_key"], case["base_urls"]["stripe"]
    number = case["trigger"]["payload"]["number"]

    def work():
        time.sleep(0.3)
        refund(key, base)
        if number == 1:
            time.sleep(0.3)
            escalate(case["base_urls"]["desk"], case["credentials"]["desk"]["token"])
        while number == 2:
            time.sleep(0.1)
            call("GET", base + "/v1/charges/ch_1", Authorization="Bearer " + key)
        if number == 3:
            time.sleep(0.3)
            refund(key, base, 50)

    return 202, work
"""

SIGNED = """
import stripe
from hubspot.utils.signature import Signature


def taken(request, body):
    system = request.path.strip("/")
    headers = request.headers
    here = "http://127.0.0.1:" + sys.argv[1] + request.path
    if system == "stripe":
        secret = os.environ["STRIPE_WEBHOOK_SECRET"]
        event = stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
        told = [event.type, event.data.object.id, event.data.object.amount]
    if system == "hubspot":
        assert Signature.is_valid(
            signature=headers["x-hubspot-signature-v3"],
            client_secret=os.environ["HUBSPOT_CLIENT_SECRET"], request_body=body.decode(),
            http_uri=here, http_method="POST", signature_version="v3",
            timestamp=headers["x-hubspot-request-timestamp"],
        )
        told = [json.loads(body)[0]["subscriptionType"], json.loads(body)[0]["objectId"]]
    if system == "zendesk":
        at = headers["x-zendesk-webhook-signature-timestamp"]
        secret = os.environ["ZENDESK_WEBHOOK_SECRET"].encode()
        made = base64.b64encode(hmac.digest(secret, at.encode() + body, "sha256")).decode()
        assert hmac.compare_digest(made, headers["x-zendesk-webhook-signature"])
        event = json.loads(body)
        told = [event["type"], event["detail"]["id"], event["event"].get("comment", {}).get("body")]
    names = sorted(name.lower() for name in headers)
    print(json.dumps({"told": told, "headers": names, "agent": headers["user-agent"]}), flush=True)
    return 200, refund
"""

MODEL = """
def taken(request, body):
    case = json.loads(body)

    def work():
        headers = {"Authorization": "Bearer " + case["credentials"]["openai"]["api_key"],
                   "Content-Type": "application/json"}
        asked = json.dumps({"model": "m", "messages": []}).encode()
        call("POST", case["base_urls"]["openai"] + "/chat/completions", asked, **headers)
        refund(case["credentials"]["stripe"]["api_key"], case["base_urls"]["stripe"])

    return 202, work
"""


DYING = """
def taken(request, body):
    case = json.loads(body)
    if case["id"].endswith("2"):
        os._exit(3)
    refund(case["credentials"]["stripe"]["api_key"], case["base_urls"]["stripe"])
    return 200, None
"""


@pytest.fixture
def service(project, port):
    """A campaign's `use` of a service that is started with the run."""

    def made(work, **more):
        project.write("service.py", SERVICE % work)
        start = f"{sys.executable} service.py {port}"
        url = f"http://127.0.0.1:{port}"
        return {"http": {"url": url, "start": start, "quiet": "700ms", **more}}

    return made


def _amounts(record):
    return [action.amount_minor for action in record.proposal.actions]


def test_a_service_that_listens_elsewhere_is_named(project, run, port):
    """Command and address stand in the error, whatever the wall permits."""
    project.write("elsewhere.py", "import time\ntime.sleep(60)\n")
    patience = (
        "from understudy.candidates import started_service\nstarted_service._START_SECONDS = 1\n"
    )
    project.write("tiny_world.py", patience + (project.folder / "tiny_world.py").read_text())
    start = f"{sys.executable} elsewhere.py"
    use = {"http": {"url": f"http://127.0.0.1:{port}", "start": start}}
    with pytest.raises(CandidateError, match="does not listen at") as caught:
        run(project.plan(1, use=use))
    assert caught.value.code == "U217"


def test_a_service_that_dies_costs_its_case_and_is_started_anew(project, run, service):
    """The others are handled as if nothing had been, and the failure says how it ended."""
    records = run(project.plan(4, use=service(DYING)))[1]
    failed = [record.proposal.failure for record in records if record.proposal.failure]
    assert [failure.reason for failure in failed] == ["crashed"]
    assert "the service ended with exit code 3" in failed[0].detail
    assert [_amounts(record) for record in records].count([100]) == 3


@pytest.mark.slow
def test_an_event_that_is_worked_on_later_ends_by_what_becomes_of_it(project, run, service):
    """Quiet seconds, an escalation before they are over, and never while it goes on calling."""
    systems = {"finance": "stripe", "support": "zendesk"}
    plan = project.plan(4, use=service(LATER), timeout=timedelta(seconds=3), systems=systems)
    report, records = run(plan)
    assert report.level in ("witness", "none")
    quiet, escalated, endless, slow = records
    assert _amounts(quiet) == [100]
    assert 1000 <= quiet.proposal.wall_time_ms < 2500
    assert escalated.proposal.outcome == "escalated"
    assert escalated.proposal.wall_time_ms < 0.6 * 1000 + 700
    assert (endless.proposal.failure.reason, _amounts(endless)) == ("timeout", [100])
    assert _amounts(slow) == [100, 50]


def test_a_write_that_the_campaign_names_ends_the_case(project, run, service):
    """By a pattern of operations, long before the quiet seconds are over."""
    use = service(LATER, quiet="5s", ends_on=["stripe.refunds.*"])
    (record,) = run(project.plan(1, use=use))[1]
    assert _amounts(record) == [100]
    assert record.proposal.wall_time_ms < 3000


@pytest.mark.slow
def test_a_call_of_a_model_is_no_silence(project, run, service):
    """What waits for its model longer than the quiet seconds is not done."""
    models = ModelService(Script([ScriptedAnswer(text="yes", delay=1.2)]))
    (record,) = run(project.plan(1, use=service(MODEL, quiet="400ms"), models=models))[1]
    assert _amounts(record) == [100]
    assert record.proposal.usage["model_calls"] == 1


def _came(number, system, kind, payload):
    trigger = Trigger(system=system, type=kind, payload=payload)
    return msgspec.structs.replace(make_case(number), trigger=trigger)


@pytest.mark.parametrize("namespace", [False, True])
def test_vendors_webhooks_are_accepted_by_the_vendors_own_code(project, run, service, namespace):
    """Stripe's and HubSpot's clients verify them; the static key acts on the case at hand."""
    paths = {"stripe": "/stripe", "hubspot": "/hubspot", "zendesk": "/zendesk"}
    use = service(SIGNED, deliver="webhook", paths=paths, quiet="300ms")
    cases = [
        _came(0, "stripe", "charge.refunded", {"object": "charge", "object_id": "ch_1"}),
        _came(1, "hubspot", "contact.creation", {"objectId": 501}),
        _came(2, "zendesk", "ticket.created", {"ticket_id": "7"}),
    ]
    systems = {"finance": "stripe", "support": "zendesk", "crm": "hubspot"}
    plan = project.plan(
        cases=cases, use=use, isolation="serial", systems=systems, namespace=namespace
    )
    report, records = run(plan)
    assert report.failures == {}, [record.proposal.failure for record in records]
    assert [_amounts(record) for record in records] == [[100], [100], [100]]
    told = [json.loads(record.trace.printed) for record in records]
    assert [each["told"] for each in told] == [
        ["charge.refunded", "ch_1", 1000],
        ["contact.creation", 501],
        ["zen:event-type:ticket.created", "7", None],
    ]
    text = json.dumps(told).lower()
    assert not any(word in text for word in ("understudy", "shadow", "httpx", "secret-scenario"))
    assert namespace or "netns" not in report.level


def test_each_scheme_is_over_what_the_vendor_says():
    """A changed body, address or time is another signature, and so is another secret."""
    now = datetime(2026, 11, 26, tzinfo=UTC)
    given = (signing_secrets(7), "http://127.0.0.1:1/hooks", b"{}", now)
    others = [
        (signing_secrets(8), *given[1:]),
        (*given[:2], b"[]", now),
        (*given[:3], now + timedelta(seconds=1)),
    ]
    for system in ("stripe", "hubspot", "zendesk"):
        made = signature_headers(system, *given)
        assert made == signature_headers(system, *given)
        assert all(made != signature_headers(system, *other) for other in others)
    elsewhere = (given[0], "http://127.0.0.1:2/hooks", *given[2:])
    assert signature_headers("hubspot", *given) != signature_headers("hubspot", *elsewhere)
    assert signature_headers("warehouse", *given) == {}
    at, body = "2026-11-26T00:00:00Z", b"{}"
    digest = hmac.new(given[0]["zendesk"].encode(), at.encode() + body, hashlib.sha256).digest()
    signed = signature_headers("zendesk", *given)["x-zendesk-webhook-signature"]
    assert base64.b64decode(signed) == digest


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": "no-such-service --fast"}, "`no-such-service` cannot be started: there"),
        ({"start": f"{sys.executable} -c exit(3)"}, "ended with exit code 3 before it listened"),
        ({"start": None, "ports": {"stripes": 9}}, "name `stripes`, which is not mounted; did"),
        ({"start": None}, "nothing answers at `http://127.0.0.1:"),
    ],
)
def test_a_service_that_cannot_be_reached_stops_before_the_first_case(
    project, run, service, changes, message
):
    """What is wrong is named, with where it was looked for."""
    with pytest.raises(CandidateError, match=message):
        run(project.plan(1, use=service(LATER, **changes)))


def test_a_taken_port_is_an_error(project, run, service):
    """Where the systems are to be served and somebody else listens, the run does not begin."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = {"stripe": taken.getsockname()[1]}
        with pytest.raises(CandidateError, match="cannot be served at the ports"):
            run(project.plan(1, use=service(LATER, start=None, ports=ports)))
