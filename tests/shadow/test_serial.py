"""Candidates whose client holds one static key from the moment they are imported."""

from __future__ import annotations

import sys
import threading
import time
import urllib.request

import pytest

STATIC = """
import os, threading, time
import httpx

client = httpx.Client(headers={"Authorization": "Bearer " + os.environ["STRIPE_API_KEY"]},
                      base_url=os.environ.get("STRIPE_API_BASE", "https://api.stripe.com"))
KEY = os.environ["STRIPE_API_KEY"]


def refund(amount):
    return client.post("/v1/refunds", data={"charge": "ch_1", "amount": amount}).status_code


def static(case, systems):
    number = case.trigger.payload["number"]
    assert case.credentials.stripe.api_key == KEY == os.environ["STRIPE_SECRET_KEY"]
    assert os.environ["ZENDESK_TOKEN"] == case.credentials.zendesk.token
    assert os.environ["ZENDESK_EMAIL"] == case.credentials.zendesk.email
    assert refund(100 + number) == 200
    return {"rationale": KEY}
"""

LATE = """
import asyncio
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(1)


def late(case, systems):
    number = case.trigger.payload["number"]
    if number == 0:
        def work():
            time.sleep(0.5)
            refund(999)
        threading.Thread(target=work, daemon=True).start()
    if number == 1:
        time.sleep(0.6)
    return {"rationale": str(refund(100 + number))}


turns = []


def again(case, systems):
    turns.append(case.id)
    if len(turns) == 1:
        def work():
            time.sleep(0.5)
            refund(999)
        threading.Thread(target=work, daemon=True).start()
    else:
        time.sleep(0.6)
    return {"rationale": str(refund(100))}


def pooled(case, systems):
    return {"rationale": str(pool.submit(refund, 100 + case.trigger.payload["number"]).result())}


async def tasks(case, systems):
    amount = 100 + case.trigger.payload["number"]
    status = await asyncio.create_task(asyncio.to_thread(refund, amount))
    return {"rationale": str(status)}
"""

PROCESS = """
import json, os, sys, urllib.parse, urllib.request

BASE, KEY = os.environ["STRIPE_API_BASE"], os.environ["STRIPE_API_KEY"]

for line in sys.stdin:
    case = json.loads(line)
    assert case["base_urls"]["stripe"] == BASE
    body = urllib.parse.urlencode({"charge": "ch_1", "amount": 100}).encode()
    request = urllib.request.Request(BASE + "/v1/refunds", body, {"Authorization": "Bearer " + KEY})
    print(json.dumps({"rationale": json.load(urllib.request.urlopen(request))["id"]}), flush=True)
"""


def amounts(records):
    return [
        [action.amount_minor for action in record.proposal.actions if not action.refused]
        for record in records
    ]


def failures(records):
    return [record.proposal.failure and record.proposal.failure.reason for record in records]


@pytest.fixture
def static(project):
    project.write("static_bot.py", STATIC + LATE)
    return project


def test_a_module_global_client_works_case_by_case(static, run):
    """One key from the environment, read at import, serves every case; each has its own writes."""
    plan = static.plan(4, use="static_bot:static", isolation="serial", workers=2, repeats=2)
    report, records = run(plan)
    assert report.failures == {}
    assert amounts(records) == [[100 + number] for number in range(4) for _ in range(2)]
    assert len({record.trace.rationale for record in records}) == 1


def test_cases_do_not_see_each_others_writes(static, run):
    """The same charge can be refunded whole in each case: every case starts untouched."""
    plan = static.plan(3, use="static_bot:whole", isolation="serial")
    static.write(
        "static_bot.py",
        STATIC + "\ndef whole(case, systems):\n    assert refund(1000) == 200\n",
    )
    assert amounts(run(plan)[1]) == [[1000], [1000], [1000]]


def test_a_call_that_comes_late_is_no_other_cases_action(static, run):
    """A thread of case 0 that writes during case 1 is refused; case 1 is not judged."""
    records = run(static.plan(3, use="static_bot:late", isolation="serial"))[1]
    assert amounts(records) == [[100], [101], [102]]
    assert failures(records) == [None, "unattributed", None]
    failure = records[1].proposal.failure
    assert failure.cause == "infrastructure"
    assert "POST stripe /v1/refunds" in failure.detail


def test_a_repeat_is_a_case_of_its_own(static, run):
    """What the first repeat left running writes nothing in the second, though the case is one."""
    records = run(static.plan(1, use="static_bot:again", isolation="serial", repeats=2))[1]
    assert [len(record.proposal.actions) for record in records] == [1, 1]
    assert failures(records) == [None, "unattributed"]


def test_a_service_with_one_key_has_one_case_at_a_time(static, run, serving):
    """However many workers the run has, a service is one instance and is never asked twice at once.

    It works with the one key that every case brings.
    """
    seen, keys, lock, calls = [], set(), threading.Lock(), []

    def refund(path, case):
        key = case["credentials"]["stripe"]["api_key"]
        with lock:
            seen.append(len(calls))
            calls.append(key)
        url, headers = case["base_urls"]["stripe"], {"Authorization": f"Bearer {key}"}
        request = urllib.request.Request(url + "/v1/refunds", b"charge=ch_1&amount=7", headers)
        urllib.request.urlopen(request, timeout=10).close()
        time.sleep(0.05)
        with lock:
            keys.add(calls.pop())

    use = f"{serving(refund).url}/case"
    report, records = run(static.plan(6, use=use, isolation="serial", workers=3))
    assert (seen, len(keys), report.failures) == ([0] * 6, 1, {})
    assert amounts(records) == [[7]] * 6


@pytest.mark.parametrize("name", ["pooled", "tasks"])
def test_work_handed_to_threads_and_tasks_belongs_to_its_case(static, run, name):
    """A pool that outlives its first case, and tasks on the event loop, are told apart by case."""
    records = run(static.plan(3, use=f"static_bot:{name}", isolation="serial"))[1]
    assert amounts(records) == [[100], [101], [102]]
    assert failures(records) == [None, None, None]


def test_a_process_finds_key_and_addresses_in_its_environment(static, run):
    """A process with a module-global client reads both once and serves case after case."""
    static.write("static_process.py", PROCESS)
    use = f"exec: {sys.executable} static_process.py"
    records = run(static.plan(2, use=use, isolation="serial"))[1]
    assert (amounts(records), failures(records)) == ([[100], [100]], [None, None])


def test_without_serial_the_environment_opens_nothing(static, run):
    """In the default isolation the key of the environment is a canary: refused, and attributed."""
    records = run(static.plan(1, use="static_bot:pooled"))[1]
    assert records[0].trace.rationale == "401"
    gap = records[0].gaps[0]
    assert (gap.system, gap.method) == ("stripe", "POST")
    assert "write `isolation: serial` at the candidate" in gap.detail
    assert (amounts(records), failures(records)) == ([[]], [None])


def test_a_candidate_that_asks_models_that_none_serves_is_told_what_to_write(project, run):
    """The wall's refusal names a host; what is to be done stands with it."""
    body = "def handle(case, systems):\n    httpx.post('https://api.openai.com/v1/responses')\n"
    project.write("bot.py", f"import httpx\n\n{body}")
    (record,) = run(project.plan(1, use="bot:handle"))[1]
    failure = record.proposal.failure
    assert failure.reason == "egress"
    assert "none are served: write `models: live`" in failure.detail
