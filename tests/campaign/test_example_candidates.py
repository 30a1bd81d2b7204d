"""The integrations of `fixtures/candidates`, each run as its readme says."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "fixtures" / "candidates"
_POLICY = (EXAMPLES.parent / "policies" / "demo.yaml").read_text(encoding="utf-8")
NEEDS = {
    "vendor-clients": ("stripe", "hubspot"),
    "langgraph": ("langgraph", "openai"),
    "agents-sdk": ("agents", "openai"),
    "node": (),
    "node-webhooks": (),
    "java": (),
    "prompt": ("openai",),
}
"""By an example's name the modules that it needs; of programs `RUNS_ON` tells."""
RUNS_ON = {"node": "node", "node-webhooks": "node", "java": "java"}


@pytest.fixture
def examples(project):
    """The examples, copied beside a campaign on the small world."""
    shutil.copytree(EXAMPLES, project.folder / "examples")
    path = project.folder / "examples" / "campaign.yaml"
    text = path.read_text(encoding="utf-8")
    assert "world: {customers: 300, cases: 60}" in text
    path.write_text(
        text.replace("world: {customers: 300, cases: 60}", f"world: {project.world}"),
        encoding="utf-8",
    )
    return path


def _records(project):
    stores = sorted(project.folder.glob("reports/*/*/cases-*.jsonl"))
    return [json.loads(line) for line in stores[-1].read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=pytest.mark.slow) if each == "java" else each for each in NEEDS],
)
@pytest.mark.slow
def test_each_example_works_on_its_cases(project, examples, name):
    """One line of the campaign each: no case fails, and each acts or hands over."""
    for module in NEEDS[name]:
        pytest.importorskip(module)
    program = RUNS_ON.get(name)
    if program and not shutil.which(program):
        pytest.skip(f"there is no {program} on this machine")
    finished = project.command(
        "run", str(examples), "--candidate", name, "-q", "--json", "--limit", "6"
    )
    (run,) = json.loads(finished.stdout)["runs"]
    assert run["cases"]["failed"] == 0, finished.stderr
    assert run["wall"]["attempts"] == 0
    assert all(record["proposal"]["actions"] for record in _records(project))


@pytest.mark.slow
@pytest.mark.parametrize("name", NEEDS)
def test_each_example_is_reached_from_the_demo_by_the_line_of_the_readme(project, name):
    """That line with another name, on a small world: a verdict over all of the demo's cases."""
    for module in NEEDS[name]:
        pytest.importorskip(module)
    program = RUNS_ON.get(name)
    if program and not shutil.which(program):
        pytest.skip(f"there is no {program} on this machine")
    (shown,) = [
        line
        for line in (EXAMPLES / "README.md").read_text("utf-8").splitlines()
        if line.startswith("understudy demo ")
    ]
    assert shown in (EXAMPLES.parents[1] / "README.md").read_text("utf-8")
    line = shown.replace("fixtures/candidates", str(EXAMPLES)).replace(" langgraph", f" {name}")
    _, *arguments = shlex.split(line)
    finished = project.command(*arguments, "--customers", "60", "--cases", "20", "-q", "--json")
    (run,) = json.loads(finished.stdout)["runs"]
    assert finished.returncode == 0, finished.stderr
    assert (run["campaign"], run["candidate"]["name"]) == ("demo", name)
    assert (run["cases"]["run"], run["cases"]["failed"]) == (20, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "module"), [("langgraph", "langgraph"), ("agents-sdk", "agents")])
def test_an_agent_that_waits_for_approval_is_resumed_with_the_desks_decision(
    project, examples, name, module
):
    """What people did as well is approved and refers to it; anything else is not sent."""
    pytest.importorskip(module)
    cases = [
        json.loads(line)
        for line in (project.world / "recording" / "cases.jsonl").read_text("utf-8").splitlines()
    ]
    baselines = [
        json.loads(line)
        for line in (project.world / "recording" / "baselines.jsonl")
        .read_text("utf-8")
        .splitlines()
    ]
    answered = {
        each["case_id"]
        for each in baselines
        for action in each["actions"]
        if action["operation"] == "zendesk.tickets.public_reply"
    }
    chosen = next(case for case in cases if case["case_id"] in answered)
    ticket = str(chosen["trigger"]["payload"]["ticket_id"])
    for number, expected in ((ticket, "approved"), ("999999", "rejected")):
        call = {"name": "answer_ticket", "arguments": {"ticket_id": number, "text": "We look."}}
        text = examples.read_text(encoding="utf-8")
        script = json.dumps([{"tool_calls": [call]}, {"text": "done"}])
        head, _, tail = text.partition("  script:")
        tail = tail[tail.index("policy:") :]
        other = examples.with_name("other.yaml")
        strict = examples.with_name("strict.yaml")
        strict.write_text(_POLICY.replace("catch_rate: 0.7", "catch_rate: 1"), encoding="utf-8")
        tail = tail.replace("policy: demo", "policy: strict.yaml")
        other.write_text(f"{head}  script: {script}\n{tail}", encoding="utf-8")
        finished = project.command(
            "run", str(other), "--candidate", name, "-q", "--json", "--case", chosen["case_id"]
        )
        (record,) = _records(project)
        by_name = {each["operation"]: each for each in record["proposal"]["actions"]}
        assert "desk.approvals.create" in by_name, finished.stderr
        assert record["trace"]["rationale"] == "done"
        reply = by_name.get("zendesk.tickets.public_reply")
        if expected == "approved":
            assert reply["approval_ref"].startswith("apr_")
            assert reply["target"]["id"] == ticket
        else:
            assert reply is None


@contextlib.contextmanager
def _serving(node, file, port, environment=()):
    """A service of the node example, started before the run that reaches it."""
    service = subprocess.Popen(
        [node, str(EXAMPLES / "node_service" / file), str(port)],
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **dict(environment)},
    )
    try:
        assert service.stderr is not None
        assert service.stderr.readline() == b"ready\n"
        yield
    finally:
        service.kill()
        service.communicate()


@pytest.mark.slow
def test_the_node_example_is_a_service_too(project, examples):
    """The same file behind an address: cases come by POST."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    campaign = project.campaign(f"http://127.0.0.1:{port}/case")
    with _serving(node, "agent.mjs", port):
        finished = project.command("run", str(campaign), "-q", "--json", "--limit", "4")
    (run,) = json.loads(finished.stdout)["runs"]
    assert run["cases"]["failed"] == 0, finished.stderr
    assert run["wall"]["level"] == "none"


@pytest.mark.slow
def test_a_service_of_ones_own_is_shadowed_with_the_environment_that_is_printed(project):
    """Started before the run with addresses, key and secret; Zendesk's webhooks then reach it."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    with contextlib.ExitStack() as stack:
        free = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(6)]
        port, *others = [each.getsockname()[1] for each in free]
    ports = dict(zip(("stripe", "hubspot", "zendesk", "desk", "otlp"), others, strict=True))
    url = f"http://127.0.0.1:{port}/zendesk"
    http = {"url": url, "deliver": "webhook", "quiet": "400ms", "ports": ports}
    campaign = project.campaign("bot:handle")
    use = f"{json.dumps({'http': http})}, isolation: serial"
    line = campaign.read_text("utf-8")
    assert 'use: "bot:handle"' in line
    campaign.write_text(line.replace('use: "bot:handle"', f"use: {use}"), "utf-8")
    printed = project.command("systems", "env", str(campaign)).stdout
    given = dict(each.removeprefix("export ").split("=", 1) for each in printed.splitlines())
    assert given["ZENDESK_API_BASE"] == f"http://127.0.0.1:{ports['zendesk']}"
    assert given["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://127.0.0.1:{ports['otlp']}"
    with _serving(node, "webhooks.mjs", port, given):
        finished = project.command("run", str(campaign), "-q", "--json", "--limit", "3")
    (run,) = json.loads(finished.stdout)["runs"]
    assert run["cases"]["failed"] == 0, finished.stderr
    assert all(record["proposal"]["actions"] for record in _records(project))
    finished = project.command("systems", "env", str(project.campaign("bot:handle")))
    assert finished.returncode == 2
    assert "is no service that runs already with `ports` named" in finished.stderr
