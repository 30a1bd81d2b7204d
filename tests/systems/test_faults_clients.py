"""Each fault through a real client: the vendors' own, and the HTTP libraries below them."""

import asyncio
import contextlib
from time import perf_counter

import httpx
import httpx2
import pytest
import requests
import urllib3

from understudy.doors.transports import installed
from understudy.model.campaign import Fault
from understudy.systems.engine import Engine
from understudy.systems.sleeping import virtual_time


def _fault(do, options=None, **match):
    return Fault.model_validate({"match": match, "do": do, "options": options or {}})


def _named(each):
    if isinstance(each, Fault):
        return f"{each.do}{each.options.get('status', '')}"
    return each if isinstance(each, str) else ""


@pytest.fixture
def under(world):
    """An open case behind the doors, with the virtual clock, under these faults."""
    stack = []

    def opened(*faults):
        engine = Engine(world, seed=7, faults=faults)
        stack.append(installed(engine))
        stack.append(virtual_time(engine))
        for each in stack[-2:]:
            each.__enter__()
        return engine.open_case("case-1")

    yield opened
    for each in reversed(stack):
        each.__exit__(None, None, None)


def _stripe(session, **options):
    import stripe

    key = session.credentials["stripe"]["api_key"]
    return stripe.StripeClient(key, **options).v1


def _contacts(session, retry=False):
    import hubspot

    token = session.credentials["hubspot"]["access_token"]
    client = hubspot.Client.create(access_token=token, retry=retry)
    return client.crm.contacts.basic_api


REFUND = {"charge": "ch_0001", "amount": 100}


def _refunded(session):
    return session.overlay.get("stripe.charges", "ch_0001")["amount_refunded"]


def test_a_retry_with_its_key_refunds_once(under):
    """Applied, then lost: Stripe's client tries again under the same key and gets the refund."""
    session = under(_fault("apply_then_reset", operation="stripe.refunds.create", nth=1))
    refund = _stripe(session, max_network_retries=2).refunds.create(REFUND)
    assert refund.amount == 100
    assert _refunded(session) == 100
    (action,) = session.actions
    assert (action.fault, action.candidate_saw_response) == ("apply_then_reset", True)
    assert action.response_status == 200


def test_a_retry_whose_answer_is_lost_too_tells_nothing(under):
    """The refund is made once, and the record says that nobody saw it until somebody does."""
    import stripe

    lost = {"operation": "stripe.refunds.create"}
    session = under(*[_fault("apply_then_reset", **lost, nth=nth) for nth in (1, 2)])
    client, options = _stripe(session), {"idempotency_key": "once"}
    for _ in range(2):
        with pytest.raises(stripe.APIConnectionError):
            client.refunds.create(REFUND, options)
        assert [a.candidate_saw_response for a in session.actions] == [False]
    assert client.refunds.create(REFUND, options).amount == 100
    assert [a.candidate_saw_response for a in session.actions] == [True]
    assert _refunded(session) == 100


def test_a_retry_whose_answer_comes_too_late_tells_nothing(under):
    """Who gives up in the silence before the same answer has not seen it, this time either."""
    match = {"operation": "stripe.refunds.create"}
    session = under(
        _fault("apply_then_reset", **match, nth=1),
        _fault("latency", {"seconds": 100}, **match, nth=2),
    )
    key = session.credentials["stripe"]["api_key"]
    headers = {
        "authorization": f"Bearer {key}",
        "content-type": "application/x-www-form-urlencoded",
        "idempotency-key": "once",
    }

    async def ask(seconds):
        async with httpx.AsyncClient(headers=headers, timeout=None) as client:
            asked = client.post("https://api.stripe.com/v1/refunds", data=REFUND)
            with contextlib.suppress(TimeoutError, httpx.HTTPError):
                await asyncio.wait_for(asked, seconds)

    for _ in range(2):
        asyncio.run(ask(10))
        assert [a.candidate_saw_response for a in session.actions] == [False]
    asyncio.run(ask(10))
    assert [a.candidate_saw_response for a in session.actions] == [True]
    assert _refunded(session) == 100


def test_a_retry_without_its_key_refunds_twice(under):
    """Applied, then lost: whoever asks again under a new key pays again."""
    import stripe

    session = under(_fault("apply_then_reset", operation="stripe.refunds.create", nth=1))
    client = _stripe(session)
    with pytest.raises(stripe.APIConnectionError):
        client.refunds.create(REFUND)
    client.refunds.create(REFUND)
    assert _refunded(session) == 200
    assert [a.candidate_saw_response for a in session.actions] == [False, True]
    assert len({a.idempotency_key for a in session.actions}) == 2


def test_a_retry_of_a_create_without_keys_doubles_the_record(under):
    """HubSpot knows no idempotency: urllib3's retry of a lost POST makes a second company."""
    import hubspot

    session = under(_fault("apply_then_reset", operation="hubspot.objects.create", nth=1))
    token = session.credentials["hubspot"]["access_token"]
    retry = urllib3.Retry(3, allowed_methods=None)
    client = hubspot.Client.create(access_token=token, retry=retry)
    client.crm.companies.basic_api.create({"properties": {"name": "Twice"}})
    assert len([a for a in session.actions if not a.refused]) == 2
    assert len(session.overlay.written("hubspot.companies")) == 2


def test_hubspot_swallows_half_json(under):
    """Half of a body under a right length is an object without an id, and no error."""
    session = under(_fault("half_json", system="hubspot"))
    contacts = _contacts(session)
    assert contacts.get_by_id("101").id is None
    assert contacts.create({"properties": {"email": "new@example.com"}}).id is None
    (action,) = session.actions
    assert (action.refused, action.candidate_saw_response) == (False, False)


def test_stripe_refuses_half_json(under):
    """Stripe's client says that the body is invalid; the refund stands."""
    import stripe

    session = under(_fault("half_json"))
    with pytest.raises(stripe.APIError, match="Invalid response body"):
        _stripe(session).refunds.create(REFUND)
    assert _refunded(session) == 100


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (_fault("status", {"status": 503}), "APIError"),
        (_fault("status", {"status": 500}), "APIError"),
        (_fault("status", {"status": 409}), "APIError"),
        (_fault("status", {"status": 429, "retry_after": 1}), "RateLimitError"),
        (_fault("reset"), "APIConnectionError"),
        (_fault("hang"), "APIConnectionError"),
        (_fault("apply_then_reset"), "APIConnectionError"),
        (_fault("truncate"), "APIConnectionError"),
        (_fault("html"), "APIError"),
        (_fault("token_expiry"), "AuthenticationError"),
        (_fault("scope_denied"), "PermissionError"),
    ],
    ids=_named,
)
def test_stripe_s_client_raises(under, fault, error):
    """Without retries a write meets each fault once, as the client's own exception."""
    import stripe

    session = under(fault)
    with pytest.raises(getattr(stripe, error)):
        _stripe(session).refunds.create(REFUND)
    assert len(session.fate.struck) == 1
    assert session.actions[-1].fault == fault.do


@pytest.mark.parametrize(("status", "sent"), [(500, 2), (503, 2), (409, 2), (429, 1)])
def test_stripe_s_client_retries(under, status, sent):
    """It tries 500, 503 and 409 again under the same key and succeeds; 429 never."""
    import stripe

    fault = _fault("status", {"status": status, "retry_after": 1}, nth=1)
    session = under(fault)
    client = _stripe(session, max_network_retries=2)
    began = perf_counter()
    if sent == 1:
        with pytest.raises(stripe.RateLimitError):
            client.refunds.create(REFUND)
    else:
        assert client.refunds.create(REFUND).amount == 100
    assert len(session.actions) == sent
    assert len({a.idempotency_key for a in session.actions}) == 1
    assert perf_counter() - began < 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (_fault("status", {"status": 503}), "ServiceException"),
        (_fault("status", {"status": 429, "retry_after": 1}), "ApiException"),
        (_fault("html"), "ServiceException"),
        (_fault("token_expiry"), "UnauthorizedException"),
        (_fault("scope_denied"), "ForbiddenException"),
    ],
    ids=_named,
)
def test_hubspot_s_client_raises(under, fault, error):
    """Statuses and error pages are HubSpot's exceptions."""
    from hubspot.crm.contacts import exceptions

    session = under(fault)
    with pytest.raises(getattr(exceptions, error)):
        _contacts(session).create({"properties": {"email": "new@example.com"}})


@pytest.mark.parametrize("kind", ["reset", "apply_then_reset", "truncate"])
def test_hubspot_s_client_is_cut_off(under, kind):
    """Lost connections are urllib3's ProtocolError."""
    session = under(_fault(kind))
    with pytest.raises(urllib3.exceptions.ProtocolError):
        _contacts(session).create({"properties": {"email": "new@example.com"}})
    assert not session.actions[-1].candidate_saw_response


@pytest.mark.parametrize(
    "fault",
    [
        _fault("reset", nth=1),
        _fault("truncate", nth=1),
        _fault("status", {"status": 503, "retry_after": 30}, nth=1),
        _fault("status", {"status": 429, "retry_after": 30}, nth=1),
    ],
    ids=_named,
)
def test_urllib3_retries_a_read(under, fault):
    """A GET is tried again and succeeds; half a minute of Retry-After costs no time."""
    session = under(fault)
    retry = urllib3.Retry(3, status_forcelist=[429, 503])
    before, began = session.now, perf_counter()
    assert _contacts(session, retry).get_by_id("101").id == "101"
    assert perf_counter() - began < 1
    waited = (session.now - before).total_seconds()
    assert (waited >= 30) is (fault.do == "status")


def _url(session):
    return f"{session.base_urls['stripe']}/v1/charges/ch_0001", {
        "Authorization": f"Bearer {session.credentials['stripe']['api_key']}"
    }


def _httpx(url, headers):
    return httpx.get(url, headers=headers, timeout=5)


def _httpx2(url, headers):
    return httpx2.get(url, headers=headers, timeout=5)


def _async_httpx(url, headers):
    async def ask():
        async with httpx.AsyncClient(timeout=5) as client:
            return await client.get(url, headers=headers)

    return asyncio.run(ask())


def _requests(url, headers):
    return requests.get(url, headers=headers, timeout=5)


def _urllib3(url, headers):
    with urllib3.PoolManager() as pool:
        return pool.request("GET", url, headers=headers, timeout=5, retries=False)


ERRORS = [
    (_httpx, "reset", httpx.ReadError),
    (_httpx, "hang", httpx.ReadTimeout),
    (_httpx, "truncate", httpx.RemoteProtocolError),
    (_httpx2, "reset", httpx2.ReadError),
    (_httpx2, "hang", httpx2.ReadTimeout),
    (_httpx2, "truncate", httpx2.RemoteProtocolError),
    (_async_httpx, "reset", httpx.ReadError),
    (_async_httpx, "hang", httpx.ReadTimeout),
    (_async_httpx, "truncate", httpx.RemoteProtocolError),
    (_requests, "reset", requests.ConnectionError),
    (_requests, "hang", requests.ReadTimeout),
    (_requests, "truncate", requests.exceptions.ChunkedEncodingError),
    (_urllib3, "reset", urllib3.exceptions.ProtocolError),
    (_urllib3, "hang", urllib3.exceptions.ReadTimeoutError),
    (_urllib3, "truncate", urllib3.exceptions.ProtocolError),
]


@pytest.mark.parametrize(("ask", "kind", "error"), ERRORS)
def test_libraries_raise_their_own(under, ask, kind, error):
    """A reset, a silence and a body cut short are what each library raises on a real network."""
    session = under(_fault(kind, nth=1))
    url, headers = _url(session)
    before, began = session.now, perf_counter()
    with pytest.raises(error):
        ask(url, headers)
    assert perf_counter() - began < 2
    if kind == "hang":
        assert 5 <= (session.now - before).total_seconds() < 7
    after = ask(url, headers)
    assert getattr(after, "status_code", None) or after.status == 200


@pytest.mark.parametrize("ask", [_httpx, _httpx2, _requests, _urllib3])
def test_an_answer_after_the_client_s_patience_is_lost(under, ask):
    """Latency beyond the client's timeout is a timeout; below it, an answer."""
    session = under(
        _fault("latency", {"seconds": 9}, nth=1), _fault("latency", {"seconds": 3}, nth=2)
    )
    url, headers = _url(session)
    with pytest.raises(Exception, match="timed out"):
        ask(url, headers)
    after = ask(url, headers)
    assert getattr(after, "status_code", None) or after.status == 200


def test_a_write_beyond_the_client_s_patience_takes_effect(under):
    """The system is slow, the client gives up, the refund is paid."""
    session = under(_fault("latency", {"seconds": 9}))
    url, headers = _url(session)
    url = url.replace("charges/ch_0001", "refunds")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, headers=headers, data=REFUND, timeout=5)
    assert _refunded(session) == 100
    assert not session.actions[-1].candidate_saw_response


def test_a_refusal_beyond_the_client_s_patience_is_lost_too(under):
    """Slow and refused: the client knows nothing, and nothing has happened."""
    session = under(_fault("latency", {"seconds": 9}), _fault("status"))
    url, headers = _url(session)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url.replace("charges/ch_0001", "refunds"), headers=headers, data=REFUND)
    (action,) = session.actions
    assert (action.response_status, action.candidate_saw_response) == (503, False)
    assert action.fault == "latency+status"


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (
            _fault("schema_drift", {"field": "amount", "change": "rename"}),
            lambda c: "amount" not in c.charges.retrieve("ch_0001"),
        ),
        (
            _fault("page_drift", nth=1),
            lambda c: len(list(c.charges.list({"limit": 100}).auto_paging_iter())) == 1002,
        ),
        (
            _fault("latency", {"seconds": 9}),
            lambda c: c.charges.retrieve("ch_0001").amount == 5001,
        ),
        (
            _fault("concurrent_edit", {"fields": {"disputed": True}}, nth=1),
            lambda c: [c.charges.retrieve("ch_0001").disputed for _ in "ab"] == [False, True],
        ),
        (
            _fault("stale_read"),
            lambda c: (
                c.refunds.create(REFUND) and c.charges.retrieve("ch_0001").amount_refunded == 0
            ),
        ),
        (
            _fault("index_lag"),
            lambda c: (
                c.customers.create({"email": "new@example.com"})
                and c.customers.search({"query": "email:'new@example.com'"}).data == []
            ),
        ),
    ],
    ids=_named,
)
def test_quiet_faults_reach_stripe_s_client(under, fault, check):
    """What raises nothing changes what the client reads."""
    assert check(_stripe(under(fault)))


def test_a_developer_s_respx_tests_see_a_502(world):
    """The respx door cannot break a connection; a lost answer is a proxy's error there."""
    from understudy.doors.respx_door import respx_door

    engine = Engine(world, seed=7, faults=[_fault("apply_then_reset")])
    session = engine.open_case("case-1")
    _, headers = _url(session)
    with respx_door(engine):
        url = f"{session.base_urls['stripe']}/v1/refunds"
        assert httpx.post(url, headers=headers, data=REFUND).status_code == 502
    assert _refunded(session) == 100
