"""What a candidate tells of itself by OpenTelemetry stands in its trace."""

from __future__ import annotations

import pytest

pytest.importorskip("opentelemetry.sdk")

TRACED = """
import json

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

trace.set_tracer_provider(TracerProvider())
tracer = trace.get_tracer("bot")


def traced(case, systems):
    asked = json.dumps([{"role": "user", "content": case.id}])
    with tracer.start_as_current_span("invoke_agent bot"):
        with tracer.start_as_current_span("execute_tool search") as span:
            span.set_attribute("gen_ai.operation.name", "execute_tool")
            span.set_attribute("gen_ai.tool.name", "search")
            span.set_attribute("gen_ai.tool.call.result", '{"found": 3}')
        with tracer.start_as_current_span("chat m-1") as span:
            span.set_attributes({
                "gen_ai.operation.name": "chat", "gen_ai.request.model": "m-1",
                "gen_ai.input.messages": asked, "gen_ai.output.messages": '[{"content": "yes"}]',
                "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 5,
            })
    return handle(case, systems)
"""


def test_spans_of_the_conventions_are_the_trace(project, run):
    """Prompts, outputs, retrieved context and tokens, each with the case that it belongs to."""
    project.candidate(TRACED)
    _, records = run(project.plan(2, use="bot:traced"))
    for record in records:
        (prompt,) = record.trace.prompts
        assert prompt == {
            "model": "m-1", "messages": [{"role": "user", "content": record.case_id}],
        }  # fmt: skip
        assert record.trace.outputs == ([{"content": "yes"}],)
        assert record.trace.context == ({"tool": "search", "input": None, "output": {"found": 3}},)
        assert record.proposal.usage == {
            "model_calls": 1, "model_tokens_in": 7, "model_tokens_out": 5,
        }  # fmt: skip


def test_what_the_candidate_returns_goes_before_its_spans(project, run):
    """A candidate that tells its prompts by itself is taken at its word."""
    project.candidate(
        TRACED.replace(
            "return handle(case, systems)", "return {'prompts': ['own'], 'usage': {'tokens': 1}}"
        )
    )
    (record,) = run(project.plan(1, use="bot:traced"))[1]
    assert record.trace.prompts == ("own",)
    assert record.proposal.usage == {"tokens": 1}
