"""`understudy systems verify`, as a person types it, and what the report says of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from understudy.model.manifest import MADE_HERE, RecordingManifest
from understudy.report.phrases import vendor_likeness
from understudy.systems.likeness import Aspect
from understudy.systems.verification import OperationLikeness, Verification

CONTACT = {
    "id": "55", "properties": {"email": "a@example.com"}, "archived": False,
    "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-02T00:00:00.000Z",
}  # fmt: skip


@pytest.fixture
def understudy(tmp_path):
    """The command, run in an empty folder."""

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "understudy", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return command


@pytest.fixture
def cassette(tmp_path, understudy):
    """A recording of three calls: two contacts, one with a field that we do not show."""

    def record(*answers):
        base = "https://api.hubapi.com/crm/v3/objects/contacts/55"
        held = [
            {
                "request": {
                    "method": sent[0] if sent else "GET",
                    "uri": url or base,
                    "body": json.dumps(sent[1]) if sent else None,
                    "headers": {"content-type": ["application/json"]},
                },
                "response": {
                    "status": {"code": sent[2] if sent else 200, "message": "OK"},
                    "headers": {"content-type": ["application/json"]},
                    "body": {"string": json.dumps(answer)},
                },
            }
            for url, answer, *sent in answers
        ]
        path = tmp_path / "cassette.json"
        path.write_text(json.dumps({"interactions": held, "version": 1}))
        made = understudy("traffic", "import", "vcr", str(path), "--out", "recording")
        assert made.returncode == 0, made.stderr

    return record


def test_a_recording_is_compared_operation_by_operation(understudy, cassette):
    """The table says what was played and what agreed, then in what the others differ."""
    cassette((None, CONTACT), (None, {**CONTACT, "objectWriteTraceId": "t1"}))
    found = understudy("systems", "verify", "recording")
    assert found.returncode == 0, found.stderr
    row = next(line for line in found.stdout.splitlines() if line.startswith("hubspot.objects.get"))
    assert row.split()[:4] == ["hubspot.objects.get", "2", "1", "50.0%"]
    assert "fields: objectWriteTraceId is missing (1 times" in found.stdout
    assert understudy("systems", "verify", "recording", "--at-least", "0.9").returncode == 1


def test_json_holds_every_difference(understudy, cassette):
    """`--json` prints nothing else, and names each difference with its request."""
    cassette((None, {**CONTACT, "a": 1, "b": 2}))
    found = json.loads(understudy("systems", "verify", "recording", "--json").stdout)
    assert (found["played"], found["agreed"], found["share"]) == (1, 0, 0.0)
    assert [each["detail"] for each in found["differences"]] == ["a is missing", "b is missing"]


def test_a_company_s_own_fields_are_played_with_its_settings(understudy, cassette, tmp_path):
    """A value that the vendor refused by the company's options is refused with its settings."""
    written = {"properties": {"plan_level": "lead"}}
    refused = {
        "status": "error", "message": "Property values were not valid", "correlationId": "1",
        "category": "VALIDATION_ERROR",
    }  # fmt: skip
    taken = {"properties": {"plan_level": "gold"}}
    cassette((None, CONTACT, "PATCH", taken, 200), (None, refused, "PATCH", written, 400))
    settings = tmp_path / "own.yaml"
    settings.write_text(
        "version: 1\nhubspot: {properties: {contacts: [{name: plan_level, "
        "type: enumeration, options: [{value: gold}]}]}}\n"
    )
    without = json.loads(understudy("systems", "verify", "recording", "--json").stdout)
    found = understudy("systems", "verify", "recording", "--json", "--settings", str(settings))
    told = [(each["operation"], each["aspect"]) for each in without["differences"]]
    assert ("hubspot.objects.update", "status") in told
    said = json.loads(found.stdout)
    assert all(each["aspect"] != "status" for each in said["differences"]), said


def test_a_mistake_in_the_settings_is_told_with_its_line(understudy, cassette, tmp_path):
    """The file, the line and the nearest key; nothing is played."""
    cassette((None, CONTACT))
    settings = tmp_path / "own.yaml"
    settings.write_text("version: 1\nhubspott: {}\n")
    wrong = understudy("systems", "verify", "recording", "--settings", str(settings))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "own.yaml:2" in wrong.stderr
    assert "did you mean `hubspot`?" in wrong.stderr


def test_a_recording_with_nothing_to_play_is_told(understudy, cassette):
    """Requests to systems that nobody mocks: exit code 5, and how many they were."""
    cassette(("https://api.example.com/v1/things", {"id": 1}))
    found = understudy("systems", "verify", "recording")
    assert found.returncode == 5
    assert "1 went to systems that are not mocked" in found.stderr


def test_a_missing_recording_is_told(understudy):
    """The folder is named, and what to do."""
    found = understudy("systems", "verify", "nowhere")
    assert found.returncode == 2
    assert "`nowhere` is not a recording" in found.stderr


def test_a_world_is_not_taken_for_its_recording(understudy):
    """What was named is told, with the command for the recording that lies in it."""
    built = understudy("world", "build", "--customers", "20", "--cases", "2", "--out", "w", "-q")
    assert built.returncode == 0, built.stderr
    found = understudy("systems", "verify", "w")
    assert found.returncode == 2
    assert "`w` is a world" in found.stderr
    assert "understudy systems verify w/recording" in found.stderr


def _found(*rows):
    return Verification(
        operations=tuple(
            OperationLikeness(operation=name, played=played, agreed=agreed,
                              differing={Aspect.FIELDS: played - agreed})
            for name, played, agreed in rows
        )
    )  # fmt: skip


def test_the_report_tells_the_share_and_the_worst_operation():
    """Page one says how much agrees, of how many, and where it is least."""
    said = vendor_likeness(_found(("a.b", 4, 4), ("c.d", 4, 2)), None)
    assert said.startswith("75.0% of 8 recorded requests")
    assert said.endswith("least: c.d, 50.0%")


def test_the_report_does_not_claim_what_it_cannot_know():
    """No requests, or a recording made on these very systems: no share is printed."""
    assert "no request to compare" in vendor_likeness(Verification(), None)
    made = RecordingManifest(
        source_files=(), records=0, kept=0, dropped=0, repaired=0, quarantined=0, cases=0,
        baselines=0, period=(None, None), redactions={}, reasons={}, synthetic=True,
        format=MADE_HERE,
    )  # fmt: skip
    assert "made on them" in vendor_likeness(None, made)
