"""The page as people read it: by keyboard, in both schemes, on a phone, printed."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest
from tests.browser.axe import WIDE, violations
from tests.report.conftest import make_input

from understudy.model.action import ActionClass
from understudy.model.decision import LINK, finding_key
from understudy.report.write import write_report

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def _views(page):
    """Each view of the page, one after the other."""
    yield "top"
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    yield "everything unfolded"
    page.evaluate("location.hash = '#/cases?sev=critical'")
    page.wait_for_timeout(100)
    yield "filtered"
    page.focus("#list")
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail .columns")
    yield "a case"
    page.fill("#r-who", "Ana")
    page.fill("#r-reason", "the contract says so")
    page.focus("#review")
    page.keyboard.press("1")
    page.wait_for_timeout(100)
    yield "decided"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_view_shuts_anybody_out(opened, written, width, scheme):
    """Axe finds nothing against WCAG 2.2 AA in any view, and nothing needs sideways scrolling."""
    one = opened(width, scheme)
    one.goto(written())
    for view in _views(one.page):
        assert violations(one.page) == [], view
        over, wide = one.page.evaluate(WIDE)
        assert over <= 0 and wide == [], view
    assert one.complaints == []


@pytest.mark.parametrize("width", [1280, 390])
def test_costs_and_severities_are_whole_in_the_list(opened, written, width):
    """In the list of cases no severity and no cost is cut off, on a phone either."""
    one = opened(width)
    one.goto(written())
    cut = one.page.evaluate(
        "[...document.querySelectorAll('#rows tr[role=row]')].flatMap((row) => [...row.cells]"
        ".slice(2).filter((cell) => cell.scrollWidth > cell.clientWidth)"
        ".map((cell) => cell.textContent))"
    )
    assert cut == []
    assert (
        one.page.evaluate(
            "document.querySelector('#list table').offsetWidth"
            " - document.querySelector('#list thead').offsetWidth"
        )
        <= 1
    )


def test_every_function_works_by_keyboard(opened, written):
    """Search, walk, open, next finding, back, decide, undo, help: no pointer is needed."""
    one = opened()
    page = one.page
    one.goto(written())
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "f-q"
    page.keyboard.type("refund-00")
    page.wait_for_timeout(400)
    assert "q=refund-00" in page.url
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert page.locator("#rows tr[aria-selected=true]").get_attribute("aria-rowindex") == "3"
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail .columns")
    first = page.text_content("#detail h3 code")
    page.keyboard.press("]")
    assert page.evaluate("document.activeElement.closest('.differences') !== null")
    page.keyboard.press("j")
    page.wait_for_function(
        "(id) => document.querySelector('#detail h3 code').textContent !== id", arg=first
    )
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "list"
    page.keyboard.press("?")
    assert page.evaluate("document.getElementById('keys').open")
    page.fill("#r-who", "Ana")
    page.fill("#r-reason", "as agreed")
    before = page.text_content("#r-count")
    page.focus("#review")
    page.keyboard.press("4")
    page.wait_for_function(
        "(text) => document.getElementById('r-count').textContent !== text", arg=before
    )
    page.keyboard.press("u")
    page.wait_for_function(
        "(text) => document.getElementById('r-count').textContent === text", arg=before
    )
    assert one.complaints == []


def test_a_link_leads_to_its_case_and_to_its_filter(opened, written):
    """Hashes are addresses: a case's and a filter's open what they name, from a file as well."""
    one = opened()
    one.goto(written(), "#/case/refund-00017")
    one.page.wait_for_selector("#detail .columns")
    assert one.page.text_content("#detail h3 code") == "refund-00017"
    other = opened()
    other.goto(written(), "#/cases?sev=critical&min=1000")
    assert other.page.input_value("#f-sev") == "critical"
    assert " of 400 cases" in other.page.text_content("#count")
    assert not other.page.text_content("#count").startswith("400 ")


def test_cases_are_filtered_by_class_of_action_and_by_decision(opened, tmp_path):
    """The list holds the cases of a class, and those that were decided so, also by its address."""
    facts = make_input(400)
    dearest = max(facts.findings, key=lambda one: one.cost_minor).case_id
    (own,) = facts.proposals[dearest]
    sent = msgspec.structs.replace(own.actions[0], action_class=ActionClass.AUTOMATED)
    known = {**facts.proposals, dearest: (msgspec.structs.replace(own, actions=(sent,)),)}
    one = opened()
    one.goto(write_report(tmp_path, replace(facts, proposals=known)), "#/cases?class=automated")
    page = one.page
    assert page.text_content("#count").startswith("1 of 400 cases")
    assert page.text_content("#rows tr[role=row] td") == dearest
    page.evaluate("location.hash = '#/cases?dec=candidate_right'")
    page.locator("#count", has_text="0 of 400 cases").wait_for()
    page.fill("#r-who", "Ana")
    page.fill("#r-reason", "as agreed")
    page.focus("#review")
    page.keyboard.press("1")
    page.locator("#count", has_text="1 of 400 cases").wait_for()
    assert page.text_content("#rows tr[role=row] td") == dearest
    page.select_option("#f-dec", "open")
    assert page.text_content("#count").startswith("399 of 400 cases")
    page.focus("#review")
    page.keyboard.press("u")
    page.locator("#count", has_text="400 of 400 cases").wait_for()
    assert one.complaints == []


def test_the_printed_page_is_at_most_four_pages(opened, written, tmp_path):
    """Verdict, gates, charts and the costliest findings print on four sheets of A4."""
    one = opened()
    one.goto(written())
    data = one.page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page[^s]", data)) <= 4


def test_the_page_reads_without_javascript(chromium, written):
    """Verdict, gates, figures and costliest cases stand there without any script."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(written().as_uri())
    text = page.text_content("main")
    assert "NO-GO" in page.text_content("h1")
    assert "critical findings" in text and "What was not tested" in text
    assert not page.is_visible("#explorer-app")
    context.close()


def test_decisions_are_exported_as_judge_reads_them(opened, written):
    """The static page's export is a file of decisions, one a line, with name and reason."""
    from understudy.campaign.review.decisions import DecisionFile, refusal

    one = opened()
    one.goto(written())
    one.page.fill("#r-who", "Ana")
    one.page.fill("#r-reason", "as agreed")
    one.page.focus("#review")
    one.page.keyboard.press("2")
    with one.page.expect_download() as download:
        one.page.click("#r-export")
    read = DecisionFile(download.value.path()).read()
    assert not read.damaged and [refusal(each) for each in read.all] == [None]
    assert (read.all[0].reviewer, read.all[0].choice) == ("Ana", "people_right")


def test_a_case_is_decided_by_its_own_id_however_it_is_shown(opened, tmp_path):
    """An id that is too long or too odd to be shown whole stands whole in the decision."""
    from understudy.campaign.review.decisions import DecisionFile

    facts = make_input(40)
    dearest = max(facts.findings, key=lambda one: one.cost_minor)
    odd = msgspec.structs.replace(dearest, case_id="message \u202e " + "7" * 150, cost_minor=10**9)
    one = opened()
    one.goto(
        write_report(tmp_path, replace(facts, findings=(odd, *facts.findings)), links=[odd.case_id])
    )
    one.page.fill("#r-who", "Ana")
    for shown, choice in (("open", "2"), ("links", "1")):
        one.page.select_option("#r-show", shown)
        one.page.fill("#r-reason", "as agreed")
        one.page.focus("#review")
        one.page.keyboard.press(choice)
    with one.page.expect_download() as download:
        one.page.click("#r-export")
    read = DecisionFile(download.value.path()).read().all
    assert [(each.case_id, each.subject) for each in read] == [
        (odd.case_id, finding_key(odd)),
        (odd.case_id, LINK),
    ]


def test_the_page_prints_to_a_file(chromium, written, tmp_path):
    """`--pdf` makes a PDF with the browser that the machine has, of at most four pages."""
    from understudy.report.pdf import print_pdf

    print_pdf(written(), tmp_path / "report.pdf")
    data = (tmp_path / "report.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page[^s]", data)) <= 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_all_runs_shuts_nobody_out(opened, tmp_path, scheme):
    """The list of runs holds against WCAG 2.2 AA and needs no sideways scrolling."""
    from understudy.report.project import RunRow, render_project

    rows = [
        RunRow(
            run_id=f"run-{number}", campaign="pilot", candidate="agent", stage="shadow",
            started_at="2026-11-02T09:00:00Z", verdict="NO-GO", per_case=500.0 + number,
            limit=600.0, currency="EUR", attempt=number + 1, cases=400, link="#",
        )
        for number in range(12)
    ]  # fmt: skip
    path = tmp_path / "runs.html"
    path.write_text(render_project(rows, [{"operation": "a.b", "rung": "shadow"}], ["x"]))
    one = opened(390, scheme)
    one.goto(path)
    assert violations(one.page) == []
    over, wide = one.page.evaluate(WIDE)
    assert over <= 0 and wide == []
    assert one.complaints == []
