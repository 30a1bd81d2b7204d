"""Logs of people who served customers in writing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.traffic.canaries import Canaries

from understudy.model.baseline import BaselineSource, Outcome
from understudy.model.errors import ConfigurationError, RecordingError
from understudy.traffic.detect import Wishes, import_traffic
from understudy.traffic.dialogues.abcd import ABCD
from understudy.traffic.dialogues.importing import import_dialogues
from understudy.traffic.dialogues.star import STAR
from understudy.traffic.recording import read_recording
from understudy.traffic.scan import scan_recording

START = 1_590_451_000


def event(agent, action, seconds, **more):
    return {"Agent": agent, "Action": action, "UnixTime": START + seconds, **more}


def report(seconds, answer, name="bank_fraud_report", **constraints):
    pairs = [{key: value} for key, value in constraints.items()]
    query = event("Wizard", "query", seconds, APIName=name, Constraints=pairs)
    item = {"Agent": "KnowledgeBase", "Action": "return_item", "APIName": name, "Item": answer}
    return [query, item]


def star(number, *events, level="Complete"):
    return {
        "DialogueID": number,
        "CompletionLevel": level,
        "AnonymizedWizardWorkerID": "w-1",
        "Scenario": {"Happy": False, "WizardCapabilities": [{"Task": "bank_fraud_report"}]},
        "Events": [
            event("UserGuide", "instruct", 0, Text="You are Jane Doe."),
            event("User", "utter", 10, Text="Somebody took $500."),
            event(
                "Wizard",
                "pick_suggestion",
                15,
                Text="Your name?",
                ActionLabel="ask_name",
                ActionLabelOptions=["goodbye", "ask_name"],
            ),
            *events,
            event("User", "complete", 70),
        ],
    }


def abcd(number, *buttons):
    pressed = [
        {"speaker": "action", "text": "x", "targets": ["i", "take_action", name, values, -1]}
        for name, values in buttons
    ]
    return {
        "convo_id": number,
        "scenario": {"flow": "product_defect", "subflow": "return_size"},
        "original": [["agent", "Hi!"], ["customer", "Wrong size."], ["action", "done"]],
        "delexed": [{"speaker": "agent", "targets": ["i", None, None, [], 1]}, *pressed],
    }


@pytest.fixture
def imported(logs, tmp_path, key):
    def run(dialect, content):
        path = logs.write(content)
        made = import_dialogues(dialect, path, tmp_path / "out", key=key)
        return made, read_recording(tmp_path / "out")

    return run


def test_a_person_who_queried_becomes_a_baseline_with_times(imported):
    """What took effect is the baseline; what was refused and what was read stand beside it."""
    dialogue = star(
        7,
        *report(20, {"Message": "You must provide a PIN"}, FullName='"Jane Doe"'),
        *report(40, {"Confirmation": "ok"}, FullName='"Jane Doe"', PIN="1596"),
        *report(50, {"BankBalance": 5}, "bank_balance"),
    )
    made, recording = imported(STAR, [dialogue])
    [case] = recording.cases
    assert (case.case_id, case.scenario, case.trigger.system) == (
        "star-7", "bank_fraud_report", "bank"
    )  # fmt: skip
    assert case.received_at == datetime.fromtimestamp(START + 10, UTC)
    assert [turn.text for turn in case.turns] == ["Somebody took $500.", "Your name?"]
    [baseline] = recording.baselines_of("star-7")
    assert (baseline.source, baseline.actor) == (BaselineSource.HUMAN, "w-1")
    assert baseline.cycle_time_ms == 60_000
    [action] = baseline.actions
    assert action.operation == "bank.bank_fraud_report"
    assert action.fields == {"FullName": "Jane Doe", "PIN": 1596}
    assert action.at == datetime.fromtimestamp(START + 40, UTC)
    assert made.notes == {
        "suggested next steps that the person overruled": 1,
        "writes that the system refused, no part of the baseline": 1,
    }


def test_recorded_answers_are_kept_to_be_replayed(imported):
    """Every query keeps its own answer, in order, under its dialogue."""
    dialogue = star(7, *report(20, {"Message": "no"}), *report(40, {"Confirmation": "ok"}))
    _, recording = imported(STAR, [dialogue])
    found = list(recording.interactions())
    assert [item.response.body for item in found] == [{"Message": "no"}, {"Confirmation": "ok"}]
    assert {item.correlation_id for item in found} == {"star-7"}


def test_doing_nothing_is_a_genuine_baseline(imported):
    """A person who rightly refused did nothing, and that is what a candidate is held to."""
    _, recording = imported(STAR, [star(7)])
    [baseline] = recording.baselines_of("star-7")
    assert (baseline.outcome, baseline.actions) == (Outcome.ABSTAINED, ())


def test_incomplete_dialogues_are_dropped_and_damaged_ones_quarantined(imported):
    """Each record counts once, and the counts add up."""
    damaged = star(3)
    damaged["Events"] = "gone"
    nameless = star(4)
    nameless["Scenario"] = {}
    records = [star(1), star(2, level="EarlyDisconnectDuringDialogue"), damaged, star(1), nameless,
               {"x": 1}, star(5, event("Wizard", "query", 1))]  # fmt: skip
    made, _ = imported(STAR, records)
    facts = made.manifest
    assert (facts.records, facts.kept, facts.dropped, facts.quarantined) == (7, 1, 2, 4)
    assert {item.reason for item in made.quarantined} == {
        "no events", "no task", "no dialogue id", "a query names no interface"
    }  # fmt: skip
    assert facts.reasons["dropped: incomplete: EarlyDisconnectDuringDialogue"] == 1


def test_a_repeated_field_keeps_all_its_values(imported):
    """People typed the same security answer twice; none of both is lost."""
    dialogue = star(7)
    [query, answer] = report(20, {"Confirmation": "ok"})
    query["Constraints"] = [{"Answer": '"a"'}, {"Answer": '"b"'}, {"Answer": "<= 3"}]
    dialogue["Events"][3:3] = [query, answer]
    _, recording = imported(STAR, [dialogue])
    assert recording.baselines_of("star-7")[0].actions[0].fields == {"Answer": ["a", "b", "<= 3"]}


def test_buttons_that_change_something_are_the_baseline(imported):
    """Look-ups are no actions; a refund carries its amount."""
    chat = abcd(
        9, ("pull-up-account", ["jane"]), ("offer-refund", ["$49.50"]), ("notify-team", ["manager"])
    )
    _, recording = imported(ABCD, {"train": [chat], "dev": [abcd(10)]})
    first, second = recording.cases
    assert (first.scenario, first.segment) == ("return_size", {"flow": "product_defect"})
    [baseline] = recording.baselines_of("abcd-9")
    assert [action.operation for action in baseline.actions] == [
        "shop.offer-refund", "shop.notify-team"
    ]  # fmt: skip
    assert (baseline.actions[0].amount_minor, baseline.actions[0].currency) == (4950, "USD")
    assert recording.baselines_of(second.case_id)[0].outcome is Outcome.ABSTAINED


def test_damaged_chats_are_quarantined(imported):
    """One reason for each, and the good chat is kept."""
    turnless, pressed, odd, empty = abcd(2), abcd(3), abcd(4), abcd(5)
    turnless["delexed"] = None
    pressed["delexed"] = [{"speaker": "action", "targets": []}]
    odd["original"] = [["customer"]]
    empty["original"] = []
    made, recording = imported(ABCD, [abcd(1), turnless, pressed, odd, empty, {}])
    assert len(recording.cases) == 1
    assert sorted(item.reason for item in made.quarantined) == [
        "a turn is not a speaker and a text", "an action has no targets", "no conversation id",
        "no turns", "the customer says nothing",
    ]  # fmt: skip


def test_what_is_another_log_is_told(logs, tmp_path, key):
    """A named format that does not fit is one clear error, and agents' proposals there are none."""
    path = logs.write([abcd(1)])
    with pytest.raises(RecordingError, match="is no star log"):
        import_dialogues(STAR, path, tmp_path / "out", key=key)
    with pytest.raises(ConfigurationError, match="no agent's proposals"):
        import_traffic("auto", [path], tmp_path / "out", Wishes(proposed=tmp_path / "p.jsonl"))


def test_the_public_dialogues_go_through_whole(shared, tmp_path):
    """519 dialogues of bank customers: 451 complete ones, 147 without any action; all counted."""
    made = import_traffic("auto", [shared("star/star-bank-only.json")], tmp_path / "star")
    recording = read_recording(tmp_path / "star")
    assert (made.format, made.manifest.records, made.manifest.kept) == ("star", 519, 451)
    assert made.manifest.dropped == 68
    baselines = [recording.baselines_of(case.case_id)[0] for case in recording.cases]
    assert sum(baseline.outcome is Outcome.ABSTAINED for baseline in baselines) == 200
    assert made.notes["baselines of people who did nothing, and rightly so: some only asked"] == 200
    silent = "dialogues without any action, complete or not: no system was asked for anything"
    assert made.notes[silent] == 147
    whole = "of these are complete: cases whose person rightly did nothing at all"
    asked = {one.correlation_id for one in recording.interactions()}
    assert made.notes[whole] == sum(c.case_id not in asked for c in recording.cases) == 80
    told = made.summary()
    assert all(text in told for text in ("519 records", "451 cases", f"147 {silent}"))
    assert all(baseline.cycle_time_ms for baseline in baselines)
    assert made.manifest.period[0].startswith("2020-05-12")
    chats = import_traffic("auto", [shared("abcd/abcd-abcd_sample.json")], tmp_path / "abcd")
    assert (chats.format, chats.manifest.kept) == ("abcd", 3)


def test_secrets_in_dialogues_never_reach_the_disk(imported, tmp_path):
    """Said, asked for, answered, pressed, or named in a reason: every canary is gone."""
    of = Canaries()
    asked = report(20, {"password": of.plain(), "note": of.key()}, Password=of.plain(), Id=of.key())
    said = event("Wizard", "utter", 40, Text=f"use {of.key()}, password: {of.plain()}")
    talk = abcd(5, ("verify-identity", [of.key()]))
    talk["original"][1][1], talk["scenario"]["flow"] = f"my key is {of.key()}", of.key()
    for dialect, content in (
        (STAR, [star(1, *asked, said), star(2, level=of.key())]),
        (ABCD, [talk]),
    ):
        made, _ = imported(dialect, content)
        told = made.summary() + "".join(
            path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file()
        )
        assert [one for one in of.made if one in told] == []
        assert made.manifest.cases == 1 and scan_recording(tmp_path / "out") == []
