"""A recording made of vendors' exports runs and is judged like any other."""

from __future__ import annotations

import json

import pytest
from tests.traffic import exports as x
from typer.testing import CliRunner

from understudy.cli.main import app


@pytest.mark.slow
def test_an_imported_recording_is_run_and_judged(tmp_path, monkeypatch):
    """A shipped candidate works on the case as it came in, and page one tells both shares."""
    monkeypatch.chdir(tmp_path)
    x.bring(
        tmp_path,
        zendesk=[*x.users(), x.ticket(), *x.audits()],
        stripe=[x.stripe_customer(), *x.refund_events()],
    )
    (tmp_path / "c.yaml").write_text(
        "version: 1\nname: imported\nrecording: recording\npolicy: standard\ngates: standard\n"
        "candidates: [{name: hasty, use: 'understudy.candidates.demo.hasty:handle'}]\n"
    )
    run = CliRunner().invoke(app, ["run", "c.yaml"])
    assert run.exit_code in (0, 1, 6), run.output
    (verdict,) = tmp_path.glob("reports/imported/*/verdict.json")
    told = json.loads(verdict.read_bytes())
    assert told["cases"]["judged"] == 1
    assert "observed: stripe 100%, zendesk 100%" in told["scope"]
    assert "linked by: customer and amount 100%" in told["scope"]
    again = CliRunner().invoke(app, ["judge", "latest"])
    assert again.exit_code == run.exit_code, again.output
