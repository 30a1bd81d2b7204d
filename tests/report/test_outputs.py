"""What machines read of a run: JUnit, SARIF, and GitHub's summary and annotations."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from jsonschema import Draft4Validator
from tests.report.sarif_structure import SARIF

from understudy.model.errors import ConfigurationError
from understudy.model.verdict import GateOutcome, VerdictWord
from understudy.report.github import MOST, annotated, append_summary
from understudy.report.junit import render_junit
from understudy.report.pdf import print_pdf
from understudy.report.sarif import render_sarif
from understudy.report.write import write_report

HOSTILE = "]]></failure>&<x>\x00\x1b[31m\u202e\ufffe::error::%0A\r\n::set-env::"


def _with(facts, word, outcome):
    gates = tuple(msgspec.structs.replace(one, outcome=outcome) for one in facts.verdict.gates)
    return replace(facts, verdict=msgspec.structs.replace(facts.verdict, verdict=word, gates=gates))


def _tests(facts):
    root = ElementTree.fromstring(render_junit(facts))
    for suite in root:
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert len(suite.findall(f"*/{tag}")) == int(suite.get(name))
        assert len(suite.findall("testcase")) == int(suite.get("tests"))
    return {f"{one.get('classname')}/{one.get('name')}": one for one in root.iter("testcase")}


def test_junit_has_a_test_for_each_gate_and_each_costly_case(make):
    """A failed gate and a costly case are failures with what they cost; a passed gate is passed."""
    facts = make(400, critical=True)
    tests = _tests(facts)
    assert tests["verdict/verdict"].find("failure") is not None
    for gate in facts.verdict.gates:
        (test,) = [one for name, one in tests.items() if name.startswith(f"gates/{gate.id} ")]
        assert (test.find("failure") is not None) == (gate.outcome is GateOutcome.FAIL)
    costly = {one.case_id for one in facts.cost.per_case if one.error_cost_minor}
    assert {name.split("/", 1)[1] for name in tests if name.startswith("costly")} == costly


def test_what_is_not_decided_is_skipped_with_its_reason_and_never_passed(make):
    """INCONCLUSIVE is skipped with a message, and INVALID an error: neither is a pass."""
    open_ = _tests(_with(make(40), VerdictWord.INCONCLUSIVE, GateOutcome.UNDECIDED))
    undecided = [one for name, one in open_.items() if not name.startswith("costly")]
    assert len(undecided) > 1
    for test in undecided:
        assert test.find("skipped").get("message")
    invalid = _tests(_with(make(40), VerdictWord.INVALID, GateOutcome.UNDECIDED))
    assert invalid["verdict/verdict"].find("error").get("message")


def test_sarif_has_a_result_for_each_finding_that_keeps_its_name(make):
    """Rule, level, score and fingerprint stand in each result, and a second run's are the same."""
    facts = make(400, critical=True)
    document = json.loads(render_sarif(facts))
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert len(run["results"]) == len(facts.findings)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert 0 <= float(result["properties"]["security-severity"]) <= 10
    costs = [result["properties"]["cost_minor"] for result in run["results"]]
    assert costs == sorted(costs, reverse=True)
    prices = [msgspec.structs.replace(one, cost_minor=1, rule="new") for one in facts.findings]
    later = json.loads(render_sarif(replace(facts, findings=prices)))["runs"][0]["results"]
    marks = [
        {one["partialFingerprints"]["finding/v1"] for one in each}
        for each in (run["results"], later)
    ]
    assert marks[0] == marks[1]


@pytest.mark.parametrize("cases", [0, 400])
def test_sarif_has_the_structure_of_its_standard(make, empty, cases):
    """Every object of the file has the properties that SARIF 2.1.0 knows, and those it demands."""
    facts = make(cases, critical=True, text=HOSTILE) if cases else empty
    document = json.loads(render_sarif(facts))
    validator = Draft4Validator(SARIF, format_checker=Draft4Validator.FORMAT_CHECKER)
    assert [error.message for error in validator.iter_errors(document)] == []
    broken = deepcopy(document) | {"version": "2.0.0"}
    del broken["runs"][0]["tool"]["driver"]["name"]
    assert len(list(validator.iter_errors(broken))) == 2


@pytest.mark.skipif(
    "UNDERSTUDY_SARIF_SCHEMA" not in os.environ,
    reason="the standard's own schema is no file of this project; name it to try it",
)
def test_sarif_holds_against_the_schema_of_the_standard(make, empty):
    """The whole official schema finds nothing, in a full run, a hostile one and an empty one."""
    schema = json.loads(Path(os.environ["UNDERSTUDY_SARIF_SCHEMA"]).read_text(encoding="utf-8"))
    for facts in (make(400, critical=True), make(40, text=HOSTILE), empty):
        assert list(Draft4Validator(schema).iter_errors(json.loads(render_sarif(facts)))) == []


def test_annotations_are_ten_at_most_the_failed_gates_first(make):
    """Outside of a runner there are none; inside, gates come first, and ten is the end."""
    facts = make(400, critical=True)
    assert annotated(facts, {}) == []
    told = annotated(facts, {"GITHUB_ACTIONS": "true"})
    failed = sum(one.outcome is GateOutcome.FAIL for one in facts.verdict.gates)
    assert failed and all(one.startswith("::error title=G") for one in told[:failed])
    assert len(told) <= MOST
    assert len(told) > failed


def test_the_step_summary_is_the_report_in_markdown(tmp_path, make):
    """The report is appended to the file that the runner names, and to nothing elsewhere."""
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    write_report(tmp_path, make(40))
    markdown = (tmp_path / "report.md").read_text()
    append_summary(markdown, {})
    append_summary(markdown, {"GITHUB_STEP_SUMMARY": str(file)})
    assert file.read_text() == f"before\n{markdown}\n"


def test_text_from_outside_is_inert_in_every_output(make):
    """No output breaks, ends early or carries a command, whatever a name or a text holds."""
    facts = make(40, critical=True, text=HOSTILE)
    _tests(facts)
    assert "\x1b" not in render_junit(facts)
    assert json.loads(render_sarif(facts))["runs"]
    assert "\u202e" not in render_sarif(facts) and "\x1b" not in render_sarif(facts)
    for line in annotated(facts, {"GITHUB_ACTIONS": "true"}):
        assert "\n" not in line and "\r" not in line
        assert line.startswith(("::error title=", "::warning title=", "::notice title="))


def test_a_machine_without_a_browser_says_what_to_do(tmp_path, monkeypatch):
    """Without a Chromium, and with one that does not print, the error names the way out."""
    page = tmp_path / "report.html"
    page.write_text("<p>x")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="no Chromium"):
        print_pdf(page, tmp_path / "report.pdf")
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(ConfigurationError, match="no display"):
        print_pdf(page, tmp_path / "report.pdf")
