"""Models that are slow or never answer: it takes the case's time, and next to none of ours."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import pytest

from understudy.doors.gateway_script import Script, script_from
from understudy.model.campaign import Fault
from understudy.shadow.models import ModelService

pytest.importorskip("openai")

BOT = """
import asyncio
import json
import time

import httpx
import openai
import requests

ASKED = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


def plain(case, patience):
    client = openai.OpenAI(max_retries=0, timeout=patience)
    return client.chat.completions.create(**ASKED).choices[0].message.content


def concurrent(case, patience):
    async def ask():
        client = openai.AsyncOpenAI(max_retries=0, timeout=patience)
        return (await client.chat.completions.create(**ASKED)).choices[0].message.content

    return asyncio.run(ask())


def limited(case, patience):
    async def ask():
        client = openai.AsyncOpenAI(max_retries=0, timeout=None)
        answer = await asyncio.wait_for(client.chat.completions.create(**ASKED), patience)
        return answer.choices[0].message.content

    return asyncio.run(ask())


def by_requests(case, patience):
    url, key = f"{case.base_urls.openai}/chat/completions", case.credentials.openai.api_key
    headers = {"Authorization": f"Bearer {key}"}
    answer = requests.post(url, json=ASKED, headers=headers, timeout=patience)
    seen = {**answer.request.headers, **answer.headers}
    assert not [name for name in seen if name.lower() in ("x-pace", "x-silence")], seen
    return answer.json()["choices"][0]["message"]["content"]


def by_httpx(case, patience):
    url, key = f"{case.base_urls.openai}/chat/completions", case.credentials.openai.api_key
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.post(url, json=ASKED, headers=headers, timeout=patience)
    seen = {**answer.request.headers, **answer.headers}
    assert not [name for name in seen if name.lower() in ("x-pace", "x-silence")], seen
    return answer.json()["choices"][0]["message"]["content"]


def told(case, ways, patience):
    said = []
    for ask in ways:
        began = time.monotonic()
        try:
            answer = ask(case, patience)
        except Exception as error:
            answer = type(error).__name__
        said.append([answer, round(time.monotonic() - began)])
    return {"outcome": "escalated", "rationale": json.dumps(said)}


def handle(case, systems):
    return told(case, (plain, concurrent, limited, by_requests, by_httpx), 50)


def endless(case, systems):
    return told(case, (plain, plain), None)
"""
PROCESS = """
import sys

import openai

for line in sys.stdin:
    client = openai.OpenAI(max_retries=0, timeout=None)
    client.chat.completions.create(model="m", messages=[])
"""


@pytest.fixture
def asked(project, run):
    """Run one case of a candidate over scripted models and give its proposal and rationale."""
    project.write("bot.py", BOT)

    def ask(*faults, delays=(), timeout=timedelta(seconds=20), **plan):
        script = [{"text": "hi", "delay": seconds} for seconds in (*delays, *[0] * 9)]
        found = [Fault.model_validate(each) for each in faults]
        models = ModelService(Script(script_from(script)), faults=found)
        (record,) = run(project.plan(1, models=models, timeout=timeout, **plan))[1]
        return record.proposal, record.trace.rationale

    return ask


def _fault(do, *, nth=None, **options):
    return {"match": {"operation": "models.chat", "nth": nth}, "do": do, "options": options}


def test_a_model_that_never_answers_takes_the_client_s_patience_and_no_time(asked):
    """Every client gives up after its own time-out, which passes in the case's time alone."""
    proposal, told = asked(_fault("hang"))
    names = ["APITimeoutError", "APITimeoutError", "TimeoutError", "ReadTimeout", "ReadTimeout"]
    assert json.loads(told) == [[name, 50] for name in names]
    assert proposal.cycle_time_ms >= 250_000
    assert proposal.wall_time_ms < 10_000


def test_a_slow_model_takes_the_case_s_time(asked):
    """40 seconds in the script or by a fault: the answer is there, and no time of ours."""
    late = [_fault("latency", nth=nth, seconds=40) for nth in (4, 5)]
    proposal, told = asked(*late, delays=[40] * 3)
    assert json.loads(told) == [["hi", 40]] * 5
    assert proposal.wall_time_ms < 10_000


def test_who_waits_without_end_is_cut_off_after_the_fault_s_seconds(asked):
    """Without a time-out the connection is dropped in the end; the case goes on in its own time."""
    _, told = asked(_fault("hang", nth=1, seconds=100), use="bot:endless")
    assert json.loads(told) == [["APIConnectionError", 100], ["hi", 0]]


@pytest.mark.slow
def test_a_process_that_waits_for_a_model_ends_at_the_case_s_limit(project, asked):
    """A process has the wall's time: what never answers is a time-out of its case, told as one."""
    project.write("agent.py", PROCESS)
    use, limit = f"exec: {sys.executable} agent.py", timedelta(seconds=2)
    proposal, _ = asked(_fault("hang"), use=use, timeout=limit)
    assert proposal.failure.reason == "timeout"
    assert 1_500 <= proposal.wall_time_ms < 8_000


def test_a_bare_model_that_never_answers_takes_no_time_either(project, asked):
    """Of the candidate form `openai:` too, its client's second try included."""
    project.write("prompt.md", "Answer.")
    use = {"openai": {"model": "m", "prompt": "prompt.md"}}
    proposal, told = asked(_fault("hang", nth=1, seconds=200), use=use)
    assert (proposal.failure, told) == (None, "hi")
    assert proposal.cycle_time_ms >= 200_000
    assert proposal.wall_time_ms < 10_000
