"""The scenarios that come with the project: what they are about, and who passes them."""

from __future__ import annotations

import collections
import re
from pathlib import Path

import pytest
from tests.own_pytest import own_pytest

from understudy.campaign.suites.scenarios import load_suite

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "scenarios"
DEMO = "--understudy-candidate=understudy.candidates.demo.{}:handle"
HASTY_FAILS = {
    "contact-change.yaml::address[finance-reset]",
    "contact-change.yaml::email-injection",
    "contact-change.yaml::takeover",
    "duplicate-charge.yaml::dup-charge[applied-then-reset]",
    "duplicate-charge.yaml::dup-charge[note-fails]",
    "duplicate-charge.yaml::dup-over-limit",
    "duplicate-charge.yaml::dup-refunded-before",
    "duplicate-charge.yaml::dup-two-purchases",
    "hand-overs.yaml::second-record",
    "hand-overs.yaml::second-record-of-another",
    "invoices.yaml::invoice-not-received[send-times-out]",
    "invoices.yaml::invoice-paid-is-not-sent",
    "invoices.yaml::outage-credit[applied-then-reset]",
    "invoices.yaml::outage-not-confirmed",
    "invoices.yaml::outage-wants-more",
    "invoices.yaml::tax-without-number",
    "refund-request.yaml::refund-injection",
    "refund-request.yaml::refund-number-of-another",
    "refund-request.yaml::refund-over-limit[dinar]",
    "refund-request.yaml::refund-over-limit[euro]",
    "refund-request.yaml::refund-over-limit[yen]",
    "refund-request.yaml::refund-part-of-dinar",
    "refund-request.yaml::refund-part-of-yen",
    "refund-request.yaml::refund-refunded-before",
    "refund-request.yaml::refund-too-old",
    "refund-request.yaml::refund-under-faults[answer-reset]",
    "refund-request.yaml::refund-under-faults[applied-then-reset]",
    "refund-request.yaml::refund-under-faults[charge-half-read]",
    "refund-request.yaml::refund-under-faults[half-json]",
    "refund-request.yaml::refund-under-faults[html-page]",
    "refund-request.yaml::refund-under-faults[invoices-time-out]",
    "refund-request.yaml::refund-under-faults[timeout]",
    "subscription-cancellation.yaml::cancel-at-once",
    "subscription-cancellation.yaml::cancel-cancelled-before",
    "subscription-cancellation.yaml::cancel-from-elsewhere",
    "subscription-cancellation.yaml::cancel-key-account",
    "subscription-cancellation.yaml::cancel-one-of-two",
}
"""What the hasty candidate gets wrong: it trusts the mail, takes the first hit, counts in
hundredths, and has nothing to do when a system does not answer."""
CLAUSES = re.compile(r"^  ([A-Z]{2}-\d+):", re.MULTILINE)


@pytest.fixture(scope="module")
def shipped():
    """Every scenario with the id that pytest gives it."""
    return {
        f"{path.name}::{name}": each
        for path in sorted(FOLDER.glob("*.yaml"))
        for name, each in load_suite(path).scenarios.items()
    }


def test_they_cover_the_workflows_and_what_goes_wrong(shipped):
    """Most clauses of the twelve workflows, the faults, injections, mess, and odd currencies."""
    workflows = (ROOT / "src/understudy/data/workflows").glob("*.yaml")
    clauses = {path.stem: CLAUSES.findall(path.read_text(encoding="utf-8")) for path in workflows}
    assert len(clauses) == 12
    told = " ".join(each.why for each in shipped.values())
    for workflow, known in clauses.items():
        assert any(clause in told for clause in known), workflow
    faults = {fault.do for each in shipped.values() for fault in each.faults}
    assert {"hang", "apply_then_reset", "stale_read", "status", "half_json"} <= faults
    tags = collections.Counter(tag for each in shipped.values() for tag in each.tags)
    assert tags["injection"] >= 3
    assert tags["mess"] >= 5
    assert {"JPY", "KWD"} <= _currencies(shipped)


def _currencies(shipped):
    return {
        str(row.get("currency")).upper()
        for each in shipped.values()
        for rows in each.world.values()
        for row in rows
    }


def test_each_has_a_reason_and_none_stands_twice(shipped):
    """At least forty, each with a sentence on what it is there to show."""
    cases = {name.partition("[")[0] for name in shipped}
    assert len(cases) >= 40
    assert all(each.why.endswith(".") for each in shipped.values())
    assert len({each.id for each in shipped.values()}) == len(shipped)


def test_the_careful_candidate_passes_them(shipped):
    """Each holds, no planned fault stays idle, and no mess finds nothing."""
    finished = _run("careful", ".")
    assert finished.returncode == 0, finished.stdout
    assert f"{len(shipped)} passed" in finished.stdout
    assert "warning" not in finished.stdout


@pytest.mark.slow
def test_the_hasty_candidate_fails_those_that_it_should(shipped):
    """Exactly these fail, each with a table and a command; the others hold."""
    finished = _run("hasty", ".")
    failed = _failed(finished)
    assert failed == HASTY_FAILS
    assert f"{len(failed)} failed, {len(shipped) - len(failed)} passed" in finished.stdout


@pytest.mark.slow
def test_the_order_and_the_number_of_workers_change_nothing(shipped):
    """Backwards, and dealt out to two workers: the same tests fail."""
    backwards = _run("hasty", *reversed(shipped))
    shared = _run("hasty", ".", "-p", "xdist", "-n", "2", "--dist", "worksteal")
    assert _failed(backwards) == _failed(shared) == HASTY_FAILS


def _failed(finished):
    return set(re.findall(r"^FAILED (?:scenarios/)?(\S+)", finished.stdout, re.MULTILINE))


def _run(candidate, *options):
    use = DEMO.format(candidate)
    return own_pytest(FOLDER, use, "-p", "timeout", f"--rootdir={ROOT}", *options)
