"""Every parser of recorded traffic on files that are broken anywhere: no crash, no hang."""

from __future__ import annotations

import gzip
import json
import random
from datetime import UTC

import pytest
from tests.traffic import exports as x
from tests.traffic.test_export_tables import HISTORY, PAYMENTS, TICKETS
from tests.traffic.test_http_cases import read_it, refund_it, solve_it

from understudy.model.errors import UnderstudyError
from understudy.traffic.detect import FORMATS
from understudy.traffic.format import Wishes
from understudy.traffic.recording import read_recording

ROUNDS = [pytest.param(1, id="short"), pytest.param(60, id="long", marks=pytest.mark.fuzz)]
CALLS = [*read_it(), refund_it(), solve_it()]


def har():
    entries = [
        {"startedDateTime": one["started_at"], "time": 3,
         "request": {"method": one["request"]["method"], "url": one["request"]["url"],
                     "headers": [], "postData": {"text": json.dumps(one["request"]["body"])}},
         "response": {"status": 200, "headers": [],
                      "content": {"text": json.dumps(one["response"]["body"])}}}
        for one in CALLS
    ]  # fmt: skip
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def vcr():
    interactions = [
        {"request": {"method": one["request"]["method"], "uri": one["request"]["url"],
                     "body": json.dumps(one["request"]["body"]), "headers": {"a": ["b"]}},
         "response": {"status": {"code": 200}, "headers": {},
                      "body": {"string": json.dumps(one["response"]["body"])}}}
        for one in CALLS
    ]  # fmt: skip
    return json.dumps({"interactions": interactions, "version": 1})


GOR = (
    "1 a1 1700000000000000000\nGET /v1/charges/ch_1 HTTP/1.1\r\nHost: api.stripe.com\r\n\r\n"
    "\n🐵🙈🙉\n2 a1 1700000000000000000 10\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    "\n🐵🙈🙉\n"
)
KEPLOY = """version: api.keploy.io/v1beta1
kind: Http
name: t
spec:
  req: {method: GET, url: "https://api.stripe.com/v1/charges/ch_1"}
  resp: {status_code: 200, body: "{}"}
"""
SEEDS = {
    "jsonl": "\n".join(map(json.dumps, CALLS)),
    "har": har(),
    "vcr": vcr(),
    "gor": GOR,
    "mitmproxy": "48:7:version;2:21#4:type;4:http;7:request;6:4:path;}}",
    "keploy": KEPLOY,
    "zendesk": json.dumps({"audits": x.audits(), "users": x.users(), "tickets": [x.ticket()]}),
    "stripe": json.dumps({"object": "list", "data": x.refund_events()}),
    "hubspot": json.dumps([{"id": "1", "properties": {"email": "a@b.co"}, "createdAt": x.OPENED}]),
    "otlp": json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": "a" * 32, "spanId": "b" * 16, "name": "chat", "attributes": [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}]}]}]}]}),
    "langfuse": json.dumps([{"id": "1", "traceId": "t", "startTime": x.OPENED, "type": "SPAN"}]),
    "langsmith": json.dumps([{"id": "1", "run_type": "tool", "trace_id": "t", "inputs": {}}]),
    "star": json.dumps([{"DialogueID": 1, "Scenario": {}, "Events": [{"Agent": "User"}]}]),
    "abcd": json.dumps([{"convo_id": 1, "original": [["customer", "hi"]], "delexed": []}]),
    "tau": json.dumps([{"task_id": 1, "traj": [{"role": "user", "content": "x"}], "trial": 0}]),
}  # fmt: skip
TABLES = {"zendesk": TICKETS, "stripe": PAYMENTS + PAYMENTS, "hubspot": HISTORY}
FILES = [pytest.param(each, SEEDS[each.name], id=each.name) for each in FORMATS]
FILES += [pytest.param(each, TABLES[each.name], id=f"{each.name}-csv")
          for each in FORMATS if each.name in TABLES]  # fmt: skip
SPLICES = (b"\x00", b"\xff\xfe", b"{", b"]", b'"', b"1e999", b"NaN", b"null", b"\xed\xa0\x80",
           b"!!python/object/apply:os.system", b"&a *a", b"-1", b"[[[[[[[[", b"\r\n\r\n",
           b"\x1f\x8b", b"99999999999999999999:")  # fmt: skip


ODD = (None, True, -1, 10**30, 0.5, "", "x", "\ud800", [], [None], {}, {"id": None}, [[{}]], "0001")


def twisted(value, chance):
    """The same value with something odd in places."""
    if chance.random() < 0.04:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {key: twisted(each, chance) for key, each in value.items()}
    if isinstance(value, list):
        return [twisted(each, chance) for each in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.dumps(twisted(json.loads(value), chance))
    return value


def odd(text, chance):
    """A file in which values are of other types than they should; None where it is no JSON."""
    lines = text.splitlines()
    try:
        return "\n".join(json.dumps(twisted(json.loads(line), chance)) for line in lines)
    except ValueError:
        return None


def broken(data, chance):
    """The bytes cut, spliced, swapped and doubled, a few times over."""
    for _ in range(chance.randint(1, 4)):
        at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        way = chance.randrange(4)
        if way == 0:
            data = data[:at]
        elif way == 1:
            data = data[:at] + chance.choice(SPLICES) + data[at:]
        elif way == 2:
            data = data[:at] + data[to:]
        else:
            data = data[:to] + data[at:]
    return gzip.compress(data) if chance.random() < 0.1 else data


@pytest.mark.timeout(300)
@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize(("format", "seed"), FILES)
def test_broken_files_are_errors_or_quarantine(tmp_path, format, seed, rounds):
    """A clear error with nothing written, or a recording whose counts add up; never a traceback."""
    chance = random.Random(f"{format.name}/{len(seed)}/{rounds}")
    for number in range(5 * rounds):
        path, out = tmp_path / f"in-{number}", tmp_path / f"out-{number}"
        other = odd(seed, chance) if number % 2 else None
        path.write_bytes(broken(seed.encode(), chance) if other is None else other.encode())
        try:
            format.read([path], out, Wishes(zone=UTC))
        except UnderstudyError:
            assert not out.exists()
        else:
            read_recording(out)
        assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]
