"""mitmproxy's flow files, Keploy's YAML and JSON lines."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.traffic.flows import NOON, flow, tnet

from understudy.model.errors import ConfigurationError, RecordingError
from understudy.traffic.detect import Wishes, detect_format, import_traffic
from understudy.traffic.http.importing import JSONL, KEPLOY, MITMPROXY, HttpOptions, import_http
from understudy.traffic.recording import read_recording
from understudy.traffic.source_file import Limits


@pytest.fixture
def imported(tmp_path, key):
    def run(format, data, name="x", **more):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        report = import_http(format, [path], tmp_path / "out", HttpOptions(key=key, **more))
        return report, list(read_recording(tmp_path / "out").interactions())

    return run


def test_flows_are_read_in_order_of_time_at_the_host_that_was_asked(imported):
    """The client's own host counts, not the address behind it; times and latency are kept."""
    report, [first, second] = imported(MITMPROXY, tnet(flow(5.0)) + tnet(flow(1.0, path=b"/v1/x")))
    assert second.operation == "stripe.refunds.create"
    assert first.request.url == "https://api.stripe.com/v1/x"
    assert second.request.body == {"amount": 500}
    assert (second.response.status, second.response.body) == (200, {"id": "re_1"})
    assert second.latency_ms == 250
    assert second.started_at.timestamp() == NOON + 5
    assert second.source.offset == 0
    assert first.source.offset == len(tnet(flow(5.0)))
    assert report.manifest.kept == 2


def test_what_is_no_http_or_too_new_is_told(imported):
    """TCP flows are dropped, newer versions say what to do, damage costs the rest of the file."""
    data = b"".join(map(tnet, [flow(), flow(kind="tcp"), flow(version=22)]))
    report, found = imported(MITMPROXY, data + b"5:abc")
    facts = report.manifest
    assert len(found) == 1
    assert (facts.records, facts.kept, facts.dropped, facts.quarantined) == (4, 1, 1, 2)
    newer, broken = report.quarantined
    assert "flow version 22 is newer than 21; export it as HAR" in newer.reason
    assert broken == type(broken)(f"x, byte {len(data)}", "the file breaks off")


@pytest.mark.parametrize("kind", [{}, {"type": b"http"}], ids=["no type", "type in bytes"])
def test_flows_of_before_they_were_numbered_are_read(imported, kind):
    """The tool wrote its own version then, and the status under another name."""
    old = flow(version=[0, 10, 1])
    old["response"]["code"] = old["response"].pop("status_code")
    del old["type"]
    report, [found] = imported(MITMPROXY, tnet({**old, **kind}))
    assert report.manifest.kept == 1
    assert (found.operation, found.response.status) == ("stripe.refunds.create", 200)


def test_a_flow_without_an_answer_is_kept(imported):
    """A request that failed is traffic too."""
    lonely = {**flow(), "response": None, "error": {"msg": "reset", "timestamp": NOON}}
    _, [found] = imported(MITMPROXY, tnet(lonely))
    assert found.response is None
    assert found.warnings == ("no answer was recorded",)


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({"authority": b"a.test:8443", "headers": []}, "https://a.test:8443/v1/refunds"),
        ({"headers": [], "port": 8080, "scheme": b"http"}, "http://10.0.0.7:8080/v1/refunds"),
        ({"headers": []}, "https://10.0.0.7/v1/refunds"),
    ],
)
def test_the_url_is_what_the_client_asked_for(imported, changes, url):
    """Authority, then the Host header, then where the connection went."""
    _, [found] = imported(MITMPROXY, tnet(flow(**changes)))
    assert found.request.url == url


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_no_bytes_crash_the_reader_of_flows(imported, data):
    """Cut, flipped and random bytes are counted or refused, never a crash."""
    good = tnet(flow())
    kind = data.draw(st.sampled_from(["cut", "flip", "random"]))
    if kind == "cut":
        text = good + good[: data.draw(st.integers(0, len(good)))]
    elif kind == "flip":
        at = data.draw(st.integers(0, len(good) - 1))
        text = good[:at] + data.draw(st.binary(min_size=1, max_size=3)) + good[at + 1 :]
    else:
        text = data.draw(st.binary(min_size=1, max_size=200))
    try:
        report, found = imported(MITMPROXY, text)
    except RecordingError:
        return
    assert report.manifest.kept + report.manifest.repaired == len(found)


CASE = """\
version: api.keploy.io/v1beta1
kind: Http
name: refund
spec:
  metadata: {type: HTTP}
  req: {method: POST, proto_major: 1, proto_minor: 1, url: 'https://api.stripe.com/v1/refunds',
        header: {Content-Type: application/json}, body: '{"amount": 500}',
        timestamp: 2026-08-05T08:22:51.125846719Z}
  resp: {status_code: 200, header: {}, body: '{"id": "re_1"}', status_message: OK,
         timestamp: 2026-08-05T08:22:51.131208762Z}
  assertions: {noise: {body.created_at: []}}
"""
MOCK = """\
version: api.keploy.io/v1beta1
kind: Http
name: mock-0
spec:
  metadata: {type: config, connID: "3"}
  req: {method: GET, url: 'https://api.stripe.com/v1/charges/ch_1', header: {}, body: ''}
  resp: {status_code: 200, header: {}, body: '', body_ref: {path: big.bin, size: 2000000}}
  reqTimestampMock: 2026-08-05T08:22:50.000000001Z
  resTimestampMock: 2026-08-05T08:22:50.020000000Z
"""


def test_test_cases_and_mocks_of_keploy_are_read(imported):
    """Both kinds of records, by time; what lies outside of the record is told."""
    mongo = "version: api.keploy.io/v1beta1\nkind: Mongo\nspec: {}\n"
    broken = "version: api.keploy.io/v1beta1\nkind: [\n"
    report, [first, second] = imported(KEPLOY, "---\n".join([CASE, MOCK, mongo, broken]))
    assert (first.operation, second.operation) == (
        "stripe.charges.retrieve", "stripe.refunds.create"
    )  # fmt: skip
    assert second.started_at.isoformat() == "2026-08-05T08:22:51.125847+00:00"
    assert (second.latency_ms, first.latency_ms) == (5, 20)
    assert second.request.body == {"amount": 500}
    assert first.warnings == ("a body lies outside of the record and was left out",)
    facts = report.manifest
    assert (facts.records, facts.kept, facts.dropped, facts.quarantined) == (4, 2, 1, 1)
    assert report.quarantined[0].where == "x, document 4"


LINE = {
    "request": {
        "method": "POST", "url": "https://api.stripe.com/v1/refunds", "body": {"amount": 5},
    },
    "response": {"status": 200, "body": {"base64": "eyJpZCI6ICJyZV8xIn0="}},
    "started_at": "2026-10-01T12:00:00Z", "latency_ms": 12.4, "correlation_id": "c-1",
    "actor": "ann@corp.com",
}  # fmt: skip


def test_lines_of_json_are_the_simplest_way_in(imported):
    """Whatever taps a company has, it can write one JSON object a line."""
    text = json.dumps(LINE)
    report, [found] = imported(JSONL, f"\ufeff{text}\nnonsense\n\n{text[:40]}")
    assert found.operation == "stripe.refunds.create"
    assert found.response.body == {"id": "re_1"}
    assert (found.correlation_id, found.latency_ms) == ("c-1", 12)
    assert "ann@corp.com" not in found.actor
    facts = report.manifest
    assert (facts.records, facts.kept, facts.quarantined) == (3, 1, 2)
    start = len(f"\ufeff{text}\n".encode())
    assert [item.where for item in report.quarantined] == [
        f"x, byte {start}", f"x, byte {start + len('nonsense') + 2}"
    ]  # fmt: skip


def test_a_recording_s_interactions_are_such_lines(imported, tmp_path, key):
    """What was written is read again, equal but for its source."""
    _, first = imported(JSONL, json.dumps(LINE))
    lines = (tmp_path / "out" / "interactions.jsonl").read_bytes()
    _, second = imported(JSONL, lines, "again")
    assert [item.request for item in first] == [item.request for item in second]
    assert [item.response for item in first] == [item.response for item in second]
    assert [item.started_at for item in first] == [item.started_at for item in second]


def test_a_line_beyond_the_limit_costs_itself_only(imported):
    """The lines before and behind a giant one are kept."""
    text = json.dumps(LINE)
    giant = json.dumps({**LINE, "note": "x" * 5000})
    report, found = imported(JSONL, f"{text}\n{giant}\n{text}", limits=Limits(record_bytes=2000))
    assert len(found) == 2
    assert report.quarantined[0].reason == "a record of more than 2,000 bytes"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (tnet(flow()), "mitmproxy"),
        (CASE.encode(), "keploy"),
        (json.dumps(LINE).encode(), "jsonl"),
        (gzip.compress(json.dumps(LINE).encode()), "jsonl"),
    ],
)
def test_formats_are_known_by_their_content(tmp_path, data, name):
    """A file's name says nothing; packed files are looked into."""
    (tmp_path / "some.bin").write_bytes(data)
    assert detect_format(tmp_path / "some.bin").name == name


def test_a_base_url_of_one_s_own_stands_for_the_vendor_s(tmp_path, monkeypatch):
    """What a gateway or a staging copy saw is recognised, under the longest base that fits."""
    calls = [
        "http://gw:8080/stripe/v1/refunds",
        "http://gw:8080/v1/other",
        "http://crm/crm/v3/owners",
    ]
    lines = [
        json.dumps({"request": {"method": "POST" if "refunds" in url else "GET", "url": url}})
        for url in calls
    ]
    (tmp_path / "x").write_text("\n".join(lines))
    bases = {"http://gw:8080/stripe": "stripe", "crm": "https://api.hubapi.com"}
    report = import_traffic("jsonl", [tmp_path / "x"], tmp_path / "out", Wishes(bases=bases))
    found = list(read_recording(tmp_path / "out").interactions())
    assert [item.operation for item in found] == [
        "stripe.refunds.create", None, "hubspot.owners.list"
    ]  # fmt: skip
    assert found[0].request.url == "https://api.stripe.com/v1/refunds"
    assert report.notes["calls that no system serves: GET gw/v1/other"] == 1


@pytest.mark.parametrize(
    ("bases", "said"),
    [
        ({"http://gw": "strip"}, "`strip` is neither a system; did you mean `stripe`"),
        ({"": "stripe"}, "names no host"),
    ],
)
def test_a_base_that_cannot_be_meant_is_refused(tmp_path, bases, said):
    """The message names the value and the form that is expected."""
    (tmp_path / "x").write_text(json.dumps(LINE))
    with pytest.raises(ConfigurationError, match="--map|" + said) as refused:
        import_traffic("jsonl", [tmp_path / "x"], tmp_path / "out", Wishes(bases=bases))
    assert said.partition(";")[0] in str(refused.value)


def test_a_har_is_read_in_memory_that_does_not_grow(tmp_path, key):
    """Ten times the file takes the same memory; the reader holds one entry at a time."""
    import tracemalloc

    entry = {
        "startedDateTime": "2026-10-01T12:00:00Z", "time": 1,
        "request": {"method": "GET", "url": "https://a.test/x", "headers": []},
        "response": {"status": 200, "headers": [], "content": {"text": "word " * 2000}},
    }  # fmt: skip
    peaks = []
    for count in (30, 600):
        (tmp_path / "x").write_text(
            json.dumps({"log": {"pages": [{"x": [1]}], "entries": [entry] * count}})
        )
        tracemalloc.start()
        report = import_traffic("har", [tmp_path / "x"], tmp_path / "out")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert report.manifest.kept == count
    assert peaks[1] < peaks[0] + 4_000_000
