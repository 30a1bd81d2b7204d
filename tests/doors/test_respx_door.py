"""The door for a developer's own tests, beside routes of their own."""

from __future__ import annotations

import asyncio

import httpx
import httpx2
import pytest
import respx

from understudy.doors.respx_door import respx_door

URL = "https://api.vendor.example/v1/things?limit=2"
KEY = {"X-Key": "k-1"}


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_the_systems_answer_below_respx(library, echo):
    """Both libraries reach the engine, sync and async, with path, query, headers and body."""

    async def ask():
        async with library.AsyncClient() as client:
            return (await client.post(URL, headers=KEY, json={"a": 1})).json()

    with respx_door(echo):
        assert library.post(URL, headers=KEY, json={"a": 1}).json() == {"case": "k-1"}
        assert asyncio.run(ask()) == {"case": "k-1"}
    for request in echo.seen:
        assert (request.method, request.path, request.query) == ("POST", "/v1/things", "limit=2")
        assert request.body.replace(b" ", b"") == b'{"a":1}'


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_own_routes_work_beside_the_systems(library, echo):
    """A route of the developer's own is matched and recorded as respx does it."""
    with respx_door(echo) as router:
        route = router.get("https://own.example/x").respond(json={"own": True})
        assert library.get("https://own.example/x").json() == {"own": True}
        assert library.get(URL, headers=KEY).json() == {"case": "k-1"}
    assert route.call_count == 1
    assert len(echo.seen) == 1


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_an_unknown_host_is_loud(library, echo):
    """What neither the engine nor a route serves is respx's own error."""
    with respx_door(echo), pytest.raises(respx.models.AllMockedAssertionError, match="not mocked"):
        library.get("https://unknown.example/")


def test_an_async_route_is_found(echo):
    """Routes of the developer's own answer async clients, too."""

    async def ask():
        async with httpx.AsyncClient() as client:
            return (await client.get("https://own.example/x")).status_code

    with respx_door(echo) as router:
        router.get("https://own.example/x").respond(418)
        assert asyncio.run(ask()) == 418


def test_a_route_that_is_never_called_is_no_error(echo):
    """A case that legitimately skips a route does not fail; asked for, it does."""
    with respx_door(echo) as router:
        router.get("https://own.example/x").respond(200)
    strict = respx_door(echo, assert_all_called=True)
    with pytest.raises(AssertionError, match="some routes were not called"), strict as router:
        router.get("https://own.example/x").respond(200)


def test_calls_to_the_systems_are_not_kept(echo):
    """A long test does not grow by every call: the router keeps none of them."""
    with respx_door(echo) as router:
        for _ in range(20):
            httpx.get(URL, headers=KEY)
        assert router.calls.call_count == 0


def test_everything_is_put_back(echo):
    """Afterwards both libraries are as they were."""
    import httpcore
    import httpcore2

    before = (httpcore.ConnectionPool.handle_request, httpcore2.ConnectionPool.handle_request)
    with respx_door(echo):
        assert httpcore2.ConnectionPool.handle_request is not before[1]
    assert before == (
        httpcore.ConnectionPool.handle_request,
        httpcore2.ConnectionPool.handle_request,
    )
