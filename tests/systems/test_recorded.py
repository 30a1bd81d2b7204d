"""Systems that nobody mocks are answered from a recording, and nothing else is."""

from __future__ import annotations

import json

import orjson
import pytest

from understudy.model.errors import ConfigurationError
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.message import Request
from understudy.systems.recorded import RECORDED

HOST = "erp.corp.test"


def line(method, target, body=None, answer=None, status=200, **headers):
    return {
        "interaction_id": "i1", "seq": 1, "system": HOST,
        "request": {"method": method, "url": f"https://{HOST}{target}", "headers": headers,
                    "body": body},
        "response": {"status": status, "headers": {}, "body": answer},
    }  # fmt: skip


CALLS = [
    line("GET", "/orders/7?a=1&b=2", answer={"state": "open"}),
    line("GET", "/orders/7?b=2&a=1", answer={"state": "sent"}),
    line("POST", "/orders", {"sku": "x", "count": 2}, {"id": 8}, 201, **{"idempotency-key": "k"}),
    line("POST", "/orders", {"sku": "x", "count": 2}, {"id": 9}, 201),
]


@pytest.fixture
def erp(tmp_path):
    (tmp_path / "interactions.jsonl").write_text("\n".join(map(json.dumps, CALLS)) + "\n")
    systems = {"erp": f"{RECORDED}erp@{HOST}@{tmp_path}"}
    engine = Engine(World({}), systems=systems)
    return engine, engine.open_case("c1")


def ask(erp, method, path, query="", body=None, **headers):
    engine, session = erp
    token = session.credentials["erp"]["token"]
    data = b"" if body is None else orjson.dumps(body)
    given = {"authorization": f"Bearer {token}", **headers}
    answer = engine.handle(Request(method, HOST, path, query, given, data))
    return answer.status, orjson.loads(answer.body)


def test_a_call_is_answered_as_it_was(erp):
    """Whatever the order of query and body; several answers follow each other, then the last."""
    told = [ask(erp, "GET", "/orders/7", query)[1]["state"] for query in ("b=2&a=1",) * 3]
    assert told == ["open", "sent", "sent"]
    assert ask(erp, "POST", "/orders", body={"count": 2, "sku": "x"}) == (201, {"id": 8})
    [action] = erp[1].actions
    assert (action.operation, action.fields["sku"]) == ("erp.write", "x")


def test_the_same_idempotency_key_has_the_same_answer(erp):
    """The recorded key its own, another one the same again."""
    body = {"sku": "x", "count": 2}
    assert ask(erp, "POST", "/orders", body=body, **{"idempotency-key": "k"}) == (201, {"id": 8})
    first = ask(erp, "POST", "/orders", body=body, **{"idempotency-key": "mine"})
    assert ask(erp, "POST", "/orders", body=body, **{"idempotency-key": "mine"}) == first


def test_what_was_not_recorded_fails_closed_and_names_the_closest(erp):
    """The candidate gets an error that names nothing; the report gets the difference."""
    status, told = ask(erp, "POST", "/orders", body={"sku": "x", "count": 3})
    assert (status, told["error"]["code"]) == (501, 501)
    assert erp[1].gaps[-1].detail == (
        "the closest recorded call differs in `body.count`: 2 recorded, 3 asked"
    )
    assert ask(erp, "GET", "/order/7")[0] == 501
    assert "GET /orders/7" in erp[1].gaps[-1].detail
    assert (erp[1].gaps[-1].system, erp[1].gaps[-1].reason) == ("erp", "recording")


def test_cases_do_not_share_their_turn(erp):
    """Each case hears the answers from the first."""
    engine, _ = erp
    ask(erp, "GET", "/orders/7", "a=1&b=2")
    other = (engine, engine.open_case("c2"))
    assert ask(other, "GET", "/orders/7", "a=1&b=2")[1] == {"state": "open"}


def test_a_host_that_was_not_recorded_is_told_before_the_run(erp, tmp_path):
    """Not case by case."""
    with pytest.raises(ConfigurationError, match="no calls to"):
        Engine(World({}), systems={"crm": f"{RECORDED}crm@other.test@{tmp_path}"})
