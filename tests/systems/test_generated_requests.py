"""What schemathesis makes of the exported documents, sent to the systems as they are served."""

from contextlib import closing

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from schemathesis import openapi as documents
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from understudy.doors.loopback import serving
from understudy.systems.engine import Engine
from understudy.systems.openapi import openapi
from understudy.systems.routes import KNOWN

CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance,
          content_type_conformance]  # fmt: skip
# Ids that the world has, by the part of the path before them: chance would never find one.
IDS = {
    "charges": "ch_0001", "customers": "cus_ada", "invoices": "in_open",
    "subscriptions": "sub_ada", "disputes": "dp_1", "payment_intents": "pi_held",
    "prices": "price_pro", "products": "prod_1", "events": "evt_1", "tickets": "1",
    "users": "7001", "organizations": "7500", "macros": "9001", "owners": "51",
}  # fmt: skip
PLACES = {
    "object_type": "contacts", "to_object_type": "companies", "to_id": "201",
    "comment_id": "8001", "macro_id": "9001", "name": "email",
}  # fmt: skip
# Headers that say where a message ends and what becomes of the connection. Invented values make it
# no HTTP, which the server's parser refuses in plain text before there is a request to answer.
FRAMING = {"connection", "content-length", "expect", "host", "transfer-encoding", "upgrade"}


def _known(path):
    """The path's parameters as they are in the world."""
    parts = path.strip("/").split("/")
    return {
        part[1:-1]: PLACES.get(part[1:-1]) or IDS.get(parts[index - 1], "101")
        for index, part in enumerate(parts)
        if part.startswith("{")
    }


def _ways(operation):
    """Requests that fit the document, to objects that are there, and such that do not fit it."""
    known = _known(operation.path)
    fixed = {"path_parameters": known} if known else {}
    yield operation.as_strategy(generation_mode=GenerationMode.POSITIVE, **fixed)
    yield operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "examples", [pytest.param(2, id="short"), pytest.param(40, id="long", marks=pytest.mark.fuzz)]
)
@pytest.mark.parametrize("name", sorted(KNOWN))
def test_generated_requests_are_answered_as_documented(world, name, examples):
    """No 5xx, no answer of another shape, status or content type than the document says."""
    engine = Engine(world)
    session = engine.open_case("generated")
    system = engine.systems[name]
    headers = system.authorization(session.credentials[name])
    statuses = []

    def sent(url, client, strategy):
        @settings(
            max_examples=examples, derandomize=True, database=None, deadline=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=strategy)
        def answered_as_documented(case):
            for invented in [key for key in case.headers or () if key.lower() in FRAMING]:
                del case.headers[invented]
            answer = case.call_and_validate(url, client, headers, checks=CHECKS)
            statuses.append(answer.status_code)

        answered_as_documented()

    with serving(engine, {name: system.base_url}) as urls, closing(requests.Session()) as client:
        for made in documents.from_dict(openapi(name)).get_all_operations():
            for strategy in _ways(made.ok()):
                sent(urls[name], client, strategy)
    assert {200, 201} & set(statuses)
    assert {400, 404, 422} & set(statuses)
