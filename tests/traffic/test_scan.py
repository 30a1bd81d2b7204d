"""A recording on disk is searched for what should not be in it."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from understudy.model.case import Turn
from understudy.model.errors import RecordingError
from understudy.model.proposal import Proposal
from understudy.traffic.proposals import write_proposals
from understudy.traffic.quarantine import Quarantined
from understudy.traffic.recording import write_recording
from understudy.traffic.scan import scan_proposals, scan_recording

SECRET = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
SAID = f"my key is {SECRET}, write to ann@corp.com"


@pytest.fixture
def leaking(cases):
    return [cases[0], msgspec.structs.replace(cases[1], turns=(Turn(role="user", text=SAID),))]


def test_what_is_left_is_told_by_place_and_kind(tmp_path, leaking, provenance):
    """Each hit names file, line and field, and never the value."""
    write_recording(tmp_path / "r", cases=leaking, baselines=[], provenance=provenance)
    hits = scan_recording(tmp_path / "r")
    assert [(hit.kind, hit.place) for hit in hits] == [
        ("email", "cases.jsonl:2 turns[0].text"),
        ("stripe_key", "cases.jsonl:2 turns[0].text"),
    ]
    assert SECRET not in repr(hits)


def test_what_could_not_be_used_is_searched_too(tmp_path, cases, provenance):
    """A record's place and the reason why it is in quarantine are written down, and so scanned."""
    lost = Quarantined(f"{SECRET}.log, byte 7", "no request")
    facts = dataclasses.replace(provenance, records=3, quarantined=1, quarantine=[lost])
    write_recording(tmp_path / "r", cases=cases, baselines=[], provenance=facts)
    [hit] = scan_recording(tmp_path / "r")
    assert (hit.kind, hit.place) == ("stripe_key", "quarantine.jsonl:1 where")


def test_invented_people_may_stay_and_secrets_never(tmp_path, leaking, provenance):
    """A synthetic recording is searched for secrets only."""
    made = dataclasses.replace(provenance, synthetic=True)
    write_recording(tmp_path / "r", cases=leaking, baselines=[], provenance=made)
    assert [hit.kind for hit in scan_recording(tmp_path / "r")] == ["stripe_key"]


def test_a_clean_recording_and_its_digests_are_no_finding(tmp_path, cases, baselines, provenance):
    """Hashes are long and random, and nobody's secret."""
    write_recording(tmp_path / "r", cases=cases, baselines=baselines, provenance=provenance)
    assert scan_recording(tmp_path / "r") == []


def test_proposals_are_searched_too(tmp_path):
    """An agent's words may repeat what a customer pasted."""
    path = tmp_path / "p.jsonl"
    write_proposals(path, [Proposal(case_id="c1", replies=(SAID,))])
    assert [hit.place for hit in scan_proposals(path, personal=False)] == ["p.jsonl:1 replies[0]"]
    path.write_text("{")
    with pytest.raises(RecordingError, match="cannot be read"):
        scan_proposals(path)
    with pytest.raises(RecordingError, match="No such file"):
        scan_proposals(tmp_path / "none.jsonl")


def test_an_import_leaves_nothing_to_find(logs, tmp_path):
    """What was just imported scans clean."""
    from understudy.traffic.detect import Wishes, import_traffic

    path = logs.tau2([logs.run2()], [logs.task2("5")])
    import_traffic("auto", [path], tmp_path / "out", Wishes(proposed=tmp_path / "p.jsonl"))
    assert scan_recording(tmp_path / "out") == []
    assert scan_proposals(tmp_path / "p.jsonl", personal=False) == []
