"""GoReplay captures."""

from __future__ import annotations

import gzip
import zlib

import pytest
from typer.testing import CliRunner

from understudy.cli.main import app
from understudy.model.errors import RecordingError
from understudy.traffic.detect import detect_format, import_traffic
from understudy.traffic.http.gor import SEPARATOR
from understudy.traffic.http.importing import GOR, HttpOptions, import_http
from understudy.traffic.recording import read_recording
from understudy.traffic.source_file import Limits

REFUND = (
    b"POST /v1/refunds HTTP/1.1\r\nHost: api.stripe.com\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\namount=500&charge=ch_1"
)
OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"id": "re_1"}'
NOON = 1_790_856_000_000_000_000


def capture(*records):
    return SEPARATOR.join(head.encode() + b"\n" + raw for head, raw in records) + SEPARATOR


@pytest.fixture
def imported(tmp_path, key):
    def run(data, name="x.gor", **more):
        path = tmp_path / name
        path.write_bytes(data)
        report = import_http(GOR, [path], tmp_path / "out", HttpOptions(key=key, **more))
        return report, list(read_recording(tmp_path / "out").interactions())

    return run


def test_requests_find_their_answers_and_stand_in_order_of_time(imported):
    """Records of a capture are out of order; ids link them and times order them."""
    later = (f"1 b {NOON + 5 * 10**9} 0", b"GET /v1/charges/ch_1 HTTP/1.1\r\nHost: api.stripe.com")
    report, found = imported(
        capture((f"2 a {NOON} 30000000", OK), later, (f"1 a {NOON} 0", REFUND))
    )
    assert [item.operation for item in found] == [
        "stripe.refunds.create", "stripe.charges.retrieve"
    ]  # fmt: skip
    assert found[0].request.url == "//api.stripe.com/v1/refunds"
    assert found[0].request.body == {"amount": "500", "charge": "ch_1"}
    assert (found[0].response.status, found[0].response.body) == (200, {"id": "re_1"})
    assert (found[0].latency_ms, found[0].started_at.isoformat()) == (
        30, "2026-10-01T12:00:00+00:00"
    )  # fmt: skip
    assert found[1].response is None
    assert report.manifest.kept == 2


def test_what_belongs_to_no_request_is_counted(imported):
    """Replayed answers are dropped; answers of nobody and damaged records go to quarantine."""
    report, found = imported(
        capture(
            (f"1 a {NOON} 0", REFUND),
            (f"2 a {NOON}", OK),
            (f"2 a {NOON}", OK),
            (f"3 a {NOON} 5", OK),
            (f"2 z {NOON} 5", OK),
            ("what is this", b""),
            (f"1 c {NOON} 0", b"nonsense"),
        )
    )
    facts = report.manifest
    assert len(found) == 1
    assert (facts.records, facts.kept, facts.dropped, facts.quarantined) == (6, 1, 1, 4)


def test_a_secret_across_two_chunks_is_found(imported, tmp_path):
    """Chunks are put together before anything is looked for."""
    raw = (
        b"POST /x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"8\r\nkey sk_l\r\n1d\r\nive_4eC39HqLyjWDarjtT1zdp7dc\r\n0\r\n\r\n"
    )
    report, [found] = imported(capture((f"1 a {NOON} 0", raw)))
    assert found.request.body.startswith("key REDACTED_STRIPE_KEY_")
    assert report.manifest.redactions == {"stripe_key": 1}


def test_damaged_chunks_lose_nothing(imported):
    """What is no chunk is kept as it stands."""
    raw = b"POST /x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz"
    _, [found] = imported(capture((f"1 a {NOON} 0", raw)))
    assert found.request.body == "abzz"


@pytest.mark.parametrize(
    ("asked", "told", "warned"),
    [
        ("Content-Length: 22\r\n\r\namount=5", "Content-Length: 2\r\n\r\n{}", True),
        ("Content-Length: 8\r\n\r\namount=5", "Content-Length: 9\r\n\r\n{}", True),
        ("Transfer-Encoding: chunked\r\n\r\n16\r\namount=5", "\r\n{}", True),
        ("Content-Length: 8\r\n\r\n", "\r\n{}", True),
        ("Content-Length: 8\r\n\r\namount=5", "Content-Length: 9\r\n\r\n", False),
        ("Content-Length: \xb2\r\n\r\namount=5", "Content-Length: x\r\n\r\n{}", False),
        ("\r\namount=5", "\r\n{}", False),
    ],
)
def test_a_body_that_breaks_off_is_warned_of(imported, asked, told, warned):
    """Half an amount is another amount; no body at all may be the answer to a HEAD."""
    ask = f"POST /v1/refunds HTTP/1.1\r\nHost: api.stripe.com\r\n{asked}".encode("latin-1")
    answer = f"HTTP/1.1 200 OK\r\n{told}".encode("latin-1")
    _, [found] = imported(capture((f"1 a {NOON} 0", ask), (f"2 a {NOON} 0", answer)))
    assert ("a body breaks off before the length that it states" in found.warnings) is warned


def test_a_status_that_is_no_number_is_none(imported):
    """Signs that only look like digits are an answer that cannot be read."""
    asked = (f"1 a {NOON} 0", b"GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n")
    told = (f"2 a {NOON} 0", b"HTTP/1.1 \xb200 \r\n\r\n{}")
    _, [found] = imported(capture(asked, told))
    assert found.response is None


def test_packed_captures_are_recognised_and_read(imported, tmp_path):
    """A packed capture is the same capture."""
    _, plain = imported(capture((f"1 a {NOON} 0", REFUND)))
    _, packed = imported(gzip.compress(capture((f"1 a {NOON} 0", REFUND))), "y.gz")
    _, bare = imported(zlib.compress(capture((f"1 a {NOON} 0", REFUND))), "z")
    told = [[item.request for item in found] for found in (plain, packed, bare)]
    assert told[0] == told[1] == told[2]
    assert detect_format(tmp_path / "x.gor").name == "gor"
    assert import_traffic("auto", [tmp_path / "y.gz"], tmp_path / "out").format == "gor"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (gzip.compress(bytes(2_000_000)), "unfolds to more than 1,000,000 bytes"),
        (gzip.compress(b"x" * 5000)[:-20], "its compression is damaged"),
        (zlib.compress(bytes(2_000_000)), "unfolds to more than 1,000,000 bytes"),
        (zlib.compress(b"x" * 5000)[:-9], "its compression is damaged: the stream breaks off"),
        (b"", "it is empty"),
    ],
    ids=["packed bomb", "packed damage", "bare bomb", "bare damage", "empty"],
)
def test_bombs_and_damage_are_one_clear_error(imported, data, problem):
    """A small packed file that unpacks without end is not unpacked, and nothing is written."""
    with pytest.raises(RecordingError, match=problem):
        imported(data, limits=Limits(unpacked_bytes=1_000_000))


def test_a_record_beyond_the_limit_costs_itself_only(imported):
    """What stands before and behind a giant record is kept, and the giant is counted."""
    giant = (f"1 b {NOON} 0", b"POST / HTTP/1.1\r\nHost: a.test\r\n\r\n" + b"x" * 3_000_000)
    asked, again = (f"1 a {NOON} 0", REFUND), (f"1 c {NOON} 0", REFUND)
    report, found = imported(capture(asked, giant, again), limits=Limits(record_bytes=1_000_000))
    assert len(found) == 2
    assert [item.reason for item in report.quarantined] == ["a record of more than 1,000,000 bytes"]


def test_what_waits_for_its_answer_is_bounded(monkeypatch, imported):
    """Requests that nobody answers do not pile up in memory; they are kept without answers."""
    monkeypatch.setattr("understudy.traffic.http.gor._MOST_WAITING", 1000)
    asked = [(f"1 id{n} {NOON + n} 0", REFUND) for n in range(50)]
    _, found = imported(capture(*asked, (f"2 id49 {NOON}", OK), (f"2 id0 {NOON}", OK)))
    assert len(found) == 50
    assert [item.response is not None for item in found].index(True) == 49


def test_a_capture_of_another_protocol_keeps_nothing_and_says_so(tmp_path):
    """Binary records are named one by one, and the command ends with the code of no cases."""
    path, out = tmp_path / "m.gor", tmp_path / "out"
    wire = bytes(range(256)) * 4
    path.write_bytes(capture((f"1 a {NOON} 0", wire), (f"2 a {NOON} 7", wire), ("binary", wire)))
    done = CliRunner().invoke(app, ["traffic", "import", "gor", str(path), "--out", str(out)])
    assert done.exception.exit_code == 5
    assert "2 records = 0 kept + 0 dropped + 0 repaired + 2 quarantined" in done.output
    assert "m.gor, byte 0: no HTTP, but the bytes of another protocol" in done.output
    assert done.exception.problem == "the recording holds nothing: none of 2 records is kept"
    assert read_recording(out).manifest.quarantined == 2
    path.write_bytes(capture((f"1 a {NOON} 0", REFUND), (f"1 b {NOON} 0", wire)))
    command = ["traffic", "import", "gor", str(path), "--out", str(tmp_path / "some")]
    assert CliRunner().invoke(app, command).exit_code == 0
