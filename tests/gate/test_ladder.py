"""The promotion ladder's rules: what a change inherits, what sends a class down, what lacks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from understudy.gate.ladder import (
    Asked,
    apart_in,
    ceiling_of,
    counting,
    fallen_to,
    highest_rate,
    inherited,
    least_cases,
    missing,
)
from understudy.model.pilot import OperationEvidence, PilotRun, Rung
from understudy.model.verdict import Stage

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HASHES = {"candidate": "a", "model": "m", "prompt": "p", "tools": "t", "policy": "x", "prices": "y"}


def a_line(**changes):
    usual = {"operation": "shop.refund", "cases": 3000, "critical": 0, "error_cost_minor": 0,
             "recommended_class": "automated"}  # fmt: skip
    return OperationEvidence(**(usual | changes))


def a_run(stage="draft_only", **changes):
    usual = {
        "run_id": "r-1", "folder": "", "campaign": "c", "candidate": "agent", "hashes": HASHES,
        "at": NOW.isoformat(), "stage": Stage(stage), "verdict": "GO", "verdict_digest": "",
        "attempt": 1, "cases": 3000, "money_minor": 0, "currency": "EUR", "prices_owned": True,
        "held_out": True, "seeded": 100, "least_caught": 0.5, "stuck": (),
    }  # fmt: skip
    return PilotRun(**(usual | changes))


def asked(to=Rung.DRAFT_ONLY, **changes):
    usual = {
        "operation": "shop.refund", "at": Rung(to - 1), "to": to,
        "since": NOW - timedelta(days=30), "now": NOW, "ceiling": Rung.FULL, "killed": False,
        "approvals": 2, "changed": "",
    }  # fmt: skip
    return Asked(**(usual | changes))


@pytest.mark.parametrize(
    ("changed", "rung", "why"),
    [
        ({"model": "M"}, Rung.SHADOW, "the model"),
        ({"model": "M", "prompt": "P", "candidate": "A"}, Rung.SHADOW, "the model"),
        ({"prompt": "P"}, Rung.DRAFT_ONLY, "the prompt"),
        ({"candidate": "A"}, Rung.SHADOW, "the candidate's code"),
        ({"candidate": "A", "tools": "T"}, Rung.SHADOW, "the candidate's code"),
        ({"tools": "T"}, Rung.DRAFT_ONLY, "what it is offered to act with"),
        ({"policy": "X"}, Rung.DRAFT_ONLY, "the policy"),
        ({"policy": "X", "prices": "Y"}, Rung.FULL, ""),
        ({"prices": "Y"}, Rung.FULL, ""),
        ({}, Rung.FULL, ""),
    ],
)
def test_each_change_leaves_what_its_evidence_still_supports(changed, rung, why):
    """A change sends a class down to its own rung, names itself, and never lifts anything."""
    assert inherited(Rung.FULL, HASHES, HASHES | changed) == (rung, why)
    assert inherited(Rung.OFFLINE, HASHES, HASHES | changed) == (Rung.OFFLINE, why)


def test_a_hash_that_is_gone_is_a_change():
    """What was known of the candidate before and is not now counts as changed."""
    gone = {name: value for name, value in HASHES.items() if name != "model"}
    assert inherited(Rung.FULL, HASHES, gone) == (Rung.SHADOW, "the model")


def test_old_runs_count_for_less():
    """Half of the cases for each ninety days, rounded down; a run of tomorrow counts in full."""
    assert [counting(101, timedelta(days=days)) for days in (-5, 0, 45, 90, 180)] == [
        101, 101, 71, 50, 25,
    ]  # fmt: skip


def test_a_critical_finding_ends_in_the_shadow_whatever_the_verdict():
    """In one step and with its number; what is in the shadow or below stays."""
    line = a_line(critical=1200)
    why = "1,200 critical findings in run r-1"
    assert fallen_to(Rung.FULL, a_run(), line) == (Rung.SHADOW, why)
    assert fallen_to(Rung.DRAFT_ONLY, a_run(), line) == (Rung.SHADOW, why)
    assert fallen_to(Rung.SHADOW, a_run(), line) is None
    assert fallen_to(Rung.OFFLINE, a_run(), line) is None


def test_a_no_go_costs_the_rung_of_those_who_erred():
    """One cent of errors in a NO-GO costs one rung; without errors or with a GO there is none."""
    why = "run r-1 is a NO-GO, and errors of it are among its costs"
    bad = a_run(verdict="NO-GO")
    assert fallen_to(Rung.FULL, bad, a_line(error_cost_minor=1)) == (Rung.LIMITED_AUTONOMY, why)
    assert fallen_to(Rung.DRAFT_ONLY, bad, a_line(error_cost_minor=1)) == (Rung.SHADOW, why)
    assert fallen_to(Rung.SHADOW, bad, a_line(error_cost_minor=1)) is None
    assert fallen_to(Rung.FULL, bad, a_line()) is None
    assert fallen_to(Rung.FULL, a_run(), a_line(error_cost_minor=1)) is None


def test_a_ceiling_is_the_named_one_or_what_cannot_be_undone():
    """The gate file's word wins, in both directions; else an approval stays before such writes."""
    hard, soft = a_line(irreversible=True), a_line()
    assert (ceiling_of(hard, {}), ceiling_of(soft, {})) == (Rung.APPROVAL_REQUIRED, Rung.FULL)
    assert ceiling_of(hard, {"shop.refund": Rung.FULL}) is Rung.FULL
    assert ceiling_of(soft, {"shop.refund": Rung.SHADOW}) is Rung.SHADOW


@pytest.mark.parametrize(
    ("ask", "run", "told"),
    [
        ({"killed": True}, {}, "its pilot was ended; another candidate begins anew"),
        ({"unproved": "no suite was run"}, {}, "no suite was run"),
        ({"at": Rung.OFFLINE}, {}, "it stands at offline, and the next rung is shadow"),
        ({"at": Rung.FULL}, {}, "it stands at full, and the next rung is none"),
        ({"ceiling": Rung.SHADOW}, {}, "its ceiling is shadow"),
        ({}, {"chosen": True},
         "the run's cases were chosen by hand, so they say nothing about all others"),
        ({}, {"stage": Stage.SHADOW},
         "the run was for the stage shadow, and a run for draft_only is asked for"),
        ({}, {"prices_owned": False}, "its prices have no owner, so they are illustrative"),
        ({"changed": "the prompt"}, {}, "the prompt has changed since that run"),
        ({"approvals": 0}, {},
         "no approval of somebody is signed on the run's verdict, which is GO"),
    ],
)  # fmt: skip
def test_what_is_missing_is_one_sentence_each(ask, run, told):
    """Each lack alone is one sentence that says what would have to be there."""
    assert missing(asked(**ask), a_run(**run), a_line()) == (told,)


def full(**changes):
    return asked(Rung.FULL, **changes)


AUTONOMY, APPROVAL = Rung.LIMITED_AUTONOMY, Rung.APPROVAL_REQUIRED
ATTENTION = (
    "the reviewer's attention is not measured: {} of 100 errors were shown on purpose, "
    "and at least {} are seen, of 50%"
)


@pytest.mark.parametrize(
    ("ask", "run", "told"),
    [
        (asked(APPROVAL), {"seeded": 99}, (ATTENTION.format(99, "50%"),)),
        (asked(APPROVAL), {"least_caught": 0.49}, (ATTENTION.format(100, "49%"),)),
        (asked(APPROVAL), {"least_caught": None}, (ATTENTION.format(100, "0%"),)),
        (asked(AUTONOMY), {"seeded": 0}, ()),
        (asked(AUTONOMY), {"held_out": False},
         ("the run was not on a held-out part of the recording",)),
        (asked(APPROVAL), {"held_out": False, "stuck": None}, ()),
        (asked(AUTONOMY), {"stuck": None}, ("no rollback drill was done in the run",)),
        (asked(AUTONOMY), {"stuck": ("shop.refund",)},
         ("the rollback drill could not undo its writes",)),
        (asked(AUTONOMY), {"stuck": ("shop.other",)}, ()),
        (asked(AUTONOMY, since=NOW), {}, ()),
        (full(approvals=1), {},
         ("no approval of 2 people is signed on the run's verdict, which is GO",)),
        (asked(AUTONOMY, approvals=1), {}, ()),
        (full(since=NOW - timedelta(days=29)), {},
         ("it has been at limited_autonomy for 29 of 30 days",)),
        (full(), {}, ()),
    ],
)  # fmt: skip
def test_the_high_rungs_ask_for_more(ask, run, told):
    """Attention before approvals; held-out cases, a drill, people and time before autonomy."""
    assert missing(ask, a_run(ask.to.label, **run), a_line()) == told


def test_too_few_cases_are_told_with_the_number_that_it_takes():
    """How many there are, how many belong together, and how many still count at their age."""
    run = a_run()
    need = "critical findings must be shown to be rarer than 5.0%, which takes 59 cases without one"
    assert missing(asked(), run, a_line(cases=58)) == (f"{need}; there are 0 in 58 cases",)
    together = a_line(cases=90, units=58)
    assert missing(asked(), run, together) == (
        f"{need}; there are 0 in 90 cases, 58 that do not belong together",
    )
    old = a_run(at=(NOW - timedelta(days=90)).isoformat())
    assert missing(asked(), old, a_line(cases=100)) == (
        f"{need}; there are 0 in 100 cases, of which 50 still count at their age",
    )
    assert missing(asked(), run, a_line(cases=59)) == ()
    assert missing(asked(), run, a_line(cases=59, critical=1))[0].endswith("are 1 in 59 cases")
    assert missing(asked(Rung.SHADOW), a_run("shadow"), a_line(cases=1)) == ()
    assert missing(asked(), run, None) == ("the run has no case with shop.refund",)


def test_rates_hold_at_every_look_where_the_run_ended_early():
    """Without a case any rate is possible; an end that was not planned asks for more cases."""
    run, early = a_run(), a_run(peeked=True)
    assert highest_rate(0, 0, run) == 1.0
    assert highest_rate(0, 59, run) <= 0.05 < highest_rate(0, 59, early)
    assert (least_cases(0.05, run), least_cases(0.05, early)) == (59, 65)
    assert apart_in(a_line(cases=5)) == ""
