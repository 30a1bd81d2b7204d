"""Agents' traces: OpenTelemetry, Langfuse and LangSmith."""

from __future__ import annotations

import json
import re

import pytest

from understudy.model.action import Origin
from understudy.model.baseline import Outcome
from understudy.model.errors import ConfigurationError, RecordingError
from understudy.traffic.detect import Wishes, detect_format, import_traffic
from understudy.traffic.json_stream import Broken
from understudy.traffic.proposals import read_proposals
from understudy.traffic.recording import read_recording
from understudy.traffic.scan import scan_proposals, scan_recording
from understudy.traffic.source_file import Limits
from understudy.traffic.traces.spans import trace_documents

ASKED = "Please refund invoice 7, we paid twice."
REFUND = {"charge": "ch_1", "amount": 500}


def attribute(name, value):
    kind = "intValue" if isinstance(value, int) else "stringValue"
    text = str(value) if isinstance(value, int) else value
    return {"key": name, "value": {kind: text}}


def otel(name, span, parent=None, *, trace="t1", at=0, failed=False, **facts):
    attributes = [attribute(key.replace("__", "."), value) for key, value in facts.items()]
    start = 1_790_856_000_000_000_000 + at * 10**9
    return {
        "traceId": trace, "spanId": span, "parentSpanId": parent or "", "name": name,
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + 2 * 10**9),
        "attributes": attributes, "status": {"code": 2, "message": "boom"} if failed else {},
    }  # fmt: skip


def exported(*spans):
    return {
        "resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]
    }


def conversation(trace="t1", session="s1", at=0):
    said = [{"role": "user", "parts": [{"type": "text", "content": ASKED}]}]
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": "Done."}]}]
    return [
        otel("invoke_agent desk", f"{trace}a", trace=trace, at=at,
             gen_ai__operation__name="invoke_agent", gen_ai__conversation__id=session),
        otel("chat gpt", f"{trace}b", f"{trace}a", trace=trace, at=at + 1,
             gen_ai__operation__name="chat", gen_ai__input__messages=json.dumps(said),
             gen_ai__output__messages=json.dumps(answer), gen_ai__request__model="gpt-5",
             gen_ai__usage__input_tokens=120, gen_ai__usage__output_tokens=7),
        otel("execute_tool get", f"{trace}c", f"{trace}a", trace=trace, at=at + 2,
             gen_ai__operation__name="execute_tool", gen_ai__tool__name="stripe_charges_retrieve",
             gen_ai__tool__call__arguments='{"id": "ch_1"}', gen_ai__tool__call__result="{}"),
        otel("execute_tool refund", f"{trace}d", f"{trace}a", trace=trace, at=at + 3,
             gen_ai__operation__name="execute_tool",
             gen_ai__tool__name="mcp__finance__stripe_refunds_create",
             gen_ai__tool__call__arguments=json.dumps(REFUND), gen_ai__tool__call__result="{}"),
    ]  # fmt: skip


@pytest.fixture
def imported(tmp_path):
    def run(format, data, **wishes):
        path = tmp_path / "traces.json"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        given = Wishes(proposed=tmp_path / "p.jsonl", **wishes)
        report = import_traffic(format, [path], tmp_path / "out", given)
        return report, read_recording(tmp_path / "out").cases, read_proposals(tmp_path / "p.jsonl")

    return run


def test_spans_become_a_case_and_what_the_agent_did(imported, tmp_path):
    """A conversation with its turns; tools by their names are operations with target and amount."""
    report, [case], [proposal] = imported("auto", json.dumps(exported(*conversation())))
    assert report.format == "otlp"
    assert [(turn.role, turn.text) for turn in case.turns] == [
        ("customer", ASKED), ("agent", "Done.")
    ]  # fmt: skip
    assert case.trigger.payload == {"text": ASKED}
    assert case.case_id == "s1"
    [refund] = proposal.actions
    assert refund.operation == "stripe.refunds.create"
    assert (refund.target.type, refund.target.id) == ("charge", "ch_1")
    assert (refund.amount_minor, refund.action_class.value) == (500, "approval_required")
    assert (refund.origin, refund.response_status) == (Origin.RECORDED, 200)
    assert proposal.reads == {"stripe.charges.retrieve": 1}
    assert proposal.usage == {"input_tokens": 120, "output_tokens": 7, "model": "gpt-5"}
    assert proposal.cycle_time_ms == 5000
    assert proposal.outcome is Outcome.ACTED
    assert set(case.observed_systems) == {"stripe", "desk"}


def test_traces_of_one_session_are_one_case(imported):
    """Several turns of a conversation are one case; lines of JSON are read like one document."""
    lines = [
        json.dumps(exported(*conversation("t1", "s1"))),
        json.dumps(exported(*conversation("t2", "s1", at=60))),
        json.dumps(exported(*conversation("t3", "s2", at=90))),
    ]
    report, cases, proposals = imported("otlp", "\n".join(lines))
    assert [case.case_id for case in cases] == ["s1", "s2"]
    assert [len(proposal.actions) for proposal in proposals] == [2, 1]
    assert report.manifest.records == 12


@pytest.mark.parametrize("number", ["--5", "\u00b2", "9" * 5000])
def test_numbers_that_are_none_stay_as_they_are(imported, number):
    """Of a usage and of a message's place: what cannot be read costs no case."""
    spans = conversation()
    value = {"intValue": number}
    spans[1]["attributes"] += [
        {"key": "gen_ai.usage.cost", "value": value},
        {"key": f"gen_ai.prompt.{number}.content", "value": {"stringValue": "x"}},
    ]
    assert len(imported("otlp", json.dumps(exported(*spans)))[1]) == 1


def test_a_span_that_stands_twice_counts_once(imported):
    """Exporters send again what was not acknowledged."""
    spans = conversation()
    report, _, [proposal] = imported("otlp", json.dumps(exported(*spans, spans[3])))
    assert len(proposal.actions) == 1
    assert (report.manifest.records, report.manifest.dropped) == (5, 1)


def test_a_failed_tool_is_a_refused_attempt_and_a_failed_agent_a_failure(imported):
    """What did not work has no effect; who broke down has no answer."""
    spans = conversation()
    spans[3] = {**spans[3], "status": {"code": 2, "message": "declined"}}
    _, _, [proposal] = imported("otlp", json.dumps(exported(*spans)))
    assert (proposal.actions[0].response_status, proposal.outcome) == (400, Outcome.ABSTAINED)
    spans[0] = {**spans[0], "status": {"code": "STATUS_CODE_ERROR", "message": "out of memory"}}
    _, _, [proposal] = imported("otlp", json.dumps(exported(*spans)))
    assert proposal.outcome is Outcome.FAILED
    assert proposal.failure.detail == "out of memory"


LANGFUSE = {
    "id": "lf1", "timestamp": "2026-10-01T12:00:00.000Z", "name": "desk", "sessionId": None,
    "input": {"ticket_id": 7, "note": "mail ann@corp.com"}, "output": "ok",
    "observations": [
        {"id": "o1", "traceId": "lf1", "type": "GENERATION", "name": "model",
         "startTime": "2026-10-01T12:00:01.000Z", "endTime": "2026-10-01T12:00:02.000Z",
         "input": [{"role": "user", "content": ASKED}], "model": "m-1",
         "output": {"role": "assistant", "content": "Refunding."},
         "usageDetails": {"input": 11, "output": 3}, "calculatedTotalCost": 0.002},
        {"id": "o2", "traceId": "lf1", "type": "TOOL", "name": "issue_refund",
         "parentObservationId": "o1", "startTime": "2026-10-01T12:00:03.000Z",
         "endTime": "2026-10-01T12:00:04.000Z", "input": json.dumps(REFUND), "output": "done"},
        {"id": "o3", "traceId": "lf1", "type": "TOOL", "name": "frobnicate_account",
         "startTime": "2026-10-01T12:00:05.000Z", "input": {"account_id": "a1"}, "output": "x"},
    ],
}  # fmt: skip


def test_langfuse_s_traces_are_read(imported, tmp_path):
    """Input, tools, cost; a tool of one's own is mapped, an unknown one is classed and told."""
    tools = {"issue_refund": "stripe.refunds.create"}
    report, [case], [proposal] = imported("auto", json.dumps([LANGFUSE]), tools=tools)
    assert report.format == "langfuse"
    assert case.trigger.payload["ticket_id"] == 7
    assert [action.operation for action in proposal.actions] == [
        "stripe.refunds.create", "agent.frobnicate_account"
    ]  # fmt: skip
    assert proposal.usage["cost_usd"] == 0.002
    assert proposal.replies == ("Refunding.",)
    assert any("no operation of a known system" in note for note in report.notes)
    assert list(scan_recording(tmp_path / "out")) == []
    assert list(scan_proposals(tmp_path / "p.jsonl")) == []
    assert "ann@corp.com" not in (tmp_path / "out" / "cases.jsonl").read_text()


def in_columns(observation):
    """An observation as the export to blob storage names its parts."""
    told = {re.sub(r"(?=[A-Z])", "_", key).lower(): value for key, value in observation.items()}
    return {"parent_observation_id": None, **told}


@pytest.mark.parametrize(
    "shape",
    [
        lambda trace: json.dumps({"data": [trace], "meta": {"page": 1}}),
        lambda trace: json.dumps(trace, indent=2),
        lambda trace: "\n".join(json.dumps(part) for part in trace["observations"]),
        lambda trace: "\n".join(json.dumps(in_columns(part)) for part in trace["observations"]),
    ],
    ids=["page", "download", "observations", "blob storage"],
)
def test_langfuse_s_other_exports_hold_the_same_actions(imported, shape):
    """A page of the API, a downloaded trace, rows of observations, and the database's columns."""
    _, _, [proposal] = imported("langfuse", shape(LANGFUSE))
    assert [action.operation for action in proposal.actions] == [
        "agent.issue_refund", "agent.frobnicate_account"
    ]  # fmt: skip


def run(name, kind, run_id, parent=None, **more):
    return {
        "id": run_id, "trace_id": "ls1", "parent_run_id": parent, "name": name, "run_type": kind,
        "start_time": f"2026-10-01T12:00:0{run_id[-1]}", "end_time": "2026-10-01T12:00:09",
        "inputs": {}, "outputs": None, "error": None, "extra": {"metadata": {"thread_id": "th"}},
        **more,
    }  # fmt: skip


RUNS = [
    run("agent", "chain", "r1", inputs={"messages": [{"type": "human", "content": ASKED}]}),
    run("ChatModel", "llm", "r2", "r1", prompt_tokens=5, completion_tokens=2, total_cost="0.01"),
    run("stripe_refunds_create", "tool", "r3", "r1", inputs={"input": json.dumps(REFUND)},
        outputs={"output": "ok"}),
    run("escalate_to_human_agent", "tool", "r4", "r1", outputs={"output": "ok"}),
]  # fmt: skip


def test_langsmith_s_runs_are_read(imported, tmp_path):
    """Runs in lines; wrapped inputs, the thread as the conversation, an escalation at the desk."""
    report, [case], [proposal] = imported("auto", "\n".join(map(json.dumps, RUNS)))
    assert report.format == "langsmith"
    assert case.case_id == "th"
    assert case.turns[0].text == ASKED
    assert [action.operation for action in proposal.actions] == [
        "stripe.refunds.create", "desk.escalate"
    ]  # fmt: skip
    assert proposal.outcome is Outcome.ESCALATED
    assert proposal.usage == {"input_tokens": 5, "output_tokens": 2, "cost_usd": 0.01}


def test_langsmith_s_bulk_export_is_read(imported, tmp_path):
    """Parquet with its texts of JSON says the same as the lines."""
    import pyarrow
    import pyarrow.parquet

    rows = [
        {
            key: json.dumps(value) if isinstance(value, dict) else value
            for key, value in each.items()
        }
        for each in RUNS
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "runs.parquet")
    data = (tmp_path / "runs.parquet").read_bytes()
    assert detect_format(tmp_path / "runs.parquet").name == "langsmith"
    _, _, [from_parquet] = imported("langsmith", data)
    _, _, [from_lines] = imported("langsmith", json.dumps({"runs": RUNS}))
    assert from_parquet.actions == from_lines.actions


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + bytes(40) + b"PAR1"], ids=["torn", "hollow"])
def test_damaged_parquet_is_one_broken_record(tmp_path, data):
    """A bulk export that cannot be opened is told as a record that cannot be read."""
    (tmp_path / "runs.parquet").write_bytes(data)
    [found] = trace_documents(tmp_path / "runs.parquet", Limits())
    assert isinstance(found, Broken) and found.reason


def test_what_models_asked_for_stands_in_where_no_tool_was_traced(imported):
    """Tracing of model calls alone shows what was asked for, and that nobody saw an answer."""
    function = {"name": "stripe_refunds_create", "arguments": json.dumps(REFUND)}
    calls = {"role": "assistant", "content": None, "tool_calls": [{"function": function}]}
    trace = {**LANGFUSE, "observations": [{**LANGFUSE["observations"][0], "output": calls}]}
    _, _, [proposal] = imported("langfuse", json.dumps([trace]))
    [refund] = proposal.actions
    assert refund.operation == "stripe.refunds.create"
    assert (refund.response_status, refund.candidate_saw_response) == (None, False)


def test_damage_costs_its_document_and_the_counts_add_up(imported):
    """What is no trace is quarantined with its place; an empty conversation is told."""
    quiet = exported(otel("x", "z", trace="quiet"))
    lines = [json.dumps(exported(*conversation())), "{broken", '{"a": 1}', json.dumps(quiet)]
    report, cases, _ = imported("otlp", "\n".join(lines))
    facts = report.manifest
    assert (facts.records, facts.kept, facts.quarantined) == (7, 5, 2)
    assert len(cases) == 1
    assert report.notes["conversations left out: a trace without anything that was asked"] == 1


@pytest.mark.parametrize(
    ("tools", "said"),
    [({"refund": "stripe.refund.create"}, "did you mean `stripe.refunds.create`")],
)
def test_a_tool_that_is_mapped_to_nothing_is_refused(imported, tools, said):
    """The nearest operation is named."""
    with pytest.raises(ConfigurationError, match=said):
        imported("otlp", json.dumps(exported(*conversation())), tools=tools)


def test_what_is_no_export_is_one_clear_error(imported):
    """Text that is no JSON at all is refused whole."""
    with pytest.raises(RecordingError, match="is no otlp export"):
        imported("otlp", "hello")
