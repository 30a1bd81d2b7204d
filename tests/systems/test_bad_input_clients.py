"""Bad input through real HTTP clients: the vendor's error, an attempt captured, state unchanged."""

import contextlib
import gzip
import json

import httpx
import httpx2
import pytest
import requests

from understudy.doors.loopback import serving
from understudy.doors.transports import installed
from understudy.systems.engine import Engine


@contextlib.contextmanager
def _vendors(engine):
    with installed(engine):
        yield {name: system.base_url for name, system in engine.systems.items()}


@contextlib.contextmanager
def _loopback(engine):
    with serving(engine, {name: each.base_url for name, each in engine.systems.items()}) as urls:
        yield urls


def _httpx(library):
    def ask(method, url, headers, body):
        answer = library.request(method, url, headers=headers, content=body, trust_env=False)
        return answer.status_code, answer.headers, answer.text

    return ask


def _requests(method, url, headers, body):
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(method, url, headers=headers, data=body)
        return answer.status_code, answer.headers, answer.text


CLIENTS = {"httpx": _httpx(httpx), "httpx2": _httpx(httpx2), "requests": _requests}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
CHARGE, CONTACT, TICKET = "/v1/refunds", "/crm/v3/objects/contacts", "/api/v2/tickets"
BAD = [
    # what, system, method, path, type, body, status, what the body says
    ("unknown route", "stripe", "POST", "/v1/teapots", FORM, b"a=1", 404, "Unrecognized request"),
    ("unknown route", "hubspot", "POST", "/crm/v3/teapots", JSON, b"{}", 404, '"status":"error"'),
    ("unknown route", "zendesk", "POST", "/api/v2/teapots", JSON, b"{}", 404, "InvalidEndpoint"),
    ("wrong method", "stripe", "PUT", "/v1/charges/ch_0001", FORM, b"", 404, "Unrecognized"),
    ("wrong method", "hubspot", "PUT", "/crm/v3/owners/51", JSON, b"{}", 405, "error"),
    ("wrong method", "zendesk", "PUT", "/api/v2/search.json", JSON, b"{}", 405, "error"),
    ("no JSON", "hubspot", "POST", CONTACT, JSON, b"{'a': 1}", 400, "Invalid input JSON"),
    ("a form that is none", "stripe", "POST", CHARGE, JSON, b'{"charge":"ch_0001"}', 400, "error"),
    ("JSON as a form", "hubspot", "POST", CONTACT, FORM, b'{"properties":{}}', 415, "Unsupported"),
    ("JSON as a form", "zendesk", "POST", TICKET, FORM, b'{"ticket":{}}', 400, "Invalid attribute"),
    ("no JSON", "zendesk", "POST", TICKET, JSON, b"\xff\xfe{", 400, "error"),
    ("an id of nobody", "stripe", "POST", CHARGE, FORM, b"charge=ch_none", 404, "resource_missing"),
    ("an id of nobody", "hubspot", "DELETE", f"{CONTACT}/x9", JSON, b"", 404, "error"),
    ("negative", "stripe", "POST", CHARGE, FORM, b"charge=ch_0001&amount=-5", 400, "amount"),
    ("too much", "stripe", "POST", CHARGE, FORM, b"charge=ch_0001&amount=999999", 400, "greater"),
    ("closed", "zendesk", "PUT", f"{TICKET}/2", JSON, b'{"ticket":{"status":"open"}}', 422,
     "closed prevents"),
    ("merged before", "hubspot", "POST", f"{CONTACT}/merge", JSON,
     b'{"primaryObjectId":"101","objectIdToMerge":"103"}', 400, "error"),
    ("merged closed", "zendesk", "POST", f"{TICKET}/1/merge", JSON, b'{"ids":[2]}', 422, "closed"),
    ("giant", "stripe", "POST", CHARGE, FORM, b"charge=" + b"x" * 9_000_000, 413, "error"),
    ("giant", "hubspot", "POST", CONTACT, JSON, b"[" + b"1," * 9_000_000, 413, "error"),
    ("giant", "zendesk", "POST", TICKET, JSON, b"[" + b"1," * 9_000_000, 413, "TooLarge"),
    ("a type that lies", "stripe", "POST", CHARGE, "text/plain", b"charge=ch_0001", 400, "content"),
    ("a type that lies", "hubspot", "POST", CONTACT, "text/plain", b"{}", 415, "Unsupported"),
    ("a type that lies", "zendesk", "POST", TICKET, "text/plain", b'{"ticket":{}}', 400, "ticket"),
    ("JSON called a form", "stripe", "POST", CHARGE, FORM, b'{"charge":"x"}', 400, "unknown"),
    ("packed", "stripe", "POST", CHARGE, FORM, gzip.compress(b"charge=ch_0001"), 400, "UTF-8"),
    ("packed", "hubspot", "POST", CONTACT, JSON, gzip.compress(b"{}"), 400, "Invalid input JSON"),
    ("packed", "zendesk", "POST", TICKET, JSON, gzip.compress(b"{}"), 400, "error"),
    ("nothing", "stripe", "POST", CHARGE, FORM, b"", 400, "payment_intent or charge"),
    ("nothing", "hubspot", "POST", CONTACT, JSON, b"", 400, "not set"),
    ("nothing", "zendesk", "POST", TICKET, JSON, b"", 400, "ticket"),
    ("nothing of it", "stripe", "POST", CHARGE, FORM, b"charge=ch_0001&amount=0", 400, "greater"),
    ("no number", "stripe", "POST", CHARGE, FORM, b"charge=ch_0001&amount=1e3", 400, "integer"),
    ("an id of nobody", "zendesk", "PUT", f"{TICKET}/99999", JSON, b'{"ticket":{"status":"open"}}',
     404, "RecordNotFound"),
    ("merged with itself", "zendesk", "POST", f"{TICKET}/1/merge", JSON, b'{"ids":[1]}', 422, "id"),
    ("merged with itself", "hubspot", "POST", f"{CONTACT}/merge", JSON,
     b'{"primaryObjectId":"101","objectIdToMerge":"101"}', 400, "error"),
]  # fmt: skip


@pytest.mark.parametrize("door", [_vendors, _loopback], ids=["in_process", "loopback"])
@pytest.mark.parametrize("client", CLIENTS)
def test_bad_input_is_refused_and_captured(world, door, client):
    """Each kind of bad request, with the vendor's own status and body."""
    engine = Engine(world, seed=7)
    session = engine.open_case("case-1")
    with door(engine) as bases:
        for what, system, method, path, kind, body, status, text in BAD:
            own = engine.systems[system].authorization(session.credentials[system])
            headers = {**own, "content-type": kind}
            url = f"{bases[system]}{path}"
            before = len(session.actions)
            answer = CLIENTS[client](method, url, headers, body)
            assert (answer[0], text in answer[2]) == (status, True), (what, answer)
            assert "json" in answer[1]["content-type"], what
            assert len(session.actions) == before + 1, what
            assert session.actions[-1].response_status == status
    assert session.effect() == {}


@pytest.mark.parametrize("door", [_vendors, _loopback], ids=["in_process", "loopback"])
def test_credentials_that_are_not_the_case_s(world, door):
    """Missing, unknown and expired ones are refused in each vendor's words.

    Nobody's attempt is the open case's; a closed case's own credential is never that.
    """
    engine = Engine(world, seed=7)
    open_one, closed = engine.open_case("open"), engine.open_case("closed")
    theirs = {name: dict(given) for name, given in closed.credentials.items()}
    engine.close_case("closed")
    paths = {"stripe": CHARGE, "hubspot": CONTACT, "zendesk": TICKET}
    words = {"stripe": "api key", "hubspot": "INVALID_AUTHENTICATION", "zendesk": "authenticate"}
    with door(engine) as bases:
        for name, path in paths.items():
            expired = engine.systems[name].authorization(theirs[name])
            for headers in ({}, {"authorization": "Bearer nothing"}, expired):
                status, _, said = _requests("POST", f"{bases[name]}{path}", headers, b"")
                assert status == 401, name
                assert words[name].lower() in said.lower(), said
    assert [action.response_status for action in open_one.actions] == [401] * 6
    assert [stray.reason for stray in engine.strays] == ["credential"] * 3
    assert (closed.actions, open_one.effect()) == ([], {})


OTHERS = [
    # system, what makes an object, where its id stands, what uses it, status
    ("stripe", CHARGE, FORM, b"charge=ch_0001&amount=5", ("id",),
     "POST", "/v1/refunds/{id}", b"metadata[a]=b", 404),
    ("stripe", "/v1/customers", FORM, b"name=New", ("id",),
     "POST", "/v1/subscriptions", b"customer={id}&items[0][price]=price_pro", 400),
    ("stripe", "/v1/payment_methods", FORM, b"type=card&card[token]=tok_visa", ("id",),
     "POST", "/v1/payment_intents",
     b"amount=500&currency=eur&confirm=true&payment_method={id}", 400),
    ("hubspot", CONTACT, JSON, b'{"properties":{"email":"new@example.com"}}', ("id",),
     "PATCH", CONTACT + "/{id}", b'{"properties":{"city":"X"}}', 404),
    ("hubspot", CONTACT, JSON, b'{"properties":{"email":"newer@example.com"}}', ("id",),
     "POST", f"{CONTACT}/merge", b'{"primaryObjectId":"101","objectIdToMerge":"{id}"}', 404),
    ("zendesk", TICKET, JSON, b'{"ticket":{"comment":{"body":"New"}}}', ("ticket", "id"),
     "PUT", TICKET + "/{id}", b'{"ticket":{"status":"solved"}}', 404),
    ("zendesk", TICKET, JSON, b'{"ticket":{"comment":{"body":"New"}}}', ("ticket", "id"),
     "POST", f"{TICKET}/1/merge", b'{"ids":[{id}]}', 404),
]  # fmt: skip


@pytest.mark.parametrize("door", [_vendors, _loopback], ids=["in_process", "loopback"])
def test_an_id_of_another_case_is_unknown(world, door):
    """What one case created cannot be changed, merged or billed by the next, at any vendor."""
    engine = Engine(world, seed=7)
    first, second = engine.open_case("first"), engine.open_case("second")
    with door(engine) as bases:
        for system, path, kind, body, place, method, used, with_it, status in OTHERS:
            own = engine.systems[system].authorization
            headers = [{**own(each.credentials[system]), "content-type": kind}
                       for each in (first, second)]  # fmt: skip
            found = json.loads(_requests("POST", f"{bases[system]}{path}", headers[0], body)[2])
            for name in place:
                found = found[name]
            url = f"{bases[system]}{used.replace('{id}', str(found))}"
            asked = with_it.replace(b"{id}", str(found).encode())
            assert _requests(method, url, headers[1], asked)[0] == status, used
            assert second.actions[-1].response_status == status
    assert (len(second.actions), second.effect()) == (len(OTHERS), {})


TWICE = [
    ("stripe", CHARGE, FORM, b"charge=ch_0002", 400, "already_refunded"),
    ("stripe", "/v1/disputes/dp_1/close", FORM, b"", 400, "no longer"),
    ("stripe", "/v1/invoices/in_open/void", FORM, b"", 400, "invoice"),
    ("hubspot", f"{CONTACT}/merge", JSON,
     b'{"primaryObjectId":"101","objectIdToMerge":"102"}', 400, "error"),
    ("zendesk", f"{TICKET}/1/merge", JSON, b'{"ids":[5]}', 422, "closed"),
]  # fmt: skip


@pytest.mark.parametrize("door", [_vendors, _loopback], ids=["in_process", "loopback"])
def test_what_is_done_once_is_not_done_twice(world, door):
    """The second refund, merge, closing or voiding is refused, captured, and changes nothing."""
    engine = Engine(world, seed=7)
    session = engine.open_case("case-1")
    with door(engine) as bases:
        for system, path, kind, body, status, text in TWICE:
            own = engine.systems[system].authorization(session.credentials[system])
            headers = {**own, "content-type": kind}
            url = f"{bases[system]}{path}"
            assert _requests("POST", url, headers, body)[0] == 200, path
            before = session.overlay.digest()
            again = _requests("POST", url, headers, body)
            assert (again[0], text in again[2]) == (status, True), again
            assert session.actions[-1].response_status == status
            assert session.overlay.digest() == before, path
    assert len(session.actions) == 2 * len(TWICE)
