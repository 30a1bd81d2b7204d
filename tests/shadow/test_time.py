"""Waiting costs a campaign nothing, keeps its meaning, and is told in both times."""

from __future__ import annotations

from datetime import timedelta

import pytest

from understudy.model.campaign import Fault

WAITING = """
import asyncio
import time
from time import sleep

import httpx


def headers(case):
    return {"Authorization": f"Bearer {case.credentials.stripe.api_key}"}


def patient(case, systems):
    while True:
        answer = httpx.get("https://api.stripe.com/v1/charges/ch_1", headers=headers(case))
        if answer.status_code != 429:
            return {"rationale": str(answer.status_code)}
        sleep(int(answer.headers["retry-after"]))


async def patient_async(case, systems):
    async with httpx.AsyncClient(headers=headers(case)) as client:
        while True:
            answer = await client.get("https://api.stripe.com/v1/charges/ch_1")
            if answer.status_code != 429:
                return {"rationale": str(answer.status_code)}
            await asyncio.sleep(int(answer.headers["retry-after"]))


def runs_its_own_loop(case, systems):
    return asyncio.run(patient_async(case, systems))


def forever(case, systems):
    refund(case, 1)
    while True:
        time.sleep(1)
        if case.trigger.payload["number"] == 0:
            refund(case, 1)


async def forever_async(case, systems):
    while True:
        await asyncio.sleep(1)


async def gives_up(case, systems):
    try:
        await asyncio.wait_for(asyncio.sleep(3600), 5)
    except asyncio.TimeoutError:
        return {"rationale": "gave up"}


def calls_only(case, systems):
    for _ in range(40):
        httpx.get("https://api.stripe.com/v1/charges/ch_1", headers=headers(case))


def deadline(case, systems):
    end, turns = time.monotonic() + 60, 0
    while time.monotonic() < end:
        time.sleep(10)
        turns += 1
    return {"rationale": str(turns)}
"""

WAIT = Fault.model_validate(
    {
        "match": {"operation": "stripe.charges.retrieve", "nth": 1},
        "do": "status",
        "options": {"status": 429, "retry_after": 30},
    }
)


@pytest.fixture
def waiting(project):
    project.candidate(WAITING)
    return project


@pytest.mark.parametrize("name", ["patient", "patient_async", "runs_its_own_loop"])
def test_a_retry_after_costs_milliseconds(waiting, run, name):
    """Half a minute of Retry-After is half a minute of the case, and next to none of ours."""
    records = run(waiting.plan(3, use=f"bot:{name}", faults=(WAIT,)))[1]
    for record in records:
        assert record.trace.rationale == "200"
        assert 30_000 <= record.proposal.cycle_time_ms < 40_000
        assert record.proposal.wall_time_ms < 5_000


@pytest.mark.parametrize(("name", "said"), [("gives_up", "gave up"), ("deadline", "6")])
def test_limits_of_the_candidate_keep_their_meaning(waiting, run, name, said):
    """`wait_for` and a loop until a deadline end as they would in real time."""
    (record,) = run(waiting.plan(1, use=f"bot:{name}"))[1]
    assert record.trace.rationale == said


@pytest.mark.parametrize("name", ["forever", "forever_async"])
def test_waiting_that_never_ends_is_a_time_out(waiting, run, name):
    """A case may last so long in virtual time; the same failure as too long by the wall's clock."""
    limit = timedelta(minutes=2)
    report, records = run(waiting.plan(2, use=f"bot:{name}", virtual_timeout=limit))
    failures = [record.proposal.failure for record in records]
    assert [(f.cause, f.reason) for f in failures] == [("candidate", "timeout")] * 2
    assert "120 s of the case's own, virtual time; it stands at" in failures[0].detail
    assert name == "forever_async" or "bot.py" in failures[0].detail
    assert report.failures == {"timeout": 2}
    assert all(record.proposal.outcome == "failed" for record in records)
    assert all(record.proposal.cycle_time_ms >= 120_000 for record in records)


def test_calls_without_waiting_take_time_too(waiting, run):
    """Forty calls last ten seconds; an answer after nine of them is none."""
    limit = timedelta(seconds=9)
    (record,) = run(waiting.plan(1, use="bot:calls_only", virtual_timeout=limit))[1]
    assert record.proposal.failure.reason == "timeout"


def test_what_was_done_before_the_limit_does_not_depend_on_the_machine(waiting, run, timeless):
    """The same writes are there at the same moments, however fast the case was stopped."""
    plan = {"use": "bot:forever", "virtual_timeout": timedelta(seconds=60)}
    first = run(waiting.plan(1, **plan))[1]
    waiting.run_folder = waiting.run_folder.with_name("again")
    second = run(waiting.plan(1, **plan))[1]
    assert [*map(timeless, first)] == [*map(timeless, second)]
    assert len(first[0].proposal.actions) == 49  # one at 0.25 s, then one every 1.25 s


def test_a_process_is_limited_too(waiting, run):
    """For a candidate outside, calls and latency are what its case's time consists of."""
    latency = Fault.model_validate({"match": {}, "do": "latency", "options": {"seconds": 50}})
    waiting.write(
        "bot_process.py",
        "import json, sys, urllib.request\n"
        "for line in sys.stdin:\n"
        "    case = json.loads(line)\n"
        "    key = case['credentials']['stripe']['api_key']\n"
        "    url = case['base_urls']['stripe'] + '/v1/charges/ch_1'\n"
        "    ask = urllib.request.Request(url, headers={'Authorization': 'Bearer ' + key})\n"
        "    for _ in range(case['trigger']['payload']['number'] * 4 + 1):\n"
        "        urllib.request.urlopen(ask).close()\n"
        "    print('{}', flush=True)\n",
    )
    import sys

    use = f"exec: {sys.executable} bot_process.py"
    limit = timedelta(minutes=2)
    records = run(waiting.plan(2, use=use, faults=(latency,), virtual_timeout=limit))[1]
    assert records[0].proposal.failure is None
    assert 50_000 <= records[0].proposal.cycle_time_ms < 70_000
    assert records[1].proposal.failure.reason == "timeout"
