"""The terminal summary, report.md, and the pieces they share."""

import shlex
from dataclasses import replace

import msgspec
import pytest

from understudy.model.finding import Kind
from understudy.report.groups import costliest_groups, heat_map
from understudy.report.markdown import render_markdown
from understudy.report.page import make_page
from understudy.report.phrases import deed
from understudy.report.svg import ticks
from understudy.report.terminal import terminal_summary
from understudy.report.write import write_report

RUN = "reports/refund-pilot/20261101T093000Z-hasty-1a2b"
HOSTILE = "a\x1b[31m\u202e[x](javascript:1) <b>|`$(id)` @all"


def test_the_summary_reads_gates_findings_verdict_report(make):
    """Gates come first with observed value and limit, then findings with commands, then the end."""
    lines = terminal_summary(make(400, critical=True), RUN).splitlines()
    order = [lines.index(word) for word in ("GATES", "COSTLIEST")]
    verdict = next(i for i, line in enumerate(lines) if line.startswith("VERDICT NO-GO"))
    assert order == sorted(order) and order[-1] < verdict
    gate = lines[order[0] + 1].split()
    assert gate[:5] == ["✗", "FAIL", "G1", "critical", "findings"] and gate[-3:] == [
        "at",
        "most",
        "0",
    ]
    assert any(line.strip().startswith(f"understudy case {RUN} refund-") for line in lines)
    assert lines[-2:] == [f"report: {RUN}/report.html", "exit 1 (NO-GO)"]


def test_the_summary_fits_80_columns_without_colour(make):
    """Only commands may be wider, and there is no escape sequence."""
    for facts in (make(400, critical=True), make(60), make(900)):
        text = terminal_summary(facts, RUN)
        assert "\x1b" not in text
        wide = [line for line in text.splitlines() if len(line) > 80]
        assert all("understudy case" in line for line in wide)


def test_an_undecided_gate_says_how_many_cases_are_missing(make):
    """`open` gates name their evidence and the cases needed."""
    text = terminal_summary(make(60), RUN)
    assert "? open G2" in text and "more cases" in text
    assert "exit 6 (INCONCLUSIVE)" in text


def test_commands_can_be_pasted_whatever_the_case_is_called(run):
    """A case id with spaces and quotes is quoted for the shell."""
    findings = [msgspec.structs.replace(one, case_id="it's; rm -rf") for one in run.findings]
    text = terminal_summary(replace(run, findings=findings), "my runs/a")
    command = next(line for line in text.splitlines() if "understudy case" in line)
    assert shlex.split(command)[2:] == ["my runs/a", "it's; rm -rf"]


def test_hostile_text_cannot_steer_the_terminal_or_the_markdown(make):
    """Control characters are written out, and Markdown reads no markup from outside."""
    facts = make(60, critical=True, text=HOSTILE)
    summary = terminal_summary(facts, RUN)
    assert "\x1b" not in summary and "\u202e" not in summary and "\\x1b" in summary
    text = render_markdown(make_page(facts), RUN)
    assert "\x1b" not in text and "\\[x\\](javascript:1)" in text
    assert "\\<b\\>" in text and "\\@all" in text


def test_report_md_holds_the_verdict_and_its_grounds(run, tmp_path):
    """Verdict, every gate, the costliest findings and the scope stand in report.md."""
    write_report(tmp_path, run)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert text.startswith("# ✓ GO: hasty 1.4.0") or "# ? INCONCLUSIVE" in text
    for row in ("G1", "G2", "G4", "## Costliest findings", "chargebacks", "wrong\\_value"):
        assert row in text
    assert not list(tmp_path.glob(".*.part"))


def test_an_empty_run_has_a_summary(empty):
    """Without cases the summary says INVALID, and why."""
    text = terminal_summary(empty, RUN)
    assert "VERDICT INVALID: the run cannot support a verdict: no case was judged" in text
    assert "no finding has a cost" in text
    assert "No finding has a cost." in render_markdown(make_page(empty), RUN)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_sentence(kind):
    """Each kind of finding is told in words, with or without an operation."""
    for operation in ("stripe.refunds.create", None):
        text = deed(kind, operation)
        assert text[0].isupper() and "{" not in text


def test_groups_and_heat_map_add_up(make):
    """Every grouping holds all findings and all of their cost."""
    findings = make(600, critical=True).findings
    total = sum(one.cost_minor for one in findings)
    groups, heat = costliest_groups(findings), heat_map(findings)
    assert sum(group.cost_minor for group in groups) == total
    assert sum(cost for _, cost in heat.cells.values()) == total
    assert sum(count for count, _ in heat.cells.values()) == len(findings)
    assert groups == sorted(groups, key=lambda group: -group.cost_minor)
    assert heat.kinds[0] is groups[0].kind


@pytest.mark.parametrize("most", [0, 0.004, 1, 7, 99, 730, 20_000, 1e6])
def test_axis_ticks_are_few_and_within_range(most):
    """An axis has at most six round marks, the first at zero."""
    marks = ticks(most)
    assert marks[0] == 0 and len(marks) <= 6 and marks[-1] <= max(most, 0)
