"""`understudy case RUN ID --to-scenario FILE`: a case of a run becomes a test of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from understudy.campaign.flow_yaml import flow
from understudy.campaign.runs.files import open_run
from understudy.campaign.runs.folder import find_run
from understudy.campaign.suites.file import write_scenario
from understudy.campaign.suites.scenarios import load_suite, try_scenario
from understudy.model.document import parse_text
from understudy.model.errors import ConfigurationError, RecordingError

HASTY = "understudy.candidates.demo.hasty:handle"


@pytest.fixture(scope="module")
def ran(tmp_path_factory, small_world):
    """A run of a hasty candidate with faults, and the folder of its reports."""
    folder = tmp_path_factory.mktemp("kept")
    fault = "{match: {operation: zendesk.tickets.*, nth: 1}, do: apply_then_reset}"
    (folder / "campaign.yaml").write_text(
        f"version: 1\nname: pilot\nworld: {small_world}\npolicy: demo\nfaults: [{fault}]\n"
        f'candidates: [{{name: hasty, use: "{HASTY}"}}]\n',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "understudy", "run", "campaign.yaml", "-q", "--limit", "8"]
    subprocess.run(command, cwd=folder, check=False, capture_output=True)
    return folder


@pytest.mark.slow
def test_a_case_does_as_a_scenario_what_it_did_in_the_run(ran):
    """The scenario's candidate proposes the same operations with the same outcome, faults too."""
    suite, reports = ran / "kept.yaml", ran / "reports"
    files = open_run(find_run("latest", reports))
    for record in files.records[:4]:
        told = write_scenario("latest", record.case_id, suite, reports)
        assert told == f"pytest {suite}::{record.case_id}"
    loaded = load_suite(suite)
    befallen = 0
    for record in files.records[:4]:
        scenario = loaded.scenarios[record.case_id]
        tried = try_scenario(loaded, scenario, None, str(files.manifest.policy))
        (again,) = tried.proposals
        assert again.outcome is record.proposal.outcome
        seen = [(action.operation, action.fault) for action in again.actions]
        assert seen == [(action.operation, action.fault) for action in record.proposal.actions]
        befallen += len(scenario.faults)
    assert befallen


@pytest.mark.slow
def test_pytest_runs_the_file(ran):
    """`pytest FILE::ID`, as the command prints it, runs the case and shows what it would cost."""
    costly = open_run(find_run("latest", ran / "reports")).folder.read_findings()
    case_id = next(each.case_id for each in costly if each.cost_minor)
    told = write_scenario("latest", case_id, ran / "one.yaml", ran / "reports")
    done = subprocess.run(
        [sys.executable, "-m", *told.split(), "-p", "no:cacheprovider"],
        cwd=ran,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
    )
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout
    assert "EUR" in done.stdout


WRITTEN = """# Ours, with a remark at the end.
version: 1
cases:
    # the first
    - id: first   # and only
      trigger: {system: zendesk, type: ticket.created}
      expect: {escalated: true}

# settings of all
seed: 3
"""


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_suite_that_is_there_keeps_every_other_byte(ran, tmp_path, ending):
    """The case stands behind the last one, indented as they are; nothing else has changed."""
    suite = tmp_path / "own.yaml"
    suite.write_bytes(WRITTEN.replace("\n", ending).encode())
    suite.chmod(0o640)
    case_id = open_run(find_run("latest", ran / "reports")).records[0].case_id
    write_scenario("latest", case_id, suite, ran / "reports")
    text = suite.read_bytes().decode()
    before, _, rest = text.partition(f"{ending}    - id: {case_id}{ending}")
    kept = before + rest[rest.index(f"{ending}{ending}# settings") + len(ending) :]
    assert kept == WRITTEN.replace("\n", ending)
    assert before.startswith(f"# Ours, with a remark at the end.{ending}version: 1")
    assert set(load_suite(suite).scenarios) == {"first", case_id}
    assert load_suite(suite).suite.seed == 3
    assert suite.stat().st_mode & 0o777 == 0o640
    with pytest.raises(ConfigurationError, match="has a case") as told:
        write_scenario("latest", case_id, suite, ran / "reports")
    assert told.value.code == "U180"
    assert suite.read_bytes().decode() == text


@pytest.mark.slow
def test_what_cannot_be_added_to_is_left_as_it_is(ran, tmp_path):
    """A list in brackets, a file that is no suite and a case that is not there are told."""
    case_id = open_run(find_run("latest", ran / "reports")).records[0].case_id
    trigger = "{system: zendesk, type: ticket.created}"
    bracketed = f"version: 1\ncases: [{{id: a, trigger: {trigger}, expect: {{escalated: true}}}}]\n"
    for text, code in ((bracketed, "U181"), ("version: 1\nname: x\n", "U106"), ("- a\n", "U103")):
        suite = tmp_path / "own.yaml"
        suite.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError) as told:
            write_scenario("latest", case_id, suite, ran / "reports")
        assert code in told.value.describe()
        assert suite.read_text(encoding="utf-8") == text
    with pytest.raises(RecordingError, match="did you mean `case-0000"):
        write_scenario("latest", "case-0000", tmp_path / "new.yaml", ran / "reports")


@pytest.mark.parametrize(
    "value",
    ["plain", "501", "no", "2026-11-02", "a: b", "{x}", "\u2028\ufeff\x85\x00", "😀 é", "#", "1e3",
     "~", " lead", "C:\\x\n\"q\"", "", "a" * 60, "off/on", "null"],
)  # fmt: skip
def test_every_text_is_read_again_as_it_was(value):
    """What is written on one line of YAML comes back the same, as key and as value."""
    content = {"a": [value, {value: 1, "n": None, "f": 1.5, "t": True}], "big": 2**63}
    assert parse_text(f"v: {flow(content)}", "t").content == {"v": content}
