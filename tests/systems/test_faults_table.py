"""The measured table of how vendors' clients meet faults, cell by cell, through those clients."""

import contextlib
import json
import os
import subprocess
import sys

import pytest
import urllib3

from understudy.doors.transports import installed
from understudy.model.campaign import Fault
from understudy.systems.engine import Engine
from understudy.systems.sleeping import virtual_time

FAULTS = {
    "500": ("status", {"status": 500}),
    "503": ("status", {"status": 503}),
    "409": ("status", {"status": 409}),
    "429 in a second": ("status", {"status": 429, "retry_after": 1}),
    "429 in half a minute": ("status", {"status": 429, "retry_after": 30}),
    "429": ("status", {"status": 429}),
    "429 at once": ("status", {"status": 429, "retry_after": 0}),
    "reset": ("reset", {}),
    "applied, then reset": ("apply_then_reset", {}),
    "truncated": ("truncate", {}),
    "half JSON": ("half_json", {}),
    "HTML": ("html", {}),
    "401": ("token_expiry", {}),
    "403": ("scope_denied", {}),
}


def _fault(name):
    kind, options = FAULTS[name]
    return Fault.model_validate({"match": {"nth": 1}, "do": kind, "options": options})


@pytest.fixture
def under(world):
    """An open case behind the doors, in virtual time, whose first call meets a fault."""
    with contextlib.ExitStack() as leave:

        def opened(name):
            engine = Engine(world, seed=7, faults=[_fault(name)])
            leave.enter_context(installed(engine))
            leave.enter_context(virtual_time(engine))
            return engine.open_case("case-1")

        yield opened


def _met(do):
    """What a call came to: the name of its error, or what it gave."""
    try:
        return do()
    except Exception as error:
        return type(error).__name__


def _stripe_refund(session, retries):
    import stripe

    key = session.credentials["stripe"]["api_key"]
    client = stripe.StripeClient(key, max_network_retries=retries)
    return lambda: client.v1.refunds.create({"charge": "ch_0001", "amount": 100}).amount


@pytest.mark.parametrize(
    ("fault", "alone", "retrying", "requests"),
    [
        ("500", "APIError", 100, 2),
        ("503", "APIError", 100, 2),
        ("409", "APIError", 100, 2),
        ("429 in a second", "RateLimitError", "RateLimitError", 1),
        ("429", "RateLimitError", "RateLimitError", 1),
        ("429 at once", "RateLimitError", "RateLimitError", 1),
        ("reset", "APIConnectionError", 100, 2),
        ("applied, then reset", "APIConnectionError", 100, 2),
        ("truncated", "APIConnectionError", "APIConnectionError", 1),
        ("half JSON", "APIError", "APIError", 1),
        ("HTML", "APIError", 100, 2),
        ("401", "AuthenticationError", "AuthenticationError", 1),
        ("403", "PermissionError", "PermissionError", 1),
    ],
)
def test_stripe_s_writes(under, fault, alone, retrying, requests):
    """A refund without retries and with two, and how often the server is asked."""
    session = under(fault)
    assert _met(_stripe_refund(session, 0)) == alone
    assert session.clock.calls == 1
    session = under(fault)
    assert _met(_stripe_refund(session, 2)) == retrying
    assert session.clock.calls == requests
    assert len({action.idempotency_key for action in session.actions}) == 1


def _hubspot(session, retry):
    import hubspot

    token = session.credentials["hubspot"]["access_token"]
    return hubspot.Client.create(access_token=token, retry=retry).crm.contacts.basic_api


@pytest.mark.parametrize(
    ("fault", "create", "get", "asked"),
    [
        ("500", "ServiceException", "ServiceException", 1),
        ("503", "ServiceException", "ServiceException", 1),
        ("429 in a second", "ApiException", "101", 2),
        ("reset", "ProtocolError", "101", 2),
        ("applied, then reset", "ProtocolError", None, 2),
        ("truncated", "ProtocolError", "101", 2),
        ("half JSON", None, None, 1),
        ("HTML", "ServiceException", "ServiceException", 1),
        ("401", "UnauthorizedException", "UnauthorizedException", 1),
        ("403", "ForbiddenException", "ForbiddenException", 1),
    ],
)
def test_hubspot_s_client(under, fault, create, get, asked):
    """A contact created and one read, with the three retries that the client has by itself."""
    session = under(fault)
    made = {"properties": {"email": "new@example.com"}}
    assert _met(lambda: _hubspot(session, urllib3.Retry(3)).create(made).id) == create
    assert session.clock.calls == 1
    if fault == "applied, then reset":
        return  # nothing is applied by a read
    session = under(fault)
    assert _met(lambda: _hubspot(session, urllib3.Retry(3)).get_by_id("101").id) == get
    assert session.clock.calls == asked


ZENPY = """
import contextlib, json, sys, time, warnings
warnings.simplefilter("ignore")
from understudy.doors.transports import installed
from understudy.model.campaign import Fault
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.sleeping import virtual_time

given = json.loads(sys.stdin.read())
world = World(given["tables"], now=1_790_000_000)
real = time.perf_counter
found = {}
for name, (kind, options) in given["faults"].items():
    plan = [Fault.model_validate({"match": {"nth": 1}, "do": kind, "options": options})]
    engine = Engine(world, seed=7, faults=plan)
    with installed(engine), virtual_time(engine):
        from zenpy import Zenpy
        from zenpy.lib.api_objects import Ticket
        session = engine.open_case("case")
        zendesk = Zenpy(**session.credentials["zendesk"])
        zendesk.disable_caching()
        began = real()
        try:
            audit = zendesk.tickets.create(Ticket(subject="Hello", description="World"))
            met = type(audit).__name__
        except Exception as error:
            met = type(error).__name__
        wall = real() - began
    found[name] = [met, session.clock.calls, session.clock.passed, wall]
print(json.dumps(found))
"""


def test_zenpy(world):
    """zenpy, in a process of its own: each fault's error, and a Retry-After that it waits for."""
    pytest.importorskip("zenpy")
    tables = {name: dict(rows) for name, rows in world.tables.items() if "zendesk" in name}
    done = subprocess.run(
        [sys.executable, "-c", ZENPY],
        check=False,
        input=json.dumps({"tables": tables, "faults": FAULTS}),
        capture_output=True, text=True, timeout=60,
        env={k: v for k, v in os.environ.items() if not k.startswith("COV")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert {name: met for name, (met, *_) in found.items()} == {
        "500": "APIException",
        "503": "APIException",
        "409": "APIException",
        "429 in a second": "TicketAudit",
        "429 in half a minute": "TicketAudit",
        "429": "APIException",
        "429 at once": "APIException",
        "reset": "ConnectionError",
        "applied, then reset": "ConnectionError",
        "truncated": "ChunkedEncodingError",
        "half JSON": "ZenpyException",
        "HTML": "HTTPError",
        "401": "APIException",
        "403": "APIException",
    }
    asked = {name: requests for name, (_, requests, *_) in found.items() if requests != 1}
    assert asked == {"429 in a second": 2, "429 in half a minute": 2}
    _, _, virtual, wall = found["429 in half a minute"]
    assert 30 <= virtual - wall < 40
