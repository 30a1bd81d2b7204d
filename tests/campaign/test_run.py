"""A campaign from its file to its verdict, as a user runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from understudy.model.jsonl import read_lines
from understudy.model.proposal import CaseRecord
from understudy.report.summary_file import SUMMARY_SCHEMA

ESCALATES = 'def handle(case, systems):\n    return {"outcome": "escalated", "confidence": 0.4}\n'


def test_doing_as_people_did_costs_nothing(project, small_world):
    """People's own actions, proposed by a candidate, agree in everything and cost nothing."""
    recording = small_world / "recording"
    own = {}
    for line in (recording / "baselines.jsonl").read_text("utf-8").splitlines():
        baseline = json.loads(line)
        if baseline["source"] == "human":
            own.setdefault(baseline["case_id"], baseline)
    proposals = [
        {"case_id": case_id, "outcome": one["outcome"], "actions": one["actions"]}
        for case_id, one in own.items()
    ]
    project.write("proposed.jsonl", "\n".join(json.dumps(each) for each in proposals))
    finished = project.command(
        "judge", "--recording", str(recording), "--proposed", "proposed.jsonl", "--json", "-q"
    )
    run = json.loads(finished.stdout)["runs"][0]
    assert run["cases"]["judged"] == 24
    assert run["findings"] == []
    assert run["error_cost"]["total_minor"] == 0


def test_a_run_leaves_every_file_and_can_be_judged_again(project):
    """Manifest, store, findings, costs, verdict and reports; judging again changes nothing."""
    project.write("bot.py", ESCALATES)
    project.command("run", str(project.campaign("bot:handle")), "-q")
    (run,) = project.runs()
    names = {path.name for path in run.iterdir()}
    assert {
        "manifest.json", "cases-0.jsonl", "findings.jsonl", "cost.json", "verdict.json",
        "report.md", "report.html", "index.sqlite", "summary.parquet", "SEALED",
    } <= names  # fmt: skip
    summary = pq.read_table(run / "summary.parquet")
    assert summary.schema.metadata[b"schema"] == SUMMARY_SCHEMA.encode()
    assert summary.num_rows == 24
    assert set(summary["outcomes"].to_pylist()) == {"escalated"}
    cost = json.loads((run / "cost.json").read_text())
    assert sum(summary["error_cost_minor"].to_pylist()) == cost["error_cost_minor"]
    before = (run / "verdict.json").read_bytes()
    again = project.command("judge", "latest", "-q")
    assert (run / "verdict.json").read_bytes() == before
    assert "VERDICT" in again.stdout
    (run / "report.html").unlink()
    assert project.command("report", run.name).returncode == 0
    assert (run / "report.html").is_file()
    store = run / "cases-0.jsonl"
    store.write_bytes(b"".join(store.read_bytes().splitlines(keepends=True)[:-1]))
    cut = project.command("judge", "latest", "-q")
    assert cut.returncode == 2
    assert "`cases-0.jsonl` had 24 records and has 23" in " ".join(cut.stderr.split())


@pytest.mark.slow
def test_two_runs_of_one_campaign_differ_only_in_times_and_ids(project):
    """Equal seeds give equal verdicts, whatever the number of workers."""
    project.write("bot.py", ESCALATES)
    campaign = str(project.campaign("bot:handle"))
    project.command("run", campaign, "-q", "--workers", "1")
    project.command("run", campaign, "-q", "--workers", "3")
    first, second = (json.loads((run / "verdict.json").read_text()) for run in project.runs())
    for verdict in (first, second):
        del verdict["run_id"], verdict["expires"], verdict["attempt"]
    assert first == second


@pytest.mark.slow
def test_every_look_at_a_recording_is_counted(project):
    """The second run on a recording says that it is the second attempt."""
    project.write("bot.py", ESCALATES)
    campaign = str(project.campaign("bot:handle"))
    for _ in range(2):
        project.command("run", campaign, "-q", "--limit", "2")
    attempts = [json.loads((run / "verdict.json").read_text())["attempt"] for run in project.runs()]
    assert attempts == [1, 2]


def test_a_campaign_runs_from_any_folder(project, tmp_path_factory):
    """The candidate and the world are found from the campaign file, not from where one stands."""
    project.write("bot.py", ESCALATES)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    finished = project.command(
        "run", str(project.campaign("bot:handle")), "-q", "--limit", "2", cwd=elsewhere
    )
    assert "VERDICT" in finished.stdout
    assert list(elsewhere.glob("reports/pilot/*/verdict.json"))


@pytest.mark.slow
def test_an_interrupted_run_keeps_what_was_done_and_goes_on(project):
    """Ctrl-C exits with 130; the store is valid, and --resume ends in the uninterrupted verdict."""
    project.write(
        "bot.py",
        """
        import threading

        def handle(case, systems):
            threading.Event().wait(0.2)
            return {"outcome": "escalated"}
        """,
    )
    campaign = str(project.campaign("bot:handle"))
    running = subprocess.Popen(
        [sys.executable, "-m", "understudy", "run", campaign, "-q"],
        cwd=project.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    store = _wait_for_cases(project.folder, 3)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130, told
    assert "Traceback" not in told
    done = [record.case_id for record in read_lines(store, CaseRecord)]
    assert 3 <= len(done) < 24
    resumed = project.command("run", campaign, "-q", "--resume", store.parent.name)
    assert "VERDICT" in resumed.stdout, resumed.stderr
    records = [record.case_id for record in read_lines(store, CaseRecord)]
    assert len(records) == len(set(records)) == 24
    assert records[: len(done)] == done


def _wait_for_cases(folder, count):
    for _ in range(400):
        stores = list(folder.glob("reports/pilot/*/cases-0.jsonl"))
        if stores and stores[0].read_bytes().count(b"\n") >= count:
            return stores[0]
        time.sleep(0.05)
    raise AssertionError("the run never got to its cases")


def test_the_kill_switch_ends_a_run_with_no_go_and_exit_4(project):
    """`understudy stop` ends a run before its next case; its verdict is NO-GO."""
    project.write(
        "bot.py",
        "import threading\n\ndef handle(case, systems):\n    threading.Event().wait(0.2)\n",
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "understudy", "run", str(project.campaign("bot:handle")), "-q"],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    store = _wait_for_cases(project.folder, 2)
    assert project.command("stop", store.parent.name).returncode == 0
    said, told = running.communicate(timeout=60)
    assert running.returncode == 4, told
    assert "NO-GO" in said


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"world": "nowhere"}, "nowhere"),
        ({"gates": "standrad"}, "did you mean `standard`?"),
        ({"policy": "policy.yaml"}, "policy.yaml"),
        ({"sede": "7"}, "unknown key `sede`; did you mean `seed`?"),
    ],
)
def test_what_a_campaign_names_must_be_there(project, change, expected):
    """A missing world, gate file or policy and an unknown key are one clear error each."""
    project.write("bot.py", ESCALATES)
    finished = project.command("run", str(project.campaign("bot:handle", **change)), "-q")
    assert finished.returncode == 2
    assert finished.stderr.startswith("error[U")
    assert expected in finished.stderr


def test_a_case_that_is_not_there_is_no_case(project):
    """Selecting an unknown case exits with 5 and names the nearest one."""
    project.write("bot.py", ESCALATES)
    finished = project.command(
        "run", str(project.campaign("bot:handle")), "-q", "--case", "case-0001"
    )
    assert finished.returncode == 5
    assert "did you mean `case-0" in finished.stderr


@pytest.mark.slow
def test_one_case_is_shown_whole(project):
    """`understudy case` shows people, candidate, and the price of each difference."""
    project.write("bot.py", ESCALATES)
    project.command("run", str(project.campaign("bot:handle")), "-q", "--limit", "3")
    shown = project.command("case", "latest", "case-00000").stdout
    assert " s of the case's time, " in shown
    assert "PEOPLE" in shown
    assert " | CANDIDATE (proposed)" in shown
    assert "over_escalation (low)" in shown
    assert "priced by over_escalation, low: (2 + 0.05 x 3.50 EUR" in shown
    assert project.command("case", "latest", "case-99999").returncode == 2


@pytest.mark.slow
def test_the_differences_of_a_run_are_priced_again(project):
    """`understudy diff RUN` redoes the stage by the policy as it is now, and decides nothing."""
    project.write("bot.py", ESCALATES)
    policy = project.write("own.yaml", "version: 1\n")
    project.command(
        "run", str(project.campaign("bot:handle", policy="own.yaml")), "-q", "--limit", "3"
    )
    (run,) = project.runs()
    before = json.loads((run / "cost.json").read_text())["error_cost_minor"]
    verdict = (run / "verdict.json").read_bytes()
    policy.write_text("version: 1\nfloors: {low: 200, medium: 200, high: 200, critical: 1500}\n")
    told = project.command("diff", "latest").stdout
    assert "over_escalation" in told
    assert "the verdict is as it was; decide anew: understudy judge " in told
    assert json.loads((run / "cost.json").read_text())["error_cost_minor"] > before
    assert (run / "verdict.json").read_bytes() == verdict


@pytest.mark.slow
def test_a_run_stops_by_itself_at_so_many_critical_findings(project):
    """`stop: {on_critical: 2}` ends the run at the second critical finding, in a NO-GO."""
    project.write(
        "bot.py",
        """
        import httpx

        def handle(case, systems):
            key = case.credentials["stripe"]["api_key"]
            headers = {"Authorization": f"Bearer {key}"}
            customers = httpx.get(
                "https://api.stripe.com/v1/customers", params={"limit": 1}, headers=headers
            ).json()["data"]
            httpx.delete(
                f"https://api.stripe.com/v1/customers/{customers[0]['id']}", headers=headers
            )
        """,
    )
    policy = project.write(
        "policy.yaml",
        """
        version: 1
        operations: {stripe.customers.delete: {class: read_only}}
        """,
    )
    campaign = project.campaign(
        "bot:handle", stop="{on_critical: 2}", policy=str(policy), stage="shadow"
    )
    finished = project.command("run", str(campaign), "-q", "--json")
    run = json.loads(finished.stdout)["runs"][0]
    assert finished.returncode == 1, finished.stderr
    assert run["cases"]["judged"] == 2
    assert run["cases"]["planned"] == 24
    assert any("automatic stop" in line for line in run["not_covered"])
    project.campaign("bot:handle", stop="{on_streak: 3}", policy=str(policy), stage="shadow")
    finished = project.command("run", str(campaign), "-q", "--json")
    run = json.loads(finished.stdout)["runs"][0]
    assert (finished.returncode, run["verdict"]) == (4, "NO-GO")
    assert run["cases"]["judged"] == 3
    assert "one case after the other stopped the run" in run["reasons"][0]


def test_planned_faults_befall_the_candidate(project):
    """A fault of the campaign file reaches the candidate's client, and the report names it."""
    project.write(
        "bot.py",
        """
        import httpx

        def handle(case, systems):
            key = case.credentials["stripe"]["api_key"]
            got = httpx.get(
                "https://api.stripe.com/v1/charges", headers={"Authorization": f"Bearer {key}"}
            )
            print("status", got.status_code)
            return {"outcome": "escalated"}
        """,
    )
    faults = "[{match: {operation: stripe.charges.list}, do: status, options: {status: 503}}]"
    campaign = project.campaign("bot:handle", faults=faults)
    finished = project.command("run", str(campaign), "-q", "--json", "--limit", "2")
    run = json.loads(finished.stdout)["runs"][0]
    assert any("but status" in line for line in run["not_covered"])
    shown = project.command("case", "latest", "case-00000").stdout
    assert "printed: status 503" in shown


def test_what_went_wrong_is_said_on_the_terminal(project):
    """Failures, attempts to get out and gaps are told after the verdict, like reasons as one."""
    project.write(
        "bot.py",
        """
        import socket

        import httpx

        def handle(case, systems):
            key = case.credentials["stripe"]["api_key"]
            headers = {"Authorization": f"Bearer {key}"}
            httpx.get("https://api.stripe.com/v1/topups", headers=headers)
            try:
                socket.create_connection(("10.0.0.1", 443), 1)
            except OSError:
                pass
            raise ValueError(f"ticket {case.trigger['payload']['ticket_id']} has no plan")
        """,
    )
    finished = project.command("run", str(project.campaign("bot:handle")), "-q", "--limit", "2")
    assert "2 of 2 cases failed (2 raised)" in finished.stdout
    assert "2x ValueError: ticket 80" in finished.stdout
    assert "the others name other ids" in finished.stdout
    assert "the wall blocked 2 attempts to get out: connect 10.0.0.1:443" in finished.stdout
    assert "nothing serves GET /v1/topups" in finished.stdout


@pytest.mark.slow
def test_a_setting_that_nothing_acts_on_is_told(project):
    """A budget on model costs is not enforced yet, and the report says so."""
    project.write("bot.py", ESCALATES)
    campaign = project.campaign("bot:handle", stop="{budget: 25 EUR}")
    finished = project.command("run", str(campaign), "-q", "--json", "--limit", "2")
    run = json.loads(finished.stdout)["runs"][0]
    assert any("`stop.budget`" in line for line in run["not_covered"])
