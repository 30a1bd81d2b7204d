"""A run's traces leave it in OpenTelemetry's form."""

from __future__ import annotations

import json

import pytest

BOT = """
def handle(case, systems):
    ticket = case.trigger.payload.get("ticket_id")
    if ticket is None:
        return {"outcome": "escalated"}
    systems.call("zendesk.tags.add", id=str(ticket), tags=["seen"])
    return {
        "outcome": "acted", "confidence": 0.8, "rationale": "write to jane@corp-mail.com",
        "usage": {"tokens": 12},
        "prompts": [{"model": "m-1", "messages": [{"role": "user", "content": "key sk_live_%s"}]}],
        "outputs": [{"model": "m-1", "usage": {"prompt_tokens": 7, "completion_tokens": 5}}],
        "context": ["policy R-7"],
    }
"""


def _spans(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                yield from scope["spans"]


def _values(span):
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


@pytest.mark.slow
def test_traces_are_exported_as_open_telemetry_json(project):
    """A span for the case, its model calls and its actions, with what they cost; redacted."""
    project.write("bot.py", BOT % ("0" * 24))
    campaign = project.campaign("bot:handle", repeats=2)
    project.command("run", str(campaign), "-q", "--limit", "3")
    finished = project.command("report", "latest", "--otlp", "traces.jsonl")
    path = project.folder / "traces.jsonl"
    assert "the traces of 6 cases" in finished.stdout, finished.stderr
    spans = list(_spans(path))
    roots = [span for span in spans if "parentSpanId" not in span]
    assert len(roots) == 6
    acted = next(span for span in roots if _values(span)["understudy.outcome"] == "acted")
    below = [span for span in spans if span.get("parentSpanId") == acted["spanId"]]
    assert {span["traceId"] for span in below} == {acted["traceId"]}
    assert [span["name"] for span in below] == ["chat m-1", "execute_tool zendesk.tags.add"]
    call, action = map(_values, below)
    assert (call["gen_ai.usage.input_tokens"], call["gen_ai.usage.output_tokens"]) == ("7", "5")
    assert json.loads(action["gen_ai.tool.call.arguments"])["tags"] == ["seen"]
    told = _values(acted)
    assert told["gen_ai.operation.name"] == "invoke_agent"
    assert told["understudy.usage.tokens"] == "12"
    assert told["understudy.cost.currency"] == "EUR"
    assert "sk_live_" not in path.read_text(encoding="utf-8")
    lines = (project.runs()[0] / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    cost = sum(json.loads(line)["cost_minor"] for line in lines)
    assert sum(int(_values(span)["understudy.cost.minor"]) for span in roots) == cost
    assert len({span["spanId"] for span in spans}) == len(spans)
    first = path.read_bytes()
    project.command("report", "latest", "--otlp", "traces.jsonl")
    assert path.read_bytes() == first


@pytest.mark.slow
def test_exported_traces_are_read_again(project):
    """What is exported here is an export that `traffic import` reads."""
    project.write("bot.py", BOT % ("0" * 24))
    project.command("run", str(project.campaign("bot:handle")), "-q", "--limit", "3")
    project.command("report", "latest", "--otlp", "traces.jsonl")
    finished = project.command("traffic", "import", "auto", "traces.jsonl", "--out", "again")
    assert finished.returncode == 0, finished.stderr
    assert "3" in finished.stdout


@pytest.mark.slow
def test_a_place_that_cannot_be_written_is_one_clear_error(project):
    """The file is named, and a command that works."""
    project.write("bot.py", BOT % ("0" * 24))
    project.command("run", str(project.campaign("bot:handle")), "-q", "--limit", "1")
    (project.folder / "file").write_text("", encoding="utf-8")
    finished = project.command("report", "latest", "--otlp", "file/traces.jsonl")
    assert finished.returncode == 2
    assert "`file/traces.jsonl` cannot be written" in finished.stderr
