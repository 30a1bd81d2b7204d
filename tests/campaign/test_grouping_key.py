"""Recorded calls grouped as the user says."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from understudy.campaign.recordings.grouping_key import grouping_key
from understudy.cli.main import app
from understudy.model.errors import ConfigurationError, UnderstudyError
from understudy.traffic.recording import read_recording


def call(number, order, amount):
    """One refund; nothing that the vendor or a proxy writes says what it belongs to."""
    return {
        "started_at": f"2026-07-01T10:0{number}:00Z", "actor": "sam",
        "request": {"method": "POST", "url": "https://api.stripe.com/v1/refunds",
                    "headers": {"Content-Type": "application/json"},
                    "body": {"charge": f"ch_{number}aaaaaaaaaaa", "amount": amount,
                             "metadata": {"order": order}}},
        "response": {"status": 200, "body": {"id": f"re_{number}aaaaaaaaaaa", "object": "refund"}},
    }  # fmt: skip


@pytest.fixture
def calls(tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_REDACTION_KEY", str(tmp_path / "key"))
    path = tmp_path / "calls.jsonl"
    told = [call(1, "A-1", 100), call(2, "B-2", 200), call(3, "A-1", 300)]
    path.write_text("".join(json.dumps(each) + "\n" for each in told))

    def run(*more):
        made = CliRunner().invoke(app, ["traffic", "import", "auto", str(path), "--out",
                                        str(tmp_path / "out"), *more])  # fmt: skip
        return made, tmp_path / "out"

    return run


def test_calls_are_one_case_by_the_user_s_own_expression(calls):
    """Two refunds of one order, one of another: two cases, and the report says by what."""
    made, out = calls("--by", "request.body.metadata.order")
    assert made.exit_code == 0, made.output
    recording = read_recording(out)
    amounts = [
        [action.amount_minor for action in recording.baselines_of(case.case_id)[0].actions]
        for case in recording.cases
    ]
    assert sorted(amounts) == [[100, 300], [200]]
    assert "2 cases, by expression or correlation id" in made.output


def test_a_call_without_the_value_is_grouped_as_ever(calls):
    """The expression tells what it can; customer, object and time tell the rest."""
    plain, named = calls()[0].output, calls("--by", "request.headers['x-none']")[0].output
    assert plain.replace("correlation id", "") == named.replace("expression or correlation id", "")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("requst.body.order", "did you mean `request`"),
        ("__import__('os')", "can be called"),
        ("request.body[", "is no expression"),
    ],
)
def test_an_expression_that_cannot_be_is_refused_before_anything_is_read(source, said):
    """The message names the part and what is known."""
    with pytest.raises(ConfigurationError, match=said.replace("(", "\\(")):
        grouping_key(source)


def test_only_recorded_calls_are_grouped_so(tmp_path):
    """Exports tell by themselves what belongs to which ticket."""
    path = tmp_path / "tickets.json"
    path.write_text('{"tickets": [{"id": 1, "requester_id": 2, "submitter_id": 2}], "count": 1}')
    made = CliRunner().invoke(app, ["traffic", "import", "auto", str(path), "--out",
                                    str(tmp_path / "out"), "--by", "actor"])  # fmt: skip
    assert isinstance(made.exception, UnderstudyError)
    assert "records no HTTP, so there are no calls to group" in made.exception.problem
