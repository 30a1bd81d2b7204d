"""Bad input, secrets and the command line around vendors' exports."""

from __future__ import annotations

import json

import pytest
from tests.traffic import exports as x
from typer.testing import CliRunner

from understudy.cli.main import app
from understudy.model.errors import RecordingError
from understudy.traffic.detect import detect_format
from understudy.traffic.exports.importing import ExportOptions, import_exports
from understudy.traffic.exports.vendors import VENDORS
from understudy.traffic.recording import read_recording
from understudy.traffic.scan import scan_recording

SECRETS = ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "4532015112830366", "ann@corp.com", "+49 30 901820")


def take(tmp_path, text, vendor="zendesk", name="file.ndjson"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    options = ExportOptions(key=x.KEY)
    return import_exports([(VENDORS[vendor], path)], tmp_path / "recording", options)


def test_malformed_records_are_quarantined_and_the_counts_add_up(tmp_path):
    """Each record is kept, repaired, dropped or quarantined with file and byte, exactly once."""
    good = [*x.users(), x.ticket(), *x.audits()]
    bad = [
        {"id": 9, "ticket_id": 1, "events": []},
        {"id": 10, "ticket_id": 1, "created_at": x.OPENED, "events": "none"},
        ["no object"],
        {"id": 11, "author_id": 1, "public": True, "body": "whose?"},
    ]
    lines = [json.dumps(each) for each in [*good, *bad, good[0], {"groups": 1}]]
    text = "\n".join([*lines, '{"cut": ', '{"deep": ' + "[" * 500 + "]" * 500 + "}"]).encode()
    report = take(tmp_path, text + b'\n{"id": 77, "role": "end-user", "name": "caf\xe9"}\n')
    facts = report.manifest
    assert facts.kept + facts.dropped + facts.repaired + facts.quarantined == facts.records
    assert (facts.kept, facts.dropped, facts.repaired, facts.quarantined) == (len(good), 2, 1, 6)
    assert all(item.where.startswith("file.ndjson, byte ") for item in report.quarantined)
    assert report.manifest.cases == 1


def test_records_out_of_order_make_the_same_recording(tmp_path):
    """The order in which an export lists its records decides nothing."""
    records = [*x.users(), x.ticket(), *x.audits()]
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    one = x.bring(tmp_path / "one", zendesk=records)[1]
    other = x.bring(tmp_path / "other", zendesk=records[::-1])[1]
    assert other.cases == one.cases
    assert other.baselines_of("zendesk-1") == one.baselines_of("zendesk-1")


def test_an_import_that_fails_leaves_the_earlier_recording(tmp_path):
    """Nothing that looks whole is there after a failure, and what was there before still is."""
    x.bring(tmp_path, zendesk=[*x.users(), x.ticket(), *x.audits()])
    with pytest.raises(RecordingError):
        take(tmp_path, b"\0\0\0")
    assert len(read_recording(tmp_path / "recording").cases) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "file.ndjson", "recording", "zendesk.ndjson"
    ]  # fmt: skip


def test_secrets_and_people_never_reach_the_disk(tmp_path):
    """Canaries in every part of all three vendors' exports are gone, and the joins still hold."""
    said = " ".join(SECRETS)
    zendesk = [*x.users(), x.ticket(description=said, custom_fields=[{"id": 5, "value": said}])]
    zendesk += [*x.audits(), x.audit(9, "2026-07-01T10:32:00Z", x.AGENT,
                                     x.comment(said, public=False))]  # fmt: skip
    customer = x.stripe_customer(phone=SECRETS[3], metadata={"token": SECRETS[0], "note": said})
    phone = [x.entry(SECRETS[3], "2026-07-01T10:45:00Z"),
             x.entry("+49 30 901821", "2026-01-01T00:00:00Z", "IMPORT", None)]  # fmt: skip
    _, recording = x.bring(
        tmp_path, synthetic=False, zendesk=zendesk, stripe=[customer, *x.refund_events()],
        hubspot=[x.contact(phone=phone)],
    )  # fmt: skip
    stored = b"".join(p.read_bytes() for p in recording.path.rglob("*") if p.is_file()).decode()
    assert [each for each in SECRETS if each in stored] == []
    assert "Ann Field" not in stored
    assert scan_recording(recording.path) == []
    operations = [a.operation for a in recording.baselines_of("zendesk-1")[0].actions]
    assert {"stripe.refunds.create", "hubspot.objects.update"} <= set(operations)


def test_files_of_several_vendors_are_recognised_and_joined(tmp_path):
    """`auto` tells each file's vendor by its content, and one recording is made of all."""
    records = {
        "a.json": [x.ticket()], "b.json": x.audits(), "c.json": x.users(),
        "d.json": [x.stripe_customer()], "e.json": x.refund_events(), "f.json": [x.contact()],
    }  # fmt: skip
    files = []
    for name, found in records.items():
        path = tmp_path / name
        path.write_text(json.dumps(found), encoding="utf-8")
        files.append(path)
    assert [detect_format(path).name for path in files] == [
        "zendesk", "zendesk", "zendesk", "stripe", "stripe", "hubspot",
    ]  # fmt: skip
    command = ["traffic", "import", "auto", *map(str, files), "--out", str(tmp_path / "r")]
    result = CliRunner().invoke(app, [*command, "--synthetic", "--quiet"])
    assert result.exit_code == 0, result.output
    assert "1 cases, 1 baselines" in result.output
    assert "cases, by conversation and gap" in result.output
    shown = CliRunner().invoke(app, ["traffic", "show", str(tmp_path / "r")])
    assert "stripe.refunds.create" in shown.output
