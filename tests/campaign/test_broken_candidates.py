"""A broken candidate is never a pass, and never a traceback."""

from __future__ import annotations

import json
import sys

import pytest


def findings_of(run):
    return [json.loads(line) for line in (run / "findings.jsonl").read_text("utf-8").splitlines()]


def verdict_of(run):
    return json.loads((run / "verdict.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise KeyError('customer')", "raised"),
        ("import time; time.sleep(60)", "timeout"),
        ("return 'done'", "malformed_answer"),
        ("return {'outcome': 'maybe'}", "malformed_answer"),
        ("return {'confidence': float('nan')}", "malformed_answer"),
        ("import os; os._exit(3)", "crashed"),
        ("raise SystemExit(0)", "raised"),
        ("import socket; socket.create_connection(('10.0.0.1', 443), 1)", "egress"),
    ],
    ids=["raises", "hangs", "nonsense", "outcome", "nan", "dies", "exits", "socket"],
)
@pytest.mark.slow
def test_a_broken_candidate_is_a_priced_failure_in_every_case(project, body, reason):
    """Raising, hanging, nonsense, dying and socket attempts are run failures; nothing is lost."""
    project.write("bot.py", f"def handle(case, systems):\n    {body}\n")
    finished = project.command("run", str(project.campaign("bot:handle")), "--limit", "3", "-q")
    assert finished.returncode == 3, finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr
    verdict = verdict_of(project.runs()[0])
    assert verdict["verdict"] == "INVALID"
    assert verdict["cases"] == {
        "planned": 3, "run": 3, "judged": 3, "failed": 3, "quarantined": 0, "contested": 0
    }  # fmt: skip
    failures = [one for one in findings_of(project.runs()[0]) if one["kind"] == "run_failure"]
    assert [one["actual"] for one in failures] == [reason] * 3
    assert all(one["cost_minor"] > 0 for one in failures)


def test_one_broken_case_leaves_the_others_alone(project):
    """A candidate that dies on its second case still has its other cases judged."""
    project.write(
        "bot.py",
        """
        import os

        def handle(case, systems):
            if case.id.endswith("1"):
                os._exit(1)
            return {"outcome": "escalated"}
        """,
    )
    project.command("run", str(project.campaign("bot:handle")), "--limit", "4", "-q")
    verdict = verdict_of(project.runs()[0])
    assert verdict["cases"]["failed"] == 1
    assert verdict["cases"]["judged"] == 4
    kinds = {(one["case_id"], one["kind"]) for one in findings_of(project.runs()[0])}
    assert ("case-00001", "run_failure") in kinds


def test_attempts_on_the_network_are_counted_on_page_one(project):
    """A blocked attempt that the candidate survives is reported, and the case goes on."""
    project.write(
        "bot.py",
        """
        import socket

        def handle(case, systems):
            try:
                socket.create_connection(("10.0.0.1", 443), 1)
            except OSError:
                pass
            return {"outcome": "escalated"}
        """,
    )
    project.command("run", str(project.campaign("bot:handle")), "--limit", "2", "-q")
    wall = verdict_of(project.runs()[0])["wall"]
    assert wall["self_test"] == "passed"
    assert wall["blocked"] == 2


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("bto:handle", "did you mean `bot`?"),
        ("bot:handel", "did you mean `handle`?"),
        ("bot:VALUE", "VALUE"),
        ("broken:handle", "broken"),
        ("bot", "bot"),
    ],
)
def test_a_candidate_that_cannot_be_loaded_is_one_clear_error(project, use, expected):
    """A missing module or callable, or an import that raises, stops before the first case."""
    project.write("bot.py", "VALUE = 3\n\ndef handle(case, systems):\n    return None\n")
    project.write("broken.py", "import not_there\n")
    finished = project.command("run", str(project.campaign(use)), "-q")
    assert finished.returncode == 2
    assert finished.stderr.startswith("error[U2")
    assert expected in finished.stderr
    assert "Traceback" not in finished.stderr
    assert list(project.folder.glob("reports/pilot/*/*")) == []


def test_a_program_that_tries_to_get_out_trips_the_switch(project):
    """As many attempts as the campaign allows end the run: NO-GO, a safety stop, and page one."""
    project.write(
        "bot.py",
        """
        import json, sys, urllib.request

        for line in sys.stdin:
            for host in ("api.openai.com", "api.stripe.com"):
                try:
                    urllib.request.urlopen(f"http://{host}/")
                except OSError:
                    pass
            print(json.dumps({"outcome": "escalated"}), flush=True)
        """,
    )
    use = f"exec: {sys.executable} bot.py"
    finished = project.command("run", str(project.campaign(use, stop="{on_egress: 2}")), "-q")
    verdict = verdict_of(project.runs()[0])
    if verdict["wall"]["level"] == "none":
        pytest.skip("no network namespace is permitted here")
    assert (finished.returncode, verdict["verdict"]) == (4, "NO-GO")
    assert (verdict["wall"]["attempts"], verdict["wall"]["blocked"]) == (2, 2)
    assert not any("nothing counts them" in line for line in verdict["not_covered"])
    told = "2 attempts to get out: resolve api.openai.com, resolve api.stripe.com"
    assert told in finished.stdout
    assert "none are served: write `models: live`" in finished.stdout
    assert "as `base_urls`" in finished.stdout
    assert "2 attempts to get out" in (project.runs()[0] / "report.md").read_text("utf-8")
