"""Traces as the vendors' own SDKs write them: the very bytes, made in an environment of theirs."""

from __future__ import annotations

import subprocess

import pytest
from tests.traffic.tool_environment import tool_python

from understudy.traffic.detect import Wishes, import_traffic
from understudy.traffic.proposals import read_proposals

pytestmark = pytest.mark.slow

OTLP = """
import json, sys
from google.protobuf.json_format import MessageToJson
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
tracer = provider.get_tracer("agent")
said = [{"role": "user", "parts": [{"type": "text", "content": "refund invoice 7"}]}]
for number in range(3):
    session = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": f"s{number}"}
    with tracer.start_as_current_span("invoke_agent desk", attributes=session):
        told = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(said)}
        with tracer.start_as_current_span("chat", attributes=told):
            pass
        used = {"gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "stripe_refunds_create",
                "gen_ai.tool.call.arguments": json.dumps({"charge": "ch_1", "amount": 500})}
        with tracer.start_as_current_span("execute_tool", attributes=used):
            pass
open(sys.argv[1], "w").write(MessageToJson(encode_spans(memory.get_finished_spans())))
"""
LANGSMITH = """
import sys, uuid
from datetime import datetime, timedelta, timezone
from langsmith.schemas import Run
begin = datetime(2026, 10, 1, tzinfo=timezone.utc)
def run(kind, name, trace, parent, at, **more):
    own = uuid.uuid4() if parent else trace
    return Run(id=own, name=name, run_type=kind, trace_id=trace, parent_run_id=parent,
               start_time=begin + timedelta(seconds=at), end_time=begin + timedelta(seconds=at + 1),
               session_id=uuid.uuid4(), dotted_order=f"{at}", **more)
with open(sys.argv[1], "w") as file:
    for number in range(3):
        trace, meta = uuid.uuid4(), {"metadata": {"thread_id": f"t{number}"}}
        for each in (
            run("chain", "agent", trace, None, 0, extra=meta,
                inputs={"messages": [{"role": "user", "content": "refund invoice 7"}]}),
            run("llm", "model", trace, trace, 1, extra=meta,
                inputs={"messages": [{"role": "user", "content": "refund invoice 7"}]}),
            run("tool", "stripe_refunds_create", trace, trace, 2, extra=meta,
                inputs={"charge": "ch_1", "amount": 500}, outputs={"output": "ok"}),
        ):
            file.write(each.model_dump_json() if hasattr(each, "model_dump_json") else each.json())
            file.write("\\n")
"""
LANGFUSE = """
import sys
from datetime import datetime, timedelta, timezone
from langfuse.api import ObservationV2, ObservationsV2Meta, ObservationsV2Response
begin = datetime(2026, 10, 1, tzinfo=timezone.utc)
def part(kind, name, number, at, **more):
    return ObservationV2(id=f"{number}-{at}", trace_id=f"t{number}", project_id="p", type=kind,
                         name=name, start_time=begin + timedelta(seconds=at),
                         session_id=f"s{number}",
                         parent_observation_id=f"{number}-0" if at else None, **more)
asked = {"messages": [{"role": "user", "content": "refund invoice 7"}]}
page = ObservationsV2Response(meta=ObservationsV2Meta(), data=[
    each for number in range(3) for each in (
        part("SPAN", "agent", number, 0, input=asked),
        part("GENERATION", "model", number, 1, input=asked, model="gpt-5"),
        part("TOOL", "stripe_refunds_create", number, 2, input={"charge": "ch_1", "amount": 500}),
    )])
open(sys.argv[1], "w").write(page.json() if hasattr(page, "json") else page.model_dump_json())
"""


@pytest.mark.parametrize("name", ["otlp", "langsmith", "langfuse"])
def test_what_an_sdk_writes_is_read_whole(name, tmp_path):
    """Three conversations of three spans each: every span is counted, and every refund proposed."""
    script = {"otlp": OTLP, "langsmith": LANGSMITH, "langfuse": LANGFUSE}[name]
    path, proposed = tmp_path / "traces.json", tmp_path / "proposed.jsonl"
    python = tool_python("traces")
    done = subprocess.run([python, "-c", script, path], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = import_traffic("auto", [path], tmp_path / "out", Wishes(proposed=proposed))
    facts = report.manifest
    assert (report.format, facts.records, facts.kept, facts.cases) == (name, 9, 9, 3)
    made = list(read_proposals(proposed))
    assert [a.operation for one in made for a in one.actions] == ["stripe.refunds.create"] * 3
    assert [a.amount_minor for one in made for a in one.actions] == [500] * 3
