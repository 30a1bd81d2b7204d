"""The eight examples of the guide on messages: value, place, expectation, a command to paste."""

from __future__ import annotations

import json
import sys

import pytest
from typer.testing import CliRunner

from understudy.campaign.recordings.worlds import BuildRequest, build_world
from understudy.cli import main as command

BOT = """
import socket


def handle(case, systems):
    try:
        socket.create_connection(("api.stripe.com", 443))
    except OSError:
        pass
    return {"outcome": "escalated"}
"""
CAMPAIGN = {
    "version": "1",
    "name": "pilot",
    "world": "world",
    "candidates": '[{name: agent, use: "bot:handle"}]',
}
KEY = "sk-proj-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    out = tmp_path_factory.mktemp("guide") / "world"
    build_world(BuildRequest(out, "default", "mid_market", 60, 6, 3), lambda *_: None)
    return out


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder: the exit code, and what it said on standard error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.py").write_text(BOT, encoding="utf-8")

    def run(*arguments: str, **keys: str) -> tuple[int, str]:
        lines = {**CAMPAIGN, **keys}
        text = "".join(f"{key}: {value}\n" for key, value in lines.items() if value)
        (tmp_path / "campaign.yaml").write_text(text, encoding="utf-8")
        monkeypatch.setattr("sys.argv", ["understudy", *arguments])
        with pytest.raises(SystemExit) as ended:
            command.main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return run


RUN = ("run", "campaign.yaml", "-q")
UNKNOWN_KEY = """\
error[U106] campaign.yaml:1: `candidates` is required
error[U105] campaign.yaml:4: unknown key `candiates`; did you mean `candidates`?
  hint: known keys: version, name, """


def test_an_unknown_key_is_told_with_its_line_and_the_nearest_one(told):
    """A misspelt key: value, file and line, the nearest match, and what there is, all at once."""
    code, said = told(*RUN, candidates="", candiates=CAMPAIGN["candidates"])
    assert code == 2
    assert said.startswith(UNKNOWN_KEY)


def test_an_unknown_metric_is_no_gate_that_passes(told, tmp_path):
    """A gate on a metric that is not there is refused, with the known ones and the nearest."""
    gates = tmp_path / "gates.yaml"
    gates.write_text("version: 1\ngates: [{id: G1, metric: error_cost_per_1k}]\n", "utf-8")
    code, said = told(*RUN, gates="gates.yaml")
    assert code == 2
    assert said.startswith(f"error[U107] {gates}:2: `gates.0.metric`: `error_cost_per_1k` is none")
    assert "did you mean `error_cost_per_case`?" in said


def test_a_candidate_that_is_not_there_is_told_with_a_command(told, tmp_path, world):
    """A module that cannot be found: where it was looked for, and how to see it by itself."""
    candidates = '[{name: agent, use: "my_bot.main:propose"}]'
    code, said = told(*RUN, candidates=candidates, world=str(world))
    assert code == 2
    assert said == (
        f"error[U202] there is no module `my_bot` in `{tmp_path}` or among the installed packages\n"
        f'  hint: name one that can be imported there: cd {tmp_path} && env -i PATH="$PATH" '
        f'{sys.executable} -c "import my_bot.main"\n'
    )


def test_a_service_that_does_not_answer_is_told_with_its_address(told, world):
    """Nobody listens at the candidate's address: the address, the reason, what to do."""
    candidates = '[{name: agent, use: "http://127.0.0.1:9/case"}]'
    code, said = told(*RUN, candidates=candidates, world=str(world))
    assert code == 2
    assert said == (
        "error[U207] nothing answers at `http://127.0.0.1:9/case`: Connection refused\n"
        "  hint: start the service first, and try it: curl -i http://127.0.0.1:9/case\n"
    )


def test_what_people_did_must_be_there(told, world, tmp_path):
    """Proposals for cases without a baseline: how many, the first, and where both come from."""
    line = {"case_id": "refunds-0044", "outcome": "acted", "actions": []}
    (tmp_path / "proposed.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    files = ["--recording", str(world / "recording"), "--proposed", "proposed.jsonl"]
    code, said = told("judge", *files, "-q")
    assert code == 2
    assert said == (
        "error[U446] `proposed.jsonl` has 1 cases that the recording does not know, first "
        "`refunds-0044`\n"
        "  hint: import both from the same file: understudy traffic import … --proposed …\n"
    )


def test_a_secret_is_told_and_never_shown(told):
    """A key in a file: file and line, what to do, and not the key."""
    code, said = told(*RUN, models=f"{{provider: {{key: {KEY}}}}}")
    assert code == 2
    assert said == (
        "error[U178] campaign.yaml:5: a key stands in the file (model key); it is not repeated "
        "here\n  hint: keep it in a variable and name that: models: {provider: {key: "
        "OPENAI_API_KEY}}\n"
    )


@pytest.mark.slow
def test_an_attempt_to_get_out_stops_the_run_and_is_named(world, tmp_path, monkeypatch):
    """A stop by the wall says what was tried; open gates say how many cases they lack.

    It exits with 4
    and keeps what was done.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.py").write_text(BOT, encoding="utf-8")
    keys = {**CAMPAIGN, "world": str(world), "stop": "{on_egress: 1}"}
    text = "".join(f"{key}: {value}\n" for key, value in keys.items())
    (tmp_path / "campaign.yaml").write_text(text, encoding="utf-8")
    ended = CliRunner().invoke(command.app, [*RUN, "--limit", "3"])
    said = " ".join(ended.stdout.split())
    assert ended.exit_code == 4
    assert (
        "VERDICT NO-GO: the run was stopped because the candidate tried to reach the outside"
        in said
    )
    assert "the wall blocked 1 attempts to get out: resolve api.stripe.com" in said
    assert "? open G2" in said
    assert "more cases" in said


def test_a_traceback_is_shown_only_where_it_is_asked_for(told, monkeypatch):
    """An error that nobody foresaw is one line with a code; `--debug` lets it through whole."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr("understudy.campaign.projects.explanation.explain_word", fails)
    monkeypatch.delenv("UNDERSTUDY_DEBUG", raising=False)
    code, said = told("explain", "U105")
    assert code == 3
    assert said.startswith("error[U900] understudy itself failed: ZeroDivisionError: by nought\n")
    assert "understudy --debug" in said
    assert "Traceback" not in said
    monkeypatch.setattr("sys.argv", ["understudy", "--debug", "explain", "U105"])
    monkeypatch.setenv("UNDERSTUDY_DEBUG", "")
    with pytest.raises(ZeroDivisionError):
        command.main()
