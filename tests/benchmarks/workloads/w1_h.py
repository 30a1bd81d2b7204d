"""W1-H: four reads and two writes per case through an unmodified `httpx.Client`.

Ours opens a case for each, answers from its overlay and captures its actions. The others answer
with bytes that were recorded beforehand from ours: they know no state and no case. A client is
made and routes are set up before the clock starts, on every side.

respx looks at its routes one after the other, so it matters where those that are asked for stand.
Both are measured: where they fall among fifty endpoints of the three vendors, taken evenly from
our table, and at the end of the same fifty, where a respx table is at its slowest.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator

import httpx
import respx
from tests.benchmarks import w1
from tests.benchmarks.workload import Outcome, Ratio, Side, Workload

from understudy.doors.transports import installed
from understudy.systems.engine import Engine
from understudy.systems.operation import Operation
from understudy.systems.routes import operations
from understudy.systems.session import CaseSession

__all__ = ["WORKLOAD"]

Recorded = dict[tuple[str, str], tuple[dict[str, str], bytes]]
"""Headers and body by method and URL."""

_FORM = "application/x-www-form-urlencoded"
_HOSTS = {
    "hubspot": "api.hubapi.com",
    "stripe": "api.stripe.com",
    "zendesk": "acme.zendesk.com",
}
_MOST = 50

Route = tuple[str, str, str]
"""Method, host, and the template of a path."""

_ASKED: tuple[Route, ...] = (
    ("GET", "api.stripe.com", "/v1/customers/{id}"),
    ("GET", "api.stripe.com", "/v1/invoices"),
    ("GET", "api.stripe.com", "/v1/invoices/{id}"),
    ("POST", "api.stripe.com", "/v1/refunds"),
    ("GET", "acme.zendesk.com", "/api/v2/tickets/{id}.json"),
    ("PUT", "acme.zendesk.com", "/api/v2/tickets/{id}.json"),
)


def _endpoints() -> tuple[Route, ...]:
    """Fifty endpoints of the three vendors, a route for each, in the order of our table.

    The six that are asked for stand where they fall; of the others as many are taken, at equal
    distances, as fifty leaves room for.
    """
    known = dict.fromkeys(
        (each.method, _HOSTS[each.system], _template(each)) for each in operations(list(_HOSTS))
    )
    others = [route for route in known if route not in _ASKED]
    room = _MOST - len(_ASKED)
    taken = {others[number * len(others) // room] for number in range(room)}
    return tuple(route for route in known if route in _ASKED or route in taken)


def _last(routes: tuple[Route, ...]) -> tuple[Route, ...]:
    """The same table with the six that are asked for at its end, where respx looks last."""
    return tuple(sorted(routes, key=lambda route: route in _ASKED))


def _template(operation: Operation) -> str:
    dotted = operation.system == "zendesk" and not operation.template.endswith(".json")
    return operation.template + (".json" if dotted else "")


def _headers(engine: Engine, session: CaseSession) -> dict[str, dict[str, str]]:
    """What the client shows to each host."""
    given = session.credentials
    return {
        f"https://{host}": engine.systems[name].authorization(given[name])
        for name, host in (("stripe", "api.stripe.com"), ("zendesk", "acme.zendesk.com"))
    }


def _shop(client: httpx.Client, headers: dict[str, dict[str, str]]) -> w1.Shop:
    def shown(url: str) -> dict[str, str]:
        return headers[url[: url.index("/", 8)]]

    def send(method: str, url: str, body: bytes, form: bool) -> bytes:
        kind = {"content-type": _FORM if form else "application/json"}
        answer = client.request(method, url, content=body, headers={**shown(url), **kind})
        return answer.raise_for_status().content

    def get(url: str) -> bytes:
        return client.get(url, headers=shown(url)).raise_for_status().content

    return w1.Shop(get, send)


def _outcome(scores: list[float]) -> Outcome:
    work = {"score": sum(scores) / len(scores), "differing": sum(score < 1 for score in scores)}
    return Outcome(len(scores), work)


def _ours(size: int) -> Callable[[], Outcome]:
    engine, cases, stack = Engine(w1.world(size), seed=7), w1.cases(size), contextlib.ExitStack()
    stack.enter_context(installed(engine))
    client = stack.enter_context(httpx.Client())

    def work() -> Outcome:
        with stack:
            return _outcome([_shadowed(engine, client, case) for case in cases])

    return work


def _shadowed(engine: Engine, client: httpx.Client, case: w1.Case) -> float:
    """A case of its own, which has captured its two actions in the end."""
    session = engine.open_case(f"case-{case.number}")
    score = w1.play(case, _shop(client, _headers(engine, session)))
    engine.close_case(session.case_id)
    assert len(session.actions) == 2
    return score


def _recorded(size: int) -> tuple[Recorded, dict[str, dict[str, str]]]:
    """What ours answers, by method and URL, and a case's headers."""
    engine, found = Engine(w1.world(size), seed=7), Recorded()

    def keep(answer: httpx.Response) -> None:
        body, headers = answer.read(), dict(answer.headers)
        del headers["content-length"]
        found[answer.request.method, str(answer.request.url)] = headers, body

    with installed(engine), httpx.Client(event_hooks={"response": [keep]}) as client:
        for case in w1.cases(size):
            session = engine.open_case(f"case-{case.number}")
            headers = _headers(engine, session)
            w1.play(case, _shop(client, headers))
            engine.close_case(session.case_id)
    return found, headers


def _constant(recorded: Recorded) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        headers, body = recorded[request.method, str(request.url)]
        return httpx.Response(200, headers=headers, content=body)

    return handler


def _played(size: int, opened: Callable[[Recorded], contextlib.AbstractContextManager]):
    recorded, headers = _recorded(size)
    cases, stack = w1.cases(size), contextlib.ExitStack()
    client = stack.enter_context(opened(recorded))

    def work() -> Outcome:
        with stack:
            return _outcome([w1.play(case, _shop(client, headers)) for case in cases])

    return work


def _bare(size: int) -> Callable[[], Outcome]:
    return _played(
        size, lambda recorded: httpx.Client(transport=httpx.MockTransport(_constant(recorded)))
    )


def _respx(routes: tuple[Route, ...]) -> Callable[[int], Callable[[], Outcome]]:
    """As people write it: the address where it is fixed, and where it has an id its pattern."""

    @contextlib.contextmanager
    def opened(recorded: Recorded) -> Iterator[httpx.Client]:
        with respx.mock(assert_all_called=False) as router, httpx.Client() as client:
            for method, host, template in routes:
                url = f"https://{host}{template}"
                pattern = re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(url)) + "$"
                place = {"url__regex": pattern} if "{" in template else {"url": url}
                router.route(method=method, **place).mock(side_effect=_constant(recorded))
            yield client

    return lambda size: _played(size, opened)


WORKLOAD = Workload(
    id="W1-H",
    title="cases of four reads and two writes through an unmodified httpx.Client",
    unit="case",
    size=2_000,
    small=10,
    sides=(
        Side("bare MockTransport", _bare),
        Side("understudy", _ours),
        Side("respx, 6 routes", _respx(_ASKED)),
        Side("respx, 50 routes", _respx(_endpoints())),
        Side("respx, 50 routes, asked for last", _respx(_last(_endpoints()))),
    ),
    goals=(
        Ratio("understudy", "bare MockTransport", 0.75, gated=True),
        Ratio("understudy", "respx, 6 routes", 1.8),
        Ratio("understudy", "respx, 50 routes", 3),
        Ratio("understudy", "respx, 50 routes, asked for last", 3),
    ),
)
