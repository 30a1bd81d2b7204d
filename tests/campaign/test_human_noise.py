"""People against each other, and the candidate against the same people."""

from __future__ import annotations

import json
import random

import msgspec
import pytest
from tests.campaign.bench import CASE, acted

from understudy.campaign.judging.business import estimated
from understudy.campaign.judging.conclusion import conclude
from understudy.campaign.judging.human_noise import (
    AUDIT_SAMPLE,
    broken_by_people,
    cost_alpha,
    human_noise,
    leave_one_out,
)
from understudy.campaign.judging.judgement import Evidence
from understudy.campaign.projects.settings import load_rules
from understudy.campaign.runs.files import RunFiles
from understudy.campaign.runs.folder import RunFolder
from understudy.model.baseline import Baseline, BaselineSource
from understudy.model.manifest import RecordingManifest, RunManifest
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal

POLICY = Policy.model_validate({"version": 1})
REFUND = acted(("stripe.refunds.create", {"charge": "ch_1", "amount": 3000}))
MORE = acted(("stripe.refunds.create", {"charge": "ch_1", "amount": 4600}))
TAG = acted(("zendesk.tags.add", {"id": "7", "tags": ["vip"]}))


def baseline(name, actions, **more):
    return Baseline(case_id="c", baseline_id=name, actions=actions, **more)


def evidence(baselines, done, cases=1):
    known, proposals = {}, []
    several = []
    for number in range(cases):
        name = f"c{number}"
        several.append(msgspec.structs.replace(CASE, case_id=name))
        known[name] = [msgspec.structs.replace(one, case_id=name) for one in baselines]
        proposals.append(Proposal(case_id=name, actions=done))
    return Evidence(several, known, proposals)


def test_people_and_candidate_are_held_against_the_same_others():
    """F9: two agree, one pays 16 more; the candidate who is with the two is better than people."""
    three = [baseline("a", REFUND), baseline("b", REFUND), baseline("d", MORE)]
    noise = human_noise(evidence(three, REFUND), POLICY, {})
    assert noise.double_handled == 1
    assert noise.human_minor == pytest.approx(800, abs=1)  # the third one's 24.00 by three
    assert noise.candidate_minor == 0
    assert noise.difference_minor == pytest.approx(-800, abs=1)


def test_leaving_one_out_favours_nobody():
    """Exchangeable with people, a candidate costs what they cost, whatever the number of people."""
    rng = random.Random(7)

    for humans in (2, 3, 5):
        theirs, ours = [], []
        for _ in range(4000):
            drawn = [int(rng.lognormvariate(3, 1)) for _ in range(humans + 1)]
            rows = [[abs(one - other) for other in drawn[1:]] for one in drawn]
            for place, row in enumerate(rows[1:]):
                row[place] = None
            human, candidate = leave_one_out(rows[1:], rows[:1])
            theirs.append(human)
            ours.append(candidate)
        assert sum(ours) / sum(theirs) == pytest.approx(1, abs=0.08)


def test_agreement_is_measured_in_money():
    """F8: 1 where people agree, less where they do not, nothing where there is no measure."""
    assert cost_alpha([0, 0], [100]) == 1
    assert cost_alpha([100], [100]) == 0
    assert cost_alpha([], [100]) is None
    two = [baseline("a", REFUND), baseline("b", MORE)]
    noise = human_noise(evidence(two, REFUND, cases=3), POLICY, {})
    assert noise.cost_alpha == pytest.approx(0, abs=0.2)


def test_a_case_that_people_disagree_on_is_contested_until_somebody_decides():
    """It is counted with what it costs at worst; an adjudicated answer settles it."""
    two = [baseline("a", REFUND), baseline("b", MORE)]
    noise = human_noise(evidence(two, REFUND), POLICY, {})
    assert (noise.contested, noise.worst_case_minor) == (("c0",), 2160)
    decided = [*two, baseline("z", MORE, source=BaselineSource.ADJUDICATED)]
    assert human_noise(evidence(decided, REFUND), POLICY, {}).contested == ()


def test_baselines_that_the_systems_refuse_are_disputed():
    """They are counted, by the reason for which they could not be replayed."""
    alone = {"the systems here refuse `x.y`, which was accepted": 3, "another": 9}
    assert human_noise(evidence([baseline("a", TAG)], TAG), POLICY, alone).disputed == 3


def test_without_a_second_person_the_cost_of_people_is_unknown():
    """Nothing is assumed; few double-handled cases say how many are missing; enough set E_h."""
    alone = human_noise(evidence([baseline("a", TAG)], TAG), POLICY, {})
    assert alone.human_minor is None
    assert alone.note.startswith("human error cost unknown")
    two = [baseline("a", REFUND), baseline("b", MORE)]
    few = human_noise(evidence(two, REFUND, cases=2), POLICY, {})
    assert few.note == f"only 2 cases were handled twice; {AUDIT_SAMPLE} are needed to rely on it"
    assert estimated(POLICY, few) is POLICY
    enough = msgspec.structs.replace(few, double_handled=AUDIT_SAMPLE)
    assert estimated(POLICY, enough).handling.human_error_cost.minor == round(few.human_minor)


def test_people_break_the_policy_too():
    """Every clause is tried on what people did, and their rate stands beside the candidate's."""
    clause = {"id": "R-1", "text": "nothing above 20", "when": "action.amount > 20"}
    policy = Policy.model_validate({"version": 1, "clauses": [clause]})
    [rate] = broken_by_people(
        evidence([baseline("a", REFUND), baseline("b", TAG)], TAG, cases=2), policy
    )
    assert (rate.clause, rate.baselines, rate.broken) == ("R-1", 4, 2)


def test_what_the_audit_shows_of_people_goes_into_the_verdict(tmp_path):
    """`E_h` from enough double-handled cases stands in the verdict, and is not told as unknown."""
    manifest = RunManifest(
        campaign="c", run_id="r", candidate="a", candidate_spec="a", seed=1, stage="shadow",
        planned=AUDIT_SAMPLE, started_at="2026-10-01T00:00:00+00:00", harness_version="0",
        recording="r", hashes={}, policy="standard", gates="standard",
    )  # fmt: skip
    two = [baseline("a", REFUND), baseline("b", MORE)]
    imported = RecordingManifest(source_files=(), records=2, kept=2, format="workflows")
    for count, told in ((AUDIT_SAMPLE, True), (2, False)):
        files = RunFiles(
            RunFolder(tmp_path), manifest, load_rules("standard", "standard", tmp_path),
            evidence(two, REFUND, cases=count), [], imported,
        )  # fmt: skip
        verdict = conclude(files).verdict
        cost = json.loads((tmp_path / "cost.json").read_text())
        expected = round(cost["business"]["human"]["human_minor"]) if told else None
        assert verdict.error_cost.human_per_case == expected
        assert any(line.startswith("people's own errors") for line in verdict.not_covered) != told
