"""Replay of a recording: stable samples, pacing, and what a dry run tells."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from understudy.campaign.recordings.imports import describe_recording
from understudy.campaign.recordings.worlds import describe_world
from understudy.campaign.runs.replay import parse_sample, parse_speed, replayed
from understudy.model.campaign import CandidateSpec
from understudy.model.case import Case, Trigger
from understudy.model.errors import ConfigurationError
from understudy.shadow.plan import ShadowPlan
from understudy.traffic.sampling import in_time, sample
from understudy.workflows.recipe import recipe_named
from understudy.workflows.staff import known_rates

BOT = """
def handle(case, systems):
    return {"outcome": "escalated"}
"""
START = datetime(2026, 10, 1, tzinfo=UTC)


def case(number, customer, minutes):
    at = None if minutes is None else START + timedelta(minutes=minutes)
    trigger = Trigger(system="zendesk", type="ticket.created")
    return Case(case_id=f"c{number}", scenario="x", cluster_id=customer, trigger=trigger,
                received_at=at)  # fmt: skip


CASES = [case(n, f"cus_{n % 100}", 10 * n) for n in range(400)]


def test_a_sample_holds_whole_customers_and_is_stable():
    """A customer is in with every case or with none, and a larger sample holds the smaller."""
    quarter, half = sample(CASES, 0.25), sample(CASES, 0.5)
    assert {c.case_id for c in quarter} <= {c.case_id for c in half}
    assert len(quarter) == 4 * len({c.cluster_id for c in quarter})
    assert 10 <= len({c.cluster_id for c in quarter}) <= 40
    assert (sample(CASES, 1.0), sample(CASES, 0.0)) == (CASES, [])


def test_a_customers_cases_keep_their_order_in_time():
    """However the recording mixes them; others' places stay."""
    mixed = list(CASES)
    Random(1).shuffle(mixed)
    last = {}
    for one in in_time([*mixed, case(999, "cus_1", None)])[:-1]:
        assert one.received_at >= last.get(one.cluster_id, START)
        last[one.cluster_id] = one.received_at


@pytest.mark.parametrize("text", ["0x", "fast", "10", "-1x", ""])
def test_what_is_no_speed_is_told(text):
    """With what one is."""
    with pytest.raises(ConfigurationError, match="no speed"):
        parse_speed(text)


def test_what_is_no_share_is_told():
    """As a configuration error, not a traceback."""
    with pytest.raises(ConfigurationError, match="not a share"):
        parse_sample("a quarter")


def test_without_times_there_is_no_pacing():
    """A time that is not there is never guessed."""
    timeless = [case(1, "a", None)]
    assert replayed(timeless, 1.0, None) == timeless
    with pytest.raises(ConfigurationError, match="has no times"):
        replayed(timeless, 1.0, 10.0)


def test_a_dry_run_spends_no_candidate(project):
    """It prints how many cases, duration, order and coverage, and writes no run."""
    project.write("bot.py", "raise SystemExit('the candidate was called')")
    file = project.campaign("bot:handle")
    done = project.command("run", str(file), "--dry-run", "--sample", "50%")
    assert done.returncode == 0, done.stderr
    assert "of 24 cases" in done.stdout
    for word in ("duration: ", "order: by time within each customer", "coverage: 100.0%"):
        assert word in done.stdout
    assert "GO takes at least 326 cases even if none costs anything" in done.stdout
    assert not project.runs()


def test_how_many_cases_go_takes_is_told_before_the_first(project):
    """The least evidence there must be, on standard error, before any candidate is called."""
    project.write("bot.py", "raise SystemExit('the candidate was called')")
    done = project.command("run", str(project.campaign("bot:handle")))
    assert done.returncode != 0
    assert "GO takes at least 326 cases even if none costs anything" in done.stderr
    assert "it cannot end in GO" in done.stderr


@pytest.mark.slow
def test_a_sampled_run_is_of_its_customers(project):
    """The campaign's own `sample` counts where the command line names none."""
    project.write("bot.py", BOT)
    file = project.campaign("bot:handle", sample="50%")
    done = project.command("run", str(file), "--dry-run")
    told = int(done.stdout.split()[0])
    project.command("run", str(file), "-q")
    [folder] = project.runs()
    assert json.loads((folder / "manifest.json").read_text())["planned"] == told < 24


def test_a_paced_run_waits_for_its_cases(project):
    """Cases are handed out at the recorded distance, so many times as fast."""
    from understudy.campaign.runs.source import source_of

    source = source_of(project.world / "recording")
    cases = replayed(source.recording.cases, 1.0, 10.0)
    plan = ShadowPlan(world=source.world_folder, cases=cases, systems={}, project=project.folder,
                      candidate=CandidateSpec(name="a", use="bot:handle"), speed=10.0,
                      run_folder=project.folder)  # fmt: skip
    apart = (cases[1].received_at - cases[0].received_at).total_seconds()
    assert plan.due(0, 0.0)
    assert not plan.due(1, apart / 10 - 1)
    assert plan.due(1, apart / 10 + 0.001)
    assert replace(plan, speed=None).due(1, 0.0)


class Unsearched(list):
    """Cases that nobody may look through."""

    def __iter__(self):
        raise AssertionError("all cases were looked at for one of them")


def test_a_run_without_a_pace_looks_at_no_other_case():
    """Whether a case has its turn costs the same however many there are."""
    plan = ShadowPlan(
        world=Path(), cases=Unsearched(case(n, "cus_1", None) for n in range(3)), systems={},
        candidate=CandidateSpec(name="bot", use="bot:handle"), project=Path(), run_folder=Path(),
    )  # fmt: skip
    assert plan.due(1, 0.0)
    assert replace(plan, speed=10).due(1, 0.0)


def test_a_world_shows_its_cases_by_workflow(small_world):
    """Counts add up; beside them stands how often people are known to slip and to differ."""
    told = describe_world(small_world).partition("two differ\n")[2].splitlines()
    total, *workflows = [line.split() for line in told]
    assert total[:3] == ["all", "workflows", "24"]
    assert sum(int(cases) for _, cases, *_ in workflows) == 24
    assert sum(int(twice) for _, _, twice, *_ in workflows) == int(total[3]) > 0
    for workflow, _, _, slip, differ in workflows:
        rates = known_rates(recipe_named(workflow))
        assert (slip, differ) == (f"{rates.errors:.2%}", f"{rates.disagreements:.1%}")


def test_show_tells_systems_operations_and_ways(small_world):
    """Reads and writes of each system, what follows which trigger, and how much is served."""
    text = describe_recording(small_world / "recording")
    assert "stripe      stripe.refunds.create" in text
    assert "zendesk     zendesk.tickets.get" in text
    assert re.search(r"zendesk ticket.created: \d\d cases", text)
    assert " > zendesk.tickets.update" in text
    assert "coverage: 100.0% of the calls are served" in text


ERP_BOT = """
import httpx

def handle(case, systems):
    token = case.credentials["erp"]["token"]
    for path in ("/orders/7", "/orders/9"):
        httpx.get("https://erp.corp.test" + path, headers={"authorization": "Bearer " + token})
    return {"outcome": "escalated"}
"""


@pytest.mark.slow
def test_a_system_that_is_not_mocked_is_answered_from_a_recording(project):
    """What was recorded is answered; what was not is a gap that names the closest call."""
    call = {"interaction_id": "i1", "seq": 1, "system": "erp.corp.test",
            "request": {"method": "GET", "url": "https://erp.corp.test/orders/7"},
            "response": {"status": 200, "body": {"state": "open"}}}  # fmt: skip
    project.write("erp/interactions.jsonl", json.dumps(call) + "\n")
    project.write("bot.py", ERP_BOT)
    systems = "{support: zendesk, erp: {use: recorded, host: erp.corp.test, recording: erp}}"
    file = project.campaign("bot:handle", systems=systems)
    done = project.command("run", str(file), "--limit", "2", "-q")
    assert "nothing serves GET /orders/9 at erp (2x)" in done.stdout, done.stderr
    assert "the closest recorded call is GET /orders/7" in done.stdout
    [folder] = project.runs()
    verdict = json.loads((folder / "verdict.json").read_text())
    assert verdict["verdict"] == "INVALID" and done.returncode == 3
    told = "in 2 of 2 cases the candidate made calls that nothing serves"
    assert any(told in reason for reason in verdict["reasons"])
    [store] = folder.glob("cases-*.jsonl")
    for line in store.read_text().splitlines():
        assert json.loads(line)["proposal"]["outcome"] == "escalated"
    wrong = project.campaign("bot:handle", systems="{erp: {use: recorded}}")
    assert "`host` goes with `use: recorded`" in project.command("run", str(wrong)).stderr
