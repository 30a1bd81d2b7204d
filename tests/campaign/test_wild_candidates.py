"""Candidates that go wild, each in a case of a real campaign: contained, priced, gone on from."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

CALLABLE = r"""
import os, subprocess, sys, threading

from understudy.systems.timeline import real_sleep


def endless(systems):
    while True:
        pass


def hog(systems):
    held = []
    while True:
        held.append(b"x" * (64 << 20))


def huge(systems):
    return {"rationale": "x" * 100_000_000}


def bomb(systems):
    while True:
        try:
            os.fork()
        except OSError:
            subprocess.Popen([sys.executable, "-c", "pass"])


def closed(systems):
    os.close(1)
    sys.stdout.close()
    return {"outcome": "escalated"}


def garbage(systems):
    print("\ud800 \x00 \x1b[2J \u202e".encode("utf-8", "surrogatepass"))
    return {"outcome": "escalated", "rationale": "\ud800\x00\u202e" + chr(0x10FFFF)}


def late(systems):
    threading.Thread(target=lambda: [real_sleep(0.6), asks(systems)], daemon=True).start()
    return {"outcome": "escalated"}


def asks(systems):
    return systems.call("stripe.refunds.create", charge="ch_1", amount=1)


def cyclic(systems):
    told = {}
    told["told"] = told
    return told


def sane(systems):
    real_sleep(1)
    return {"outcome": "escalated"}


WAYS = [endless, hog, huge, bomb, closed, garbage, late, sane, cyclic, sane]


def handle(case, systems):
    return WAYS[int(case.id.rpartition("-")[2])](systems)
"""
EXPECTED = [
    "timeout", "raised", "malformed_answer", "process", None, None, None, None,
    "malformed_answer", None,
]  # fmt: skip

PROCESS = r"""
import json, os, subprocess, sys, time

SLEEPER = [sys.executable, "-c", "import time; time.sleep(300)", sys.argv[1]]


def bomb():
    for number in range(20):
        subprocess.Popen(SLEEPER, start_new_session=number % 2 == 0)
    time.sleep(300)


def hog():
    held = []
    while True:
        held.append(b"x" * (64 << 20))


WAYS = {
    0: lambda: sys.stdout.write("{'outcome': 'acted'}\n"),
    1: lambda: sys.stdout.buffer.write(b'{"rationale": "\xff\xfe\x00"}\n'),
    2: lambda: sys.stdout.write("x" * 100_000_000 + "\n"),
    3: lambda: (sys.stdout.flush(), os.close(1), time.sleep(300)),
    4: bomb,
    5: hog,
    6: lambda: sys.stdout.write('{"outcome": "escalated"}\n{"outcome": "acted"}\n'),
}
for line in sys.stdin:
    number = int(json.loads(line)["id"].rpartition("-")[2])
    WAYS.get(number, lambda: sys.stdout.write('{"outcome": "escalated"}\n'))()
    sys.stdout.flush()
"""


def _run(project, use, limit):
    spec = f'[{{name: agent, use: "{use}", timeout: 2s, memory: 256 MB}}]'
    campaign = project.campaign("", candidates=spec)
    began = time.monotonic()
    finished = project.command("run", str(campaign), "-q", "--limit", str(limit))
    assert "Traceback" not in finished.stdout + finished.stderr
    (run,) = project.runs()
    (store,) = run.glob("cases-*.jsonl")
    records = [json.loads(line) for line in store.read_text("utf-8").splitlines()]
    failures = [
        json.loads(line) for line in (run / "findings.jsonl").read_text("utf-8").splitlines()
    ]
    priced = {one["case_id"]: one["cost_minor"] for one in failures if one["kind"] == "run_failure"}
    told = sorted(records, key=lambda record: record["case_id"])
    assert len(told) == limit
    assert json.loads((run / "verdict.json").read_text("utf-8"))["verdict"] != "GO"
    assert time.monotonic() - began < 100
    return told, priced


def _reasons(records):
    return [(record["proposal"]["failure"] or {}).get("reason") for record in records]


@pytest.mark.slow
def test_a_callable_that_goes_wild_costs_its_case(project):
    """Loops, memory, processes, size, streams, text and late calls: each is one priced failure."""
    project.write("bot.py", CALLABLE)
    records, priced = _run(project, "bot:handle", len(EXPECTED))
    assert _reasons(records) == EXPECTED, [r["proposal"]["failure"] for r in records]
    failed = [r["case_id"] for r, reason in zip(records, EXPECTED, strict=True) if reason]
    assert sorted(priced) == failed
    assert all(cost > 0 for cost in priced.values())
    assert records[1]["proposal"]["failure"]["detail"].startswith("MemoryError")
    assert records[3]["wall"]["process"] >= 1
    # The call that came after its case's answer is nobody's: neither that case's nor the next's.
    operations = [action["operation"] for r in records for action in r["proposal"]["actions"]]
    assert set(operations) == {"desk.escalate"}
    assert any(gap["system"] == "stripe" for r in records[6:8] for gap in r["gaps"])


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are counted in /proc")
def test_a_process_that_goes_wild_costs_its_case(project):
    """Wrong JSON, no text, 100 MB, a closed stream, a crowd of processes, memory, two answers."""
    project.write("bot_process.py", PROCESS)
    mark = f"mark-{os.getpid()}-{time.time_ns()}"
    records, priced = _run(project, f"exec: python3 bot_process.py {mark}", 9)
    reasons = _reasons(records)
    assert reasons[:4] == ["malformed_answer", "malformed_answer", "malformed_answer", "crashed"]
    assert (reasons[4], reasons[5]) == ("timeout", "crashed")
    assert "MemoryError" in records[5]["trace"]["printed"]
    assert all(priced[r["case_id"]] > 0 for r in records[:6])
    assert reasons[6:] == [None, None, None]
    assert [path for path in Path("/proc").glob("[0-9]*/cmdline") if _tells(path, mark)] == []


def _tells(path, mark):
    try:
        return mark.encode() in path.read_bytes()
    except OSError:
        return False
