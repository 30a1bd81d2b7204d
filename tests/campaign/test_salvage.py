"""Runs that are incomplete or damaged: the page says what is missing and shows the rest."""

from __future__ import annotations

import html
import json
from pathlib import Path

import msgspec
import pytest

from understudy.campaign.reporting import report_run
from understudy.model.errors import RecordingError


def _cut(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _later(path, **changed):
    known = json.loads(path.read_text())
    path.write_text(json.dumps(known | changed))


DAMAGES = {
    "no verdict": (lambda run: run.verdict.unlink(), "verdict.json is not there", "INVALID"),
    "half a verdict": (lambda run: _cut(run.verdict), "verdict.json: ", "INVALID"),
    "no verdict's fields": (lambda run: run.verdict.write_text("[1]"), "verdict.json: ", "INVALID"),
    "a newer verdict": (
        lambda run: _later(run.verdict, schema="understudy/verdict/9", more={"new": 1}),
        "understudy/verdict/9",
        "EUR",
    ),
    "a newer manifest": (
        lambda run: _later(run.path / "manifest.json", schema="understudy/run/2", new=[1]),
        "understudy/run/2",
        "EUR",
    ),
    "no findings": (lambda run: run.findings.unlink(), "findings.jsonl is not there", "EUR"),
    "no costs": (lambda run: (run.path / "cost.json").unlink(), "cost.json", "EUR"),
    "half the costs": (lambda run: _cut(run.path / "cost.json"), "cost.json", "EUR"),
    "a damaged finding": (
        lambda run: run.findings.write_bytes(b"{\xff\n" + run.findings.read_bytes()),
        "findings.jsonl: lines 1 are damaged",
        "EUR",
    ),
    "no recording": (
        lambda run: _later(run.path / "manifest.json", recording="/nowhere/rec"),
        "the recording",
        "EUR",
    ),
    "no policy": (
        lambda run: _later(run.path / "manifest.json", policy="/nowhere/p.yaml"),
        "policy and gates",
        "EUR",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_missing_is_told_and_the_rest_is_shown(run, reports, name):
    """Each damage is named on the page, in the text and on the terminal; the rest stands there."""
    damage, told, shown = DAMAGES[name]
    findings = run.read_findings()
    damage(run)
    text = report_run(str(run.path), reports)
    page = html.unescape((run.path / "report.html").read_text())
    assert "What is missing from this report" in page
    assert told in page and shown in page
    assert told in (run.path / "report.md").read_text().replace("\\", "")
    assert "missing: " in text
    if name not in ("no recording", "no findings"):
        assert any(one.case_id in page for one in findings if one.cost_minor)


def test_a_run_whose_cases_are_damaged_in_the_middle_shows_the_others(run, reports):
    """Lines of the run store that cannot be read are left out by number; the rest is priced."""
    manifest = run.read_manifest()
    lines = [
        msgspec.json.encode({"case_id": one["case_id"], "proposal": one})
        for one in map(json.loads, Path(manifest.proposals).read_text().splitlines())
    ]
    lines[3] = lines[3][:20]
    (run.path / "cases-0.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    run.write_manifest(msgspec.structs.replace(manifest, proposals=None))
    run.verdict.unlink()
    (run.path / "cost.json").unlink()
    text = report_run(str(run.path), reports)
    page = html.unescape((run.path / "report.html").read_text())
    assert "cases-0.jsonl: lines 4 are damaged" in page
    assert f"{len(lines) - 1} cases" in text and "INVALID" in text


def test_without_a_manifest_nothing_is_a_run(run, reports):
    """A manifest that cannot be read is one clear error with its place."""
    _cut(run.path / "manifest.json")
    with pytest.raises(RecordingError, match="cannot be read"):
        report_run(str(run.path), reports)
