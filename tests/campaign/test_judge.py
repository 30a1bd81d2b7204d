"""Recorded agents are judged from their logs; nobody is called."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

import understudy
from understudy.model.action import Action, Target
from understudy.model.baseline import Baseline, BaselineSource, Outcome
from understudy.model.case import Case, Trigger
from understudy.model.proposal import Proposal
from understudy.traffic.proposals import write_proposals
from understudy.traffic.recording import Provenance, write_recording

TAU = Path(__file__).parents[3] / "shared" / "data" / "tau"
LOGS = {
    "t2-gpt41-airline": (20, 20),
    "t2-gpt41sft-airline": (20, 20),
    "t2-gpt41-retail": (40, 40),
    "t2-gpt41sft-retail": (40, 40),
    "tau1-gpt-4o-airline": (200, 182),
}


def small_log() -> list[dict[str, object]]:
    """Two runs in the schema of tau-bench: one did as the reference, one cancelled too much."""

    def call(number, name, arguments):
        made = {"name": name, "arguments": json.dumps(arguments)}
        return {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": f"c{number}", "type": "function", "function": made}],
        }

    def answer(number, name, content):
        return {"role": "tool", "tool_call_id": f"c{number}", "name": name, "content": content}

    reference = [{"name": "cancel_reservation", "kwargs": {"reservation_id": "AAAAAA"}}]

    def record(task, reward, cancelled):
        calls = []
        for number, reservation in enumerate(cancelled):
            calls.append(call(number, "cancel_reservation", {"reservation_id": reservation}))
            calls.append(answer(number, "cancel_reservation", '{"status": "cancelled"}'))
        task_info = {"user_id": "u", "actions": reference, "instruction": "i", "outputs": []}
        checked = {"r_actions": reward, "gt_data_hash": "x"}
        return {
            "task_id": task,
            "trial": 0,
            "reward": reward,
            "info": {
                "task": task_info,
                "source": "user",
                "user_cost": 0.1,
                "reward_info": {"reward": reward, "info": checked, "actions": reference},
            },
            "traj": [
                {"role": "system", "content": "policy"},
                {"role": "user", "content": "Please cancel AAAAAA."},
                *calls,
                {"role": "assistant", "content": "Done."},
            ],
        }

    return [record(0, 1.0, ["AAAAAA"]), record(1, 0.0, ["AAAAAA", "BBBBBB"])]


@pytest.fixture
def imported(project):
    """The small log, imported."""
    project.write("log.json", json.dumps(small_log()))
    done = project.command(
        "traffic", "import", "auto", "log.json", "--out", "rec", "--proposed", "proposed.jsonl"
    )
    assert done.returncode == 0, done.stderr
    return project


def judge(project, *more):
    return project.command(
        "judge", "--recording", "rec", "--proposed", "proposed.jsonl", "--out", "run", "-q", *more
    )


def test_a_recorded_agent_gets_a_verdict_without_being_called(imported):
    """Import and judge end in a verdict, a report, and the agreement with the log."""
    finished = judge(imported)
    assert "VERDICT" in finished.stdout
    assert "2 of 2 runs (100.0%)" in finished.stdout
    verdict = json.loads((imported.folder / "run" / "verdict.json").read_text())
    assert verdict["cases"]["judged"] == 2
    assert {one["kind"] for one in verdict["findings"]} == {"extra_action"}
    assert verdict["wall"]["level"] == "none"
    assert verdict["prices_owned"] is False
    assert (imported.folder / "run" / "report.html").is_file()
    assert finished.returncode == verdict["exit_code"] != 0


@pytest.mark.slow
def test_a_case_that_people_disagree_on_fails_no_critical_gate(project):
    """It is told, and counts once somebody adjudicates; what nobody could do rightly counts now."""

    def refund(amount, charge="ch_1"):
        fields = {"charge": charge, "amount": amount}
        target = Target(type="charge", id=charge)
        done = {"operation": "stripe.refunds.create", "system": "stripe", "effect": "pay"}
        done |= {"fields": fields, "amount_minor": amount, "currency": "EUR"}
        return (msgspec.structs.replace(msgspec.convert(done, Action), target=target),)

    def judged(*sources, policy="standard"):
        people = [
            Baseline(case_id="c-1", baseline_id=f"b-{n}", source=source, actions=refund(1_000 * n))
            for n, source in enumerate(sources, 1)
        ]
        trigger = Trigger(system="zendesk", type="ticket.created")
        case = Case(case_id="c-1", cluster_id="1", scenario="refund", trigger=trigger)
        held = Provenance(format="jsonl", records=1, kept=1)
        write_recording(project.folder / "rec", provenance=held, cases=[case], baselines=people)
        judge(project, "--policy", policy)
        verdict = json.loads((project.folder / "run" / "verdict.json").read_text())
        (gate,) = [each for each in verdict["gates"] if each["metric"] == "critical_findings"]
        return verdict["cases"]["contested"], gate["observed"], gate["reason"]

    proposal = Proposal(case_id="c-1", outcome=Outcome.ACTED, actions=refund(1_000, "ch_9"))
    write_proposals(project.folder / "proposed.jsonl", [proposal])
    human, decided = BaselineSource.HUMAN, BaselineSource.ADJUDICATED
    contested, observed, reason = judged(human, human)
    assert (contested, observed) == (1, 0)
    assert "not counted: 1 critical finding in cases" in reason
    assert judged(human, human, decided)[:2] == (0, 1)
    asks = "operations:\n  stripe.refunds.create: {class: approval_required}\n"
    standard = Path(understudy.__file__).parent / "data" / "policies" / "standard.yaml"
    project.write("strict.yaml", standard.read_text("utf-8").replace("operations:\n", asks, 1))
    assert judged(human, human, policy="strict.yaml")[:2] == (1, 2)


@pytest.mark.slow
def test_judging_twice_into_one_folder_gives_the_same_verdict(imported):
    """It says the same but for its times and ids, and `diff` alone gives the same costs."""
    judge(imported)
    path = imported.folder / "run" / "verdict.json"
    first = json.loads(path.read_text())
    judge(imported)
    second = json.loads(path.read_text())
    for verdict in (first, second):
        del verdict["run_id"], verdict["expires"]
    assert first == second
    cost = (imported.folder / "run" / "cost.json").read_bytes()
    assert b'"verdict": "' in cost
    assert imported.command("diff", "run").returncode == 0
    assert (imported.folder / "run" / "cost.json").read_bytes() == cost


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--recording", "nowhere", "--proposed", "proposed.jsonl"], 2, "nowhere"),
        (["--recording", "rec", "--proposed", "nowhere.jsonl"], 2, "nowhere.jsonl"),
        (["--recording", "rec"], 2, "--proposed"),
        (["latest", "--recording", "rec"], 2, "there is no run"),
        (["latest", "--proposed", "proposed.jsonl"], 2, "either a run"),
        (["no-such-run"], 2, "`no-such-run` is not a run"),
        (
            ["--recording", "rec", "--proposed", "proposed.jsonl", "--policy", "standart"],
            2,
            "did you mean `standard`?",
        ),
        (["--recording", "rec", "--proposed", "torn.jsonl"], 2, "torn.jsonl:2"),
        (["--recording", "rec", "--proposed", "strangers.jsonl"], 2, "stranger"),
        (["--recording", "rec", "--proposed", "empty.jsonl"], 5, "holds no proposal"),
        (["--recording", "rec", "--proposed", "proposed.jsonl", "--out", "mine"], 2, "`mine`"),
    ],
)
def test_what_cannot_be_judged_is_one_clear_error(imported, arguments, code, expected):
    """Missing, torn, foreign and empty files, wrong options: one message, no traceback."""
    line = (imported.folder / "proposed.jsonl").read_text("utf-8").splitlines()[0]
    imported.write("torn.jsonl", f'{line}\n{{"case_id": \n')
    imported.write("strangers.jsonl", line.replace("airline-0", "stranger") + "\n")
    imported.write("empty.jsonl", "")
    imported.write("mine/thesis.txt", "precious")
    finished = imported.command("judge", "-q", *arguments)
    told = re.sub(r"\s+", " ", finished.stderr)
    assert finished.returncode == code, told
    assert expected in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty"),
        ("{", "log.json"),
        ('{"hello": 1}', "log.json"),
        ("[]", "log.json"),
    ],
)
def test_a_log_that_is_none_is_one_clear_error(project, text, expected):
    """Empty, cut off and foreign files are refused by name, and nothing is left behind."""
    project.write("log.json", text)
    finished = project.command("traffic", "import", "auto", "log.json", "--out", "rec")
    assert finished.returncode == 2
    assert expected in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not (project.folder / "rec").exists()


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.slow
def test_public_logs_go_through_and_their_counts_add_up(project, name):
    """Every run of the five public logs is judged; each miss against the log is explained."""
    log = TAU / f"{name}.json"
    if not log.is_file():
        pytest.skip(f"{log} is not on this machine")
    runs, with_state = LOGS[name]
    done = project.command(
        "traffic", "import", "tau", str(log), "--out", "rec", "--proposed", "proposed.jsonl"
    )
    assert f"{runs} records = {runs} kept" in done.stdout
    finished = judge(project, "--json")
    verdict = json.loads(finished.stdout)["runs"][0]
    assert verdict["cases"]["judged"] + verdict["cases"]["quarantined"] == runs
    external = verdict["external"]
    assert external["runs"] == with_state
    assert external["share"] >= 0.92
    assert len(external["misses"]) == with_state - external["agreeing"]
    assert all(miss["explanation"] for miss in external["misses"])


def test_the_report_says_how_like_the_vendors_the_mocks_are(imported):
    """With recorded HTTP in the recording, page one gives the share of answers that agree."""
    contact = {
        "id": "55", "properties": {"email": "a@example.com"}, "archived": False,
        "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-02T00:00:00.000Z",
    }  # fmt: skip
    url = "https://api.hubapi.com/crm/v3/objects/contacts/55"
    lines = [
        {
            "interaction_id": f"i{seq}", "seq": seq, "system": "hubspot",
            "request": {"method": "GET", "url": url},
            "response": {"status": 200, "body": {**contact, **more}},
        }
        for seq, more in enumerate([{}, {"unknown_to_us": 1}])
    ]  # fmt: skip
    imported.write("rec/interactions.jsonl", "".join(json.dumps(one) + "\n" for one in lines))
    judge(imported)
    said = "50.0% of 2 recorded requests answered alike in status, fields, types and errors"
    for name in ("report.html", "report.md"):
        assert said in (imported.folder / "run" / name).read_text()
    kept = json.loads((imported.folder / "run" / "likeness.json").read_text())
    assert kept["operations"][0]["operation"] == "hubspot.objects.get"


def test_people_are_held_to_the_clauses_of_the_policy(imported):
    """Findings name the clause, and how often people broke it themselves stands beside them."""
    clause = "when: \"action.target.id == 'BBBBBB'\""
    imported.write(
        "p.yaml",
        "version: 1\nclauses:\n"
        f"  - {{id: C-1, text: Not this one, {clause}}}\n"
        "  - {id: C-2, text: No cancelling, when: \"action.effect == 'delete'\"}\n",
    )
    finished = judge(imported, "--policy", "p.yaml")
    assert "people broke clause C-1 in 0 of 2 baselines (0.0%)" in finished.stdout
    assert "people broke clause C-2 in 2 of 2 baselines (100.0%)" in finished.stdout
    lines = (imported.folder / "run" / "findings.jsonl").read_text().splitlines()
    broken = [one["policy_clause"] for one in map(json.loads, lines) if one["policy_clause"]]
    assert sorted(broken) == ["C-1", "C-2", "C-2", "C-2"]


def test_a_clause_that_cannot_be_read_is_told_with_its_line(imported):
    """What could run for ever is refused when the policy is read, with file and line."""
    imported.write("p.yaml", "version: 1\nclauses:\n  - {id: A, text: t, when: 9 ** 9 ** 9}\n")
    finished = judge(imported, "--policy", "p.yaml")
    assert finished.returncode == 2
    assert "p.yaml:3" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_recording_too_large_to_hold_is_judged_alike(imported, monkeypatch):
    """Cases read from the disk one by one end in the same findings, costs and verdict."""
    from understudy.campaign.judging.recorded import JudgeRequest, judge_recorded
    from understudy.model import line_file

    def judged(out):
        request = JudgeRequest(
            imported.folder / "rec", imported.folder / "proposed.jsonl", "standard", "standard",
            imported.folder / out, imported.folder / "reports",
        )  # fmt: skip
        made = judge_recorded(request, lambda *_: None).verdict
        written = [
            (imported.folder / out / name).read_text() for name in ("findings.jsonl", "cost.json")
        ]
        return made.verdict, made.findings, made.error_cost, written

    held = judged("held")
    monkeypatch.setattr(line_file, "HELD_BYTES", -1)
    assert judged("read") == held
