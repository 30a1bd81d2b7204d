"""Recorded HTTP: HAR files and VCR cassettes."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.model.errors import RecordingError
from understudy.redact.scan import scan_value
from understudy.traffic.detect import detect_format, import_traffic
from understudy.traffic.http.importing import HAR, JSONL, VCR, HttpOptions, import_http
from understudy.traffic.recording import read_recording
from understudy.traffic.source_file import Limits
from understudy.traffic.yaml_stream import plain_yaml

CANARY = "hunter2-canary-7f3"
STRIPE = "https://api.stripe.com"


def entry(method="GET", url=f"{STRIPE}/v1/charges/ch_1", *, at="12:00:00", **more):
    return {
        "startedDateTime": f"2026-10-01T{at}Z",
        "time": 12.4,
        "request": {"method": method, "url": url, "headers": [], **more.pop("request", {})},
        "response": {
            "status": 200,
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {"mimeType": "application/json", "text": '{"id": "ch_1"}'},
            **more.pop("response", {}),
        },
        **more,
    }


def har(*entries):
    return {"log": {"version": "1.2", "creator": {"name": "x"}, "entries": list(entries)}}


CASSETTE = """
interactions:
- request:
    body: amount=500&charge=ch_1&charge=ch_2
    headers:
      Content-Type: [application/x-www-form-urlencoded]
      X-Request-Id: [7e4522]
    method: POST
    uri: https://api.stripe.com/v1/refunds
  response:
    body: {string: '{"id": "re_1"}'}
    headers: {date: ['Mon, 23 Nov 2026 23:23:53 GMT']}
    status: {code: 200, message: OK}
- request: {body: null, headers: {}, method: GET, uri: 'https://api.stripe.com/v1/charges/ch_1'}
  response: {body: {string: ''}, headers: {}, status: {code: 404, message: No}}
version: 1
"""


@pytest.fixture
def imported(logs, tmp_path, key):
    def run(format, content, name="log.har", **more):
        path = logs.write(content, name)
        report = import_http(format, [path], tmp_path / "out", HttpOptions(key=key, **more))
        return report, list(read_recording(tmp_path / "out").interactions())

    return run


def test_a_har_becomes_interactions_in_the_order_of_time(imported):
    """Vendors' calls are recognised by the table that the mocked systems serve."""
    posted = {"postData": {"mimeType": "application/json", "text": '{"amount": 5}'}}
    report, found = imported(
        HAR,
        har(
            entry("POST", f"{STRIPE}/v1/refunds", at="12:00:05", request=posted),
            entry(at="12:00:01"),
            entry("GET", "https://intranet.corp/wiki/42?x=1", at="12:00:03"),
        ),
    )
    assert [item.operation for item in found] == [
        "stripe.charges.retrieve", None, "stripe.refunds.create"
    ]  # fmt: skip
    assert [item.system for item in found] == ["stripe", "intranet.corp", "stripe"]
    assert found[2].request.body == {"amount": 5}
    assert found[0].response.body == {"id": "ch_1"}
    assert (found[0].latency_ms, found[0].started_at.hour) == (12, 12)
    assert (found[0].source.file, found[0].source.offset) == ("log.har", 2)
    assert report.notes["calls that no system serves: GET intranet.corp/wiki/{id}"] == 1


def test_a_missing_time_is_not_guessed(imported):
    """Where one entry has no time the file's order stands, and the report says so."""
    late, timeless = entry(at="12:00:05"), entry()
    timeless["startedDateTime"] = "2026-10-01T12:00:00"
    report, found = imported(HAR, har(late, timeless))
    assert [item.started_at is None for item in found] == [False, True]
    assert any("no times" in remark for remark in report.remarks)


def test_a_cassette_keeps_order_and_claims_no_time(imported):
    """Forms are taken apart, ids that belong together are kept, nothing is paced."""
    report, [first, second] = imported(VCR, CASSETTE)
    assert first.operation == "stripe.refunds.create"
    assert first.request.body == {"amount": "500", "charge": ["ch_1", "ch_2"]}
    assert first.correlation_id == "7e4522"
    assert first.started_at is None
    assert second.response.status == 404
    assert any("no times" in remark for remark in report.remarks)


def test_ids_that_look_like_numbers_stay_as_they_are(imported):
    """Writers of YAML 1.1 leave them without quotes: as numbers they would be others, or none."""
    text = CASSETTE.replace("amount=500&charge=ch_1&charge=ch_2", "{ }").replace(
        "[7e4522]", "[089]"
    )
    _, [first, *_] = imported(VCR, text)
    assert first.correlation_id == "089"


def test_a_json_cassette_is_the_same_recording(imported, tmp_path):
    """The serializer makes no difference."""
    _, from_yaml = imported(VCR, CASSETTE, "a.yaml")
    _, from_json = imported(VCR, json.dumps(plain_yaml(CASSETTE)), "a.json")
    assert [item.request for item in from_yaml] == [item.request for item in from_json]
    assert [item.response for item in from_yaml] == [item.response for item in from_json]
    assert detect_format(tmp_path / "a.yaml").name == "vcr"
    assert detect_format(tmp_path / "a.json").name == "vcr"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('!!binary "' + base64.b64encode(gzip.compress(b'{"a": 1}')).decode() + '"', {"a": 1}),
        ("!!python/unicode 'plain'", "plain"),
        ("{string: 'plain'}", "plain"),
        ("{base64_string: 'cGxhaW4='}", "plain"),
        ("{encoding: ASCII-8BIT, string: !binary 'eyJhIjogMX0='}", {"a": 1}),
        ("!!python/object/new:_io.BytesIO {state: [plain, 0, null]}", "plain"),
        ('!!binary "/wD/AA=="', {"binary_bytes": 4}),
    ],
    ids=["packed", "unicode", "text", "base64", "ruby", "stream", "binary"],
)
def test_bodies_of_all_serializers_are_read(imported, body, expected):
    """Text, bytes, compressed bytes and the tags of old versions; nothing else is built."""
    head = "interactions:\n- request:\n    method: POST\n    uri: https://a.test/x\n"
    rest = "    headers: {}\n  response: null\nversion: 1\n"
    _, [found] = imported(VCR, f"{head}    body: {body}\n{rest}")
    assert found.request.body == expected
    assert "no answer was recorded" in found.warnings


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("interactions: [!!python/object/apply:os.system [id]]", "not YAML of plain values"),
        ("- request: {uri: x}\n  response: {}", "before 1.0"),
        ("interactions: [", "not YAML"),
        ("[" * 400, "cannot be read"),
        ("a: &a [x]\nb: 1", "is no vcr file"),
    ],
)
def test_what_is_no_cassette_is_one_clear_error(logs, tmp_path, key, text, problem):
    """Tags that would run code, other dialects and damage are told, and nothing is written."""
    path = logs.write(text, "c.yaml")
    with pytest.raises(RecordingError, match=problem):
        import_http(VCR, [path], tmp_path / "out", HttpOptions(key=key))
    assert not (tmp_path / "out").exists()


@pytest.mark.timeout(30)
def test_bombs_do_not_go_off(logs, imported, tmp_path, key):
    """Aliases that unfold without end and bodies that unpack without end are refused."""
    layers = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9))
    laughs = logs.write(f"a0: &a0 [x]\n{layers}\ninteractions: [*a8]", "bomb.yaml")
    with pytest.raises(RecordingError, match="unfold to more than"):
        import_http(VCR, [laughs], tmp_path / "out", HttpOptions(key=key))
    zipped = base64.b64encode(gzip.compress(bytes(65 * 2**20))).decode()
    content = {"mimeType": "text/plain", "text": zipped, "encoding": "base64"}
    report, found = imported(HAR, har(entry(), entry(response={"content": content})))
    assert len(found) == 1
    assert "a body of more than" in report.quarantined[0].reason


def test_deep_bodies_are_kept_as_text(imported):
    """A nesting bomb inside of a body costs that body its structure only."""
    deep = {"content": {"mimeType": "application/json", "text": "[" * 200 + "]" * 200}}
    _, [found] = imported(HAR, har(entry(response=deep)))
    assert found.response.body == "[" * 200 + "]" * 200
    assert found.warnings == ("a body is nested more than 100 deep; it is kept as text",)


def test_secrets_and_people_never_reach_the_disk(imported, tmp_path):
    """Canaries in every part of an exchange: headers, cookies, URL, forms, JSON, base64, names."""
    inner = base64.b64encode(f'{{"api_key": "{CANARY}"}}'.encode()).decode()
    request = {
        "headers": [
            {"name": "Authorization", "value": f"Bearer {CANARY}"},
            {"name": "Cookie", "value": f"sid={CANARY}"},
            {"name": "X-Note", "value": f"password={CANARY}"},
        ],
        "cookies": [{"name": "sid", "value": CANARY}],
        "postData": {
            "mimeType": "application/x-www-form-urlencoded",
            "params": [{"name": "client_secret", "value": CANARY}, {"name": "b", "value": inner}],
        },
    }
    body = json.dumps({"token": CANARY, "deep": [{"email": "ann@corp.com", "x": inner}]})
    path = f"https://u:{CANARY}@corp.test/a?access_token={CANARY}&to=ann%40corp.com"
    multipart = f'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\npassword={CANARY}\r\n--b--'
    content = har(
        entry("POST", path, request=request, response={"content": {"text": body}}),
        entry("POST", request={"postData": {"text": multipart}}),
        entry(response={"headers": [{"name": "Set-Cookie", "value": f"sid={CANARY}; Path=/"}]}),
    )
    report, found = imported(HAR, content, "password=hunter2-canary-7f3.har")
    kept = "".join(path.read_text() for path in (tmp_path / "out").rglob("*.json*"))
    assert CANARY not in kept
    assert base64.b64encode(CANARY.encode()).decode()[:12] not in kept
    assert "ann@corp.com" not in kept
    assert "ann%40corp.com" not in kept
    assert report.manifest.redactions["email"] == 2
    for line in kept.splitlines():
        if line.startswith('{"interaction_id"'):
            item = json.loads(line)
            assert list(scan_value(item["request"])) == []
            assert list(scan_value(item["response"])) == []
    assert found[0].request.url.startswith("https://REDACTED_URL_USER_")


def test_damage_costs_one_entry_and_the_counts_add_up(imported):
    """Entries that are none go to quarantine with their place; the others are kept."""
    broken = [7, {}, {"request": {"method": "GET"}}, entry(url="no host"), entry(url="http://[x/")]
    report, found = imported(HAR, har(entry(), *broken, entry()))
    facts = report.manifest
    assert (facts.records, facts.kept, facts.quarantined) == (7, 2, 5)
    assert [item.seq for item in found] == [1, 2]
    assert report.quarantined[0].where == "log.har, entry 2"


@pytest.mark.parametrize(
    ("text", "body"),
    [("(removed)", None), ("eyJh\r\nIjogMX0", {"a": 1}), ("eyJhIjogIj8_In0=", {"a": "??"})],
    ids=["blacked out", "broken into lines", "of URLs"],
)
def test_a_body_that_is_not_the_base64_that_it_says_costs_itself_only(imported, text, body):
    """People black out bodies by hand: the exchange stays, and says that its body does not."""
    _, [found] = imported(
        HAR, har(entry(response={"content": {"text": text, "encoding": "base64"}}))
    )
    assert found.response.body == body
    assert bool(found.warnings) is (body is None)


def test_a_damaged_entry_costs_itself_only(logs, tmp_path, key):
    """Behind an entry that is no JSON the next one is found, however large what lies between."""
    whole = [json.dumps(entry(at=f"12:00:{number:02d}")) for number in range(8)]
    whole[2] = whole[2].replace('"request"', '"request\n"', 1)
    whole[5] = whole[5][:-20] + "x" * 3_000_000 + '"}'
    path = logs.write('{"log":{"version":"1.2","entries":[' + ", ".join(whole) + "]}}")
    report = import_http(HAR, [path], tmp_path / "out", HttpOptions(key=key))
    facts = report.manifest
    assert (facts.records, facts.kept, facts.quarantined) == (8, 6, 2)
    assert [each.where for each in report.quarantined] == ["log.json, entry 3", "log.json, entry 6"]


def test_entries_that_begin_differently_are_all_read(logs, tmp_path, key):
    """Chrome and Firefox begin entries with whatever they know of each; none is passed over."""
    chance, entries = random.Random(4), []
    for number in range(300):
        more = {
            name: {"startedDateTime": number}
            for name in chance.sample("abcdefghijklmnopqrstuvwxyz", 3)
        }
        entries.append(
            {
                **more,
                **entry(
                    url=f"{STRIPE}/v1/charges/ch_{number}",
                    at=f"12:{number // 60:02d}:{number % 60:02d}",
                ),
            }
        )
    for indent in (None, 2):
        path = logs.write(
            json.dumps({"log": {"version": "1.2", "entries": entries}}, indent=indent)
        )
        report = import_http(HAR, [path], tmp_path / f"out-{indent}", HttpOptions(key=key))
        shown = [one.request.url for one in read_recording(report.recording).interactions()]
        assert shown == [each["request"]["url"] for each in entries]


def test_a_har_that_breaks_off_keeps_its_whole_entries(logs, tmp_path, key):
    """Exports of crashed browsers end in the middle of an entry."""
    path = logs.write(har(entry(), entry(), entry()))
    path.write_text(path.read_text()[:-60])
    report = import_http(HAR, [path], tmp_path / "out", HttpOptions(key=key))
    assert (report.manifest.kept, report.manifest.quarantined) == (2, 1)


def test_several_files_become_one_recording(logs, tmp_path):
    """Entries of all files stand in one order of time."""
    one = logs.write(har(entry(at="12:00:02")), "one.har")
    two = logs.write(har(entry(at="12:00:01")), "two.har")
    report = import_traffic("auto", [one, two], tmp_path / "out")
    found = list(read_recording(tmp_path / "out").interactions())
    assert [item.source.file for item in found] == ["two.har", "one.har"]
    assert len(report.manifest.source_files) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["name", "value", "text", "encoding", "params", "status", "headers",
                         "content", "url", "method", "string", "code"]), inner, max_size=4
    ),
    max_leaves=10,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.sampled_from(["request", "response", "startedDateTime", "time"]),
    st.none() | st.sampled_from(["headers", "postData", "url", "method", "status", "content"]),
    JSON,
)
def test_whatever_stands_in_an_entry_the_counts_add_up(imported, place, inner, value):
    """Any value in any place ends as kept or quarantined, and never crashes."""
    broken = copy.deepcopy(entry())
    if inner is None or not isinstance(broken[place], dict):
        broken[place] = value
    else:
        broken[place][inner] = value
    report, found = imported(HAR, har(entry(), broken), limits=Limits())
    facts = report.manifest
    assert facts.kept + facts.repaired + facts.quarantined == facts.records == 2
    assert len(found) == facts.kept + facts.repaired


def test_the_parts_of_a_form_are_redacted_by_their_names(imported):
    """A secret in a part is known by the part's name alone; files are measured, not kept."""
    parts = (
        '--b1\r\nContent-Disposition: form-data; name="password"\r\n\r\n' + CANARY + "\r\n"
        '--b1\r\nContent-Disposition: form-data; name="amount"\r\n\r\n500\r\n'
        '--b1\r\nContent-Disposition: form-data; name="scan"; filename="ann@corp.com.txt"\r\n\r\n'
        "private\r\n--b1--\r\n"
    )
    headers = [{"name": "Content-Type", "value": "multipart/form-data; boundary=b1"}]
    request = {"headers": headers, "postData": {"mimeType": "multipart/form-data", "text": parts}}
    _, [found] = imported(HAR, har(entry("POST", request=request)))
    assert found.request.body["amount"] == "500"
    assert CANARY not in str(found.request.body)
    assert found.request.body["scan"]["binary_bytes"] == len("private")
    assert "ann@corp.com" not in str(found.request.body)
    assert "a file in a form was left out" in found.warnings


RUBY = """
---
http_interactions:
- request:
    method: get
    uri: https://api.stripe.com/v1/charges/ch_1
    body: {encoding: US-ASCII, string: ''}
    headers: {Authorization: [Bearer sk_live_4eC39HqLyjWDarjtT1zdp7dc]}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [application/json]}
    body: {encoding: UTF-8, string: '{"id": "ch_1"}'}
    http_version:
  recorded_at: Tue, 01 Nov 2011 04:58:44 GMT
recorded_with: VCR 2.0.0
"""
BETAMAX = {
    "http_interactions": [
        {
            "recorded_at": "2016-02-13T04:39:11",
            "request": {"body": {"encoding": "utf-8", "string": ""}, "method": "GET",
                        "headers": {"Accept": ["*/*"]}, "uri": f"{STRIPE}/v1/charges/ch_1"},
            "response": {"body": {"base64_string": base64.b64encode(
                            gzip.compress(b'{"id": "ch_1"}')).decode(), "encoding": "utf-8"},
                         "headers": {"Content-Encoding": ["gzip"]},
                         "status": {"code": 200, "message": "OK"}, "url": "x"},
        }
    ],
    "recorded_with": "betamax/0.5.1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("content", "at"),
    [(RUBY, "2011-11-01T04:58:44+00:00"), (json.dumps(BETAMAX), "2016-02-13T04:39:11+00:00")],
    ids=["ruby", "betamax"],
)
def test_cassettes_of_vcr_s_relatives_are_read_with_their_times(imported, tmp_path, content, at):
    """Most public recordings of these vendors are Ruby's or betamax'; both say when it was."""
    _, [found] = imported(VCR, content, "c")
    assert detect_format(tmp_path / "c").name == "vcr"
    assert found.operation == "stripe.charges.retrieve"
    assert found.response.body == {"id": "ch_1"}
    assert found.started_at.isoformat() == at
    assert "sk_live" not in str(found.request.headers)


def test_every_record_in_quarantine_is_named_on_the_disk(tmp_path, key):
    """Many broken lines: each one's file and byte can be read afterwards, none is in memory."""
    good = json.dumps({"request": {"method": "GET", "url": "https://a.example/"}})
    path = tmp_path / "ann@corp.com.jsonl"
    path.write_text("".join(f"{{broken {n}\n{good}\n" for n in range(30_000)))
    report = import_http(JSONL, [path], tmp_path / "out", HttpOptions(key=key))
    lines = [
        json.loads(x) for x in (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()
    ]
    assert len(lines) == report.manifest.quarantined == len(report.quarantined) == 30_000
    assert report.manifest.kept + len(lines) == report.manifest.records
    offsets = [int(line["where"].rpartition("byte ")[2]) for line in lines]
    data = path.read_bytes()
    assert all(data[at:].startswith(b"{broken") for at in offsets[::1000])
    assert "quarantine.jsonl" in report.summary() and "ann@corp.com" not in str(lines[0])


def test_a_recording_without_loss_has_no_list_of_losses(tmp_path, key):
    """Where every record was kept there is no quarantine to look at."""
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps({"request": {"method": "GET", "url": "https://a.example/"}}))
    import_http(JSONL, [path], tmp_path / "out", HttpOptions(key=key))
    assert not (tmp_path / "out" / "quarantine.jsonl").exists()
