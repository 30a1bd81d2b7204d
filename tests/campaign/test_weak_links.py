"""Links that rest on weak signs: unpriced until a reviewer has spoken, and what that changes."""

from __future__ import annotations

import json
import shutil
from http.client import HTTPConnection

import msgspec
import pytest

from understudy.campaign.judging.recorded import JudgeRequest, judge_recorded, judge_run
from understudy.campaign.review.server import ReviewServer
from understudy.campaign.runs.folder import RunFolder
from understudy.model.case import LinkConfidence
from understudy.model.finding import Kind
from understudy.model.jsonl import write_lines
from understudy.model.proposal import Proposal
from understudy.traffic.recording import Provenance, read_recording, write_recording


@pytest.fixture
def weakly_linked(small_world, tmp_path):
    """A recording in which one write of people hangs on its case by the time alone; and which."""
    world = tmp_path / "world"
    shutil.copytree(small_world, world)
    recording = read_recording(small_world / "recording")
    baselines = [one for case in recording.cases for one in recording.baselines_of(case.case_id)]
    alone = [one for one in baselines if len(recording.baselines_of(one.case_id)) == 1]
    at = baselines.index(next(one for one in alone if len(one.actions) > 1))
    *sure, last = baselines[at].actions
    weak = msgspec.structs.replace(last, link=LinkConfidence.TIME_ONLY)
    baselines[at] = msgspec.structs.replace(baselines[at], actions=(*sure, weak))
    write_recording(
        world / "recording",
        provenance=Provenance(format="workflows", records=24, kept=24, synthetic=True),
        cases=recording.cases,
        baselines=baselines,
    )
    return world / "recording", baselines[at].case_id


def _judged(recording, folder, changed, left_out):
    """The run of somebody who does as people did, but for what `changed` leaves out of one case."""
    known = read_recording(recording)
    proposals = []
    for case in known.cases:
        people = known.baselines_of(case.case_id)[0]
        actions = people.actions
        if case.case_id == changed and left_out:
            actions = actions[:-1]
        plain = tuple(msgspec.structs.replace(one, link=LinkConfidence.METADATA) for one in actions)
        proposals.append(Proposal(case_id=case.case_id, outcome=people.outcome, actions=plain))
    write_lines(folder / "proposed.jsonl", proposals)
    out = folder / "reports" / "pilot" / "one"
    judge_recorded(
        JudgeRequest(
            recording, folder / "proposed.jsonl", "demo", "standard", out, folder / "reports"
        ),
        lambda *_: None,
    )
    return RunFolder(out)


def _decided(reports, case_id, choice):
    """A reviewer's word on a link, sent to the served page as its script sends it."""
    server = ReviewServer(reports, 0)
    server.start()
    try:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
        body = {
            "decision_id": f"{choice}-1", "at": "", "reviewer": "Ana", "case_id": case_id,
            "subject": "link", "choice": choice, "reason": "the invoice names the ticket",
        }  # fmt: skip
        connection.request(
            "POST",
            "/runs/one/decisions",
            json.dumps(body),
            {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"},
        )
        assert connection.getresponse().status == 201
        connection.close()
    finally:
        server.stop()


def _of_case(run, case_id):
    return [one for one in run.read_findings() if one.case_id == case_id and one.cost_minor]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("left_out", "choice", "kind"),
    [
        (True, "link_right", Kind.MISSING_ACTION),
        (True, "link_wrong", None),
        (False, "link_right", None),
        (False, "link_wrong", Kind.EXTRA_ACTION),
    ],
)
def test_what_a_reviewer_says_of_a_weak_link_changes_the_cost(
    weakly_linked, tmp_path, left_out, choice, kind
):
    """Unpriced before; then a confirmed write is owed, and one that is refused is one too many."""
    recording, case_id = weakly_linked
    run = _judged(recording, tmp_path, case_id, left_out)
    before = run.read_cost()
    assert _of_case(run, case_id) == []
    _decided(tmp_path / "reports", case_id, choice)
    verdict = judge_run(str(run.path), tmp_path / "reports", lambda *_: None).verdict
    found = _of_case(run, case_id)
    assert [one.kind for one in found] == ([kind] if kind else [])
    charged = sum(one.cost_minor for one in found)
    assert run.read_cost().error_cost_minor == before.error_cost_minor + charged
    assert verdict.error_cost.total_minor == run.read_cost().error_cost_minor
    assert any("1 links settled" in reason for reason in verdict.reasons)
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert f"{verdict.error_cost.per_case / 100:,.2f}" in page
