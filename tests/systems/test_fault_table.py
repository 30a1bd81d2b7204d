"""Every fault through every vendor's client: what is raised, and how many requests arrive."""

import asyncio
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


def status(number, retry_after=None):
    options = {"status": number}
    if retry_after is not None:
        options["retry_after"] = retry_after
    return "status", options


BEFORE, AFTER, SHORT, HALF = ("reset", {}), ("apply_then_reset", {}), ("truncate", {}), (
    "half_json", {},
)  # fmt: skip
PAGE, EXPIRED, DENIED = ("html", {}), ("token_expiry", {}), ("scope_denied", {})
OK = "OK"


class Counted:
    """The engine, and how many requests reached it."""

    def __init__(self, engine):
        self.engine, self.count, self.serves = engine, 0, engine.serves
        self.session = engine.open_case("case-1")

    def handle(self, request):
        self.count += 1
        return self.engine.handle(request)


@pytest.fixture
def opened(world):
    """A case behind the doors with one fault on the first call of an operation."""
    stack = []

    def under(fault, operation):
        kind, options = fault
        match = {"operation": operation, "nth": 1}
        planned = Fault.model_validate({"match": match, "do": kind, "options": options})
        engine = Engine(world, seed=7, faults=[planned])
        door = Counted(engine)
        for each in (installed(door), virtual_time(engine)):
            each.__enter__()
            stack.append(each)
        return door

    yield under
    for each in reversed(stack):
        each.__exit__(None, None, None)


def outcome(door, do):
    """The class that was raised, else OK, and how many requests the system saw."""
    try:
        do()
    except Exception as error:
        return type(error).__name__, door.count
    return OK, door.count


STRIPE = [
    # fault, StripeClient, module-level API
    (status(500), ("APIError", 1), (OK, 2)),
    (status(503), ("APIError", 1), (OK, 2)),
    (status(409), ("APIError", 1), (OK, 2)),
    (status(429, 1), ("RateLimitError", 1), ("RateLimitError", 1)),
    (status(429), ("RateLimitError", 1), ("RateLimitError", 1)),
    (status(429, 0), ("RateLimitError", 1), ("RateLimitError", 1)),
    (BEFORE, ("APIConnectionError", 1), (OK, 2)),
    (AFTER, ("APIConnectionError", 1), (OK, 2)),
    (SHORT, ("APIConnectionError", 1), ("APIConnectionError", 1)),
    (HALF, ("APIError", 1), ("APIError", 1)),
    (PAGE, ("APIError", 1), None),
    (EXPIRED, ("AuthenticationError", 1), ("AuthenticationError", 1)),
    (DENIED, ("PermissionError", 1), ("PermissionError", 1)),
]
REFUND = {"charge": "ch_0001", "amount": 100}


@pytest.mark.parametrize(("fault", "client", "module"), STRIPE, ids=str)
def test_stripe(opened, fault, client, module, monkeypatch):
    """A refund by `StripeClient` (no retries), and by the module's own API (two)."""
    import stripe

    door = opened(fault, "stripe.refunds.create")
    key = door.session.credentials["stripe"]["api_key"]
    v1 = stripe.StripeClient(key).v1
    assert outcome(door, lambda: v1.refunds.create(REFUND)) == client
    if module is None:
        return
    door = opened(fault, "stripe.refunds.create")
    monkeypatch.setattr(stripe, "api_key", door.session.credentials["stripe"]["api_key"])
    monkeypatch.setattr(stripe, "max_network_retries", 2)
    assert outcome(door, lambda: stripe.Refund.create(**REFUND)) == module
    if module[0] == OK:
        assert door.session.overlay.get("stripe.charges", "ch_0001")["amount_refunded"] == 100
        keys = {action.idempotency_key for action in door.session.actions}
        assert len(keys) == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (status(503), ("APIError", 1)),
        (status(429, 1), ("RateLimitError", 1)),
        (BEFORE, ("APIConnectionError", 1)),
        (EXPIRED, ("AuthenticationError", 1)),
        (None, (OK, 1)),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_stripe_async(opened, fault, expected):
    """The client's asynchronous half, which goes through httpx."""
    import stripe

    door = opened(fault or BEFORE, "stripe.refunds.create" if fault else "stripe.events.list")
    client = stripe.StripeClient(
        door.session.credentials["stripe"]["api_key"], http_client=stripe.HTTPXClient()
    )
    do = lambda: asyncio.run(client.v1.refunds.create_async(REFUND))  # noqa: E731 -- one call
    assert outcome(door, do) == expected


def test_stripe_s_own_refusals(opened):
    """Refusals without any fault raise the classes that the client keeps for them."""
    import stripe

    door = opened(BEFORE, "stripe.events.list")
    v1 = stripe.StripeClient(door.session.credentials["stripe"]["api_key"]).v1
    with pytest.raises(stripe.InvalidRequestError):
        v1.refunds.create({"charge": "ch_none"})
    v1.refunds.create(REFUND, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError):
        v1.refunds.create({**REFUND, "amount": 1}, {"idempotency_key": "k"})


HUBSPOT = [
    # fault, a create, a read
    (status(500), ("ServiceException", 1), ("ServiceException", 1)),
    (status(503), ("ServiceException", 1), ("ServiceException", 1)),
    (status(429, 1), ("ApiException", 1), (OK, 2)),
    (status(429), ("ApiException", 1), None),
    (BEFORE, ("ProtocolError", 1), (OK, 2)),
    (AFTER, ("ProtocolError", 1), None),
    (SHORT, ("ProtocolError", 1), (OK, 2)),
    (HALF, (OK, 1), (OK, 1)),
    (PAGE, ("ServiceException", 1), ("ServiceException", 1)),
    (EXPIRED, ("UnauthorizedException", 1), ("UnauthorizedException", 1)),
    (DENIED, ("ForbiddenException", 1), ("ForbiddenException", 1)),
]


@pytest.mark.parametrize(("fault", "create", "read"), HUBSPOT, ids=str)
def test_hubspot(opened, fault, create, read):
    """HubSpot's client with urllib3's own retries: a contact is created and read."""
    import hubspot

    def contacts(door):
        token = door.session.credentials["hubspot"]["access_token"]
        retry = urllib3.Retry(3)
        return hubspot.Client.create(access_token=token, retry=retry).crm.contacts.basic_api

    door = opened(fault, "hubspot.objects.create")
    made = {"properties": {"email": "new@example.com"}}
    assert outcome(door, lambda: contacts(door).create(made)) == create
    if read is not None:
        door = opened(fault, "hubspot.objects.get")
        assert outcome(door, lambda: contacts(door).get_by_id("101")) == read


def test_hubspot_s_own_refusals(opened):
    """An object that is not there is the client's `NotFoundException`."""
    import hubspot

    door = opened(BEFORE, "hubspot.objects.list")
    token = door.session.credentials["hubspot"]["access_token"]
    api = hubspot.Client.create(access_token=token).crm.contacts.basic_api
    assert outcome(door, lambda: api.get_by_id("999999")) == ("NotFoundException", 1)


ZENDESK = [
    (status(500), ["APIException", 1]),
    (status(503), ["APIException", 1]),
    (status(429, 1), [OK, 2]),
    (status(429), ["APIException", 1]),
    (status(429, 0), ["APIException", 1]),
    (BEFORE, ["ConnectionError", 1]),
    (AFTER, ["ConnectionError", 1]),
    (SHORT, ["ChunkedEncodingError", 1]),
    (HALF, ["ZenpyException", 1]),
    (PAGE, ["HTTPError", 1]),
    (EXPIRED, ["APIException", 1]),
    (DENIED, ["APIException", 1]),
]
ZENPY = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
from understudy.doors.transports import installed
from understudy.model.campaign import Fault
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.sleeping import virtual_time

tables, faults = json.load(sys.stdin)
world = World(tables, now=1_790_000_000)

def opened(fault=None):
    planned = []
    if fault:
        match = {"operation": "zendesk.tickets.create", "nth": 1}
        planned = [Fault.model_validate({"match": match, "do": fault[0], "options": fault[1]})]
    engine = Engine(world, seed=7, faults=planned)
    return engine, engine.open_case("case")

class Counted:
    def __init__(self, engine):
        self.engine, self.count, self.serves = engine, 0, engine.serves
    def handle(self, request):
        self.count += 1
        return self.engine.handle(request)

def told(fault, do):
    from zenpy import Zenpy
    from zenpy.lib.api_objects import Ticket
    engine, session = opened(fault)
    given = session.credentials["zendesk"]
    door = Counted(engine)
    with installed(door), virtual_time(engine):
        z = Zenpy(subdomain=given["subdomain"], email=given["email"], token=given["token"])
        z.disable_caching()
        try:
            do(z)
        except Exception as error:
            return [type(error).__name__, door.count]
    return ["OK", door.count]

engine, _ = opened()
with installed(engine), virtual_time(engine):
    from zenpy.lib.api_objects import Ticket
create = lambda z: z.tickets.create(Ticket(subject="New", description="Help"))
began = time.perf_counter()
out = [told(fault, create) for fault in faults]
took = time.perf_counter() - began
own = [told(None, lambda z: z.tickets(id=999999)),
       told(None, lambda z: z.tickets.update([Ticket(id=n, status="open") for n in range(1, 102)])),
       told(None, lambda z: z.search._get(
           f"https://{z.tickets.subdomain}.zendesk.com/api/v2/search.json"
           "?query=type:ticket&page=11&per_page=100")),
       told(None, lambda z: [*z.search(type="ticket")])]
print(json.dumps([out, own, took]))
"""


def test_zendesk(world):
    """A ticket is created by zenpy under each fault; its own refusals come as its own classes."""
    pytest.importorskip("zenpy")
    tables = {name: dict(rows) for name, rows in world.tables.items() if "zendesk" in name}
    extra = {str(n): {**tables["zendesk.tickets"]["1"], "id": str(n)} for n in range(2001, 2101)}
    tables["zendesk.tickets"] |= extra
    done = subprocess.run(
        [sys.executable, "-c", ZENPY],
        check=False, capture_output=True, text=True, timeout=60,
        input=json.dumps([tables, [fault for fault, _ in ZENDESK]]),
        env={k: v for k, v in os.environ.items() if not k.startswith("COV")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    out, own, took = json.loads(done.stdout)
    assert out == [expected for _, expected in ZENDESK]
    assert [name for name, _ in own] == [
        "RecordNotFoundException", "TooManyValuesException", "SearchResponseLimitExceeded", OK,
    ]  # fmt: skip
    assert took < 10
