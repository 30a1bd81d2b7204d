"""A secret in any part of any format never reaches the disk."""

from __future__ import annotations

import base64
import binascii
import json
import re

import pytest
from tests.traffic.canaries import WRITERS, Canaries

from understudy.redact.fields import kind_of_field
from understudy.traffic.detect import Wishes, import_traffic
from understudy.traffic.dialogues.tau import import_tau
from understudy.traffic.quarantine import Quarantine
from understudy.traffic.scan import scan_recording
from understudy.traffic.traces.importing import TRACES

_TOKEN = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")


@pytest.mark.parametrize("format", WRITERS)
def test_no_secret_in_any_part_reaches_the_disk(format, tmp_path, monkeypatch):
    """Header, cookie, query, body, form, part, stream, base64, user of a URL, name of the file."""
    monkeypatch.setenv("UNDERSTUDY_REDACTION_KEY", str(tmp_path / "key"))
    of = Canaries()
    file = tmp_path / f"{of.mail()}-{of.key()}.log"
    file.write_text(WRITERS[format](of), encoding="utf-8")
    out = tmp_path / "out"
    wishes = Wishes(proposed=out / "proposed.jsonl" if format in TRACES else None)
    report = import_traffic("auto", [file], out, wishes)
    assert report.format == format and not report.manifest.quarantined
    assert scan_recording(out) == []
    written = report.summary().replace(str(tmp_path), "").encode()
    written += b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    shown = written + b"".join(map(_decoded, _TOKEN.findall(written)))
    assert [one for one in of.made if one.encode() in shown] == []
    assert len(of.made) >= 7 and report.manifest.redactions


def test_no_secret_in_a_benchmark_s_log_reaches_the_disk(logs, tmp_path, key):
    """Said, asked for, answered, expected or scored: its people are invented, its keys need not be.

    Both schemas, with what the agent proposed; a record in quarantine names none either.
    """
    of = Canaries()
    first, second = _benchmark_logs(logs, of)
    for name, content in (("tau-bench", first), ("tau2-bench", second)):
        log = logs.write(content, f"{of.key()}.json")
        out = tmp_path / name
        report = import_tau(log, out, out / "proposed.jsonl", key=key)
        assert (report.format, report.manifest.cases, report.manifest.quarantined) == (name, 1, 1)
        assert report.manifest.redactions and scan_recording(out) == []
        written = report.summary().replace(str(tmp_path), "").encode()
        written += b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
        shown = written + b"".join(map(_decoded, _TOKEN.findall(written)))
        assert [one for one in of.made if one.encode() in shown] == []


def _benchmark_logs(logs, of):
    """A run of each schema with a secret in every part, and one that cannot be used."""

    def given():
        return {"order_id": "1", "password": of.plain(), of.key(): f"key {of.key()}"}

    def said():
        return f"password: {of.plain()}, key {of.key()}"

    def encoded():
        return base64.b64encode(f"token={of.plain()} {of.key()}".encode()).decode()

    first = logs.run1(
        messages=[
            {"role": "user", "content": said()}, {"role": "assistant", "content": encoded()},
            logs.call1("cancel_reservation", given()), logs.answer1(json.dumps(given())),
            logs.call1(of.key(), given(), 2), logs.answer1(f"Error: {said()}", 2),
        ],
        actions=[{"name": "cancel_reservation", "kwargs": given()}], outputs=[said(), encoded()],
    )  # fmt: skip
    second = logs.run2(
        messages=[
            {"role": "user", "content": said()}, {"role": "assistant", "content": encoded()},
            logs.call2("cancel_pending_order", given()), logs.answer2(json.dumps(given())),
            logs.call2(of.key(), given(), "c2"), logs.answer2(f"Error: {said()}", "c2"),
        ],
    )  # fmt: skip
    tasks = [logs.task2("5", [logs.reference2("cancel_pending_order", given())])]
    info = {"environment_info": {"domain_name": "retail"}, "note": said()}
    broken = {"traj": said(), "info": {"task": {"actions": said()}}, "task_id": of.key()}
    lost = {"task_id": of.key(), "messages": said()}
    return [first, broken], {"info": info, "tasks": tasks, "simulations": [second, lost]}


def test_a_reason_that_quotes_a_record_quotes_no_secret(tmp_path):
    """Why a record is in quarantine may name what stands in it: a property, a kind, a header."""
    secret = Canaries().key()
    history = {"id": 1, "propertiesWithHistory": {"email": [], secret: [{"value": 1}]}}
    file = tmp_path / "contacts.json"
    file.write_text(json.dumps(history), encoding="utf-8")
    report = import_traffic("hubspot", [file], tmp_path / "out")
    [lost] = report.quarantined
    assert "has an entry without `timestamp`" in lost.reason and secret not in lost.reason
    assert secret not in report.summary() and scan_recording(tmp_path / "out") == []


def test_what_is_found_between_two_looks_is_kept_whole():
    """A look at the first ones only does not disturb those that come later."""
    held = Quarantine()
    for number in range(9):
        held.add("log.har", f"{number}")
        assert next(iter(held)).reason == "0"
    assert [one.reason for one in held] == [*"012345678"]


def _decoded(token: bytes) -> bytes:
    try:
        return base64.b64decode(token + b"=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return b""


@pytest.mark.parametrize("name", ["metadata[token]", "card[0][password]", "api_key[]", "a[b][pin]"])
def test_a_form_s_name_in_brackets_says_what_it_holds(name):
    """Forms write nested fields in brackets; the innermost word is the field's name."""
    assert kind_of_field(name) in ("secret", "customer_secret")
