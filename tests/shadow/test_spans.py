"""What a candidate tells of itself by OpenTelemetry stands in its trace."""

from __future__ import annotations

import asyncio
import gzip
import sys

import pytest

from understudy.candidates.span_receiver import ReceivedSpans, span_variables
from understudy.candidates.spans import SpanTale
from understudy.shadow.store import read_records

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


EXPORTING = """
import gzip, json, os, sys, time, urllib.request


def pair(key, value):
    return {"key": key, "value": {"stringValue": value}}


def export(trace, parent, case, number, *more):
    span = {
        "traceId": trace, "spanId": "00000000000000%02x" % number, "parentSpanId": parent,
        "name": "chat m-1", "startTimeUnixNano": str(time.time_ns()),
        "endTimeUnixNano": str(time.time_ns()),
        "attributes": [pair("gen_ai.operation.name", "chat"), pair("gen_ai.request.model", "m-1"),
                       pair("gen_ai.prompt", "about " + case), *more],
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    url = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces"
    with urllib.request.urlopen(
        urllib.request.Request(url, gzip.compress(body), headers)
    ) as answer:
        assert answer.read() == b"{}" and "server" not in answer.headers


before = None
for line in sys.stdin:
    case = json.loads(line)
    _, trace, parent, _ = case["traceparent"].split("-")
    if before:
        export(*before, 9)
        export(before[2][-1] + "f" * 31, "", before[2], 8, pair("ticket.case", before[2]))
    way = case["trigger"]["payload"]["number"]
    if way == 0:
        export(trace, parent, case["id"], 1)
    elif way == 1:
        export("a" * 32, "", case["id"], 2, pair("session", case["id"]))
    else:
        export("b" * 32, "", case["id"], 3)
    before = trace, parent, case["id"]
    names = [name for name in os.environ if name.startswith("OTEL_")]
    print(json.dumps({"rationale": " ".join(sorted(names))}), flush=True)
"""


def test_the_spans_of_a_process_are_those_of_its_case(project, run):
    """By the trace handed over, by an attribute, else by when it began, late ones too."""
    project.write("bot_process.py", EXPORTING)
    records = run(project.plan(3, use=f"exec: {sys.executable} bot_process.py"))[1]
    own = [{"model": "m-1", "messages": f"about {record.case_id}"} for record in records]
    assert [record.trace.prompts for record in records] == [(each,) for each in own]
    assert records[0].trace.rationale == " ".join(sorted(span_variables("")))
    assert records[0].proposal.usage == {"model_calls": 1}
    stored = list(read_records(project.run_folder, [(each.case_id, 0) for each in records]))
    assert [record.trace.prompts for record in stored] == [(own[0],) * 3, (own[1],) * 3, (own[2],)]
    assert stored[0].proposal.usage == {"model_calls": 3}


WORKING_ON = """
import threading, time
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

trace.set_tracer_provider(TracerProvider())
tracer = trace.get_tracer("bot")
release = threading.Event()


def chat(case, wait):
    with tracer.start_as_current_span("chat") as span:
        span.set_attributes({"gen_ai.operation.name": "chat", "gen_ai.prompt": case.id})
        if wait:
            release.wait()


def traced(case, systems):
    if case.trigger.payload["number"] == 0:
        threading.Thread(target=chat, args=(case, True), daemon=True).start()
        return None
    chat(case, False)
    threading.Timer(0.2, release.set).start()
"""


def test_work_that_goes_on_is_told_of_the_case_that_began_it(project, run):
    """A callable's span that ends after the next case's is not the next one's, nor lost."""
    project.candidate(WORKING_ON)
    records = run(project.plan(2, use="bot:traced"))[1]
    assert [[each["messages"] for each in record.trace.prompts] for record in records] == [
        [], [records[1].case_id]
    ]  # fmt: skip
    stored = read_records(project.run_folder, [(each.case_id, 0) for each in records])
    assert [each["messages"] for record in stored for each in record.trace.prompts] == [
        record.case_id for record in records
    ]


KEPT_BACK = """
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=60_000))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("bot")
for line in sys.stdin:
    case = json.loads(line)
    with tracer.start_as_current_span("chat m-1", context=propagate.extract(case)) as span:
        span.set_attributes({"gen_ai.operation.name": "chat", "gen_ai.prompt": case["id"],
                             "gen_ai.usage.input_tokens": 7})
    print("{}", flush=True)
"""


@pytest.mark.slow
def test_what_an_exporter_keeps_until_its_process_ends_is_not_lost(project, run):
    """One that flushes once a minute tells all of it at the end, and each case gets its own."""
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    head = "import json, sys\nfrom opentelemetry import propagate\n"
    project.write("told.py", head + KEPT_BACK)
    records = run(project.plan(3, use=f"exec: {sys.executable} told.py"))[1]
    assert not any(record.trace.prompts for record in records)
    stored = list(read_records(project.run_folder))
    assert len(stored) == 3
    for record in stored:
        assert [each["messages"] for each in record.trace.prompts] == [record.case_id]
        assert record.proposal.usage == {"model_calls": 1, "model_tokens_in": 7}


INSTRUMENTED = """
import json, sys

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("bot")


def work(case, context):
    with tracer.start_as_current_span("invoke_agent bot", context=context):
        with tracer.start_as_current_span("execute_tool search") as span:
            span.set_attributes({
                "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search",
                "gen_ai.tool.call.result": '{"found": 3}',
            })
        with tracer.start_as_current_span("chat m-1") as span:
            span.set_attributes({
                "gen_ai.operation.name": "chat", "gen_ai.request.model": "m-1",
                "gen_ai.input.messages": json.dumps([{"role": "user", "content": case["id"]}]),
                "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 5,
                "odd": [True, False], "share": 0.5, "below": -3,
            })
"""
PROCESS = """
for line in sys.stdin:
    case = json.loads(line)
    work(case, propagate.extract(case))
    print("{}", flush=True)
"""
SERVICE = """
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        case = json.loads(self.rfile.read(int(self.headers["content-length"])))
        work(case, propagate.extract({"traceparent": self.headers["traceparent"]}))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *about):
        pass


HTTPServer(("127.0.0.1", %d), Handler).serve_forever()
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["process", "service"])
def test_a_program_exports_by_opentelemetrys_own_library(project, run, kind, port):
    """Unchanged from production, in batches and as protocol buffers, of a process or a service."""
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    project.write("told.py", INSTRUMENTED + (PROCESS if kind == "process" else SERVICE % port))
    command = f"{sys.executable} told.py"
    use = {"http": {"url": f"http://127.0.0.1:{port}", "start": command}}
    records = run(project.plan(3, use=f"exec: {command}" if kind == "process" else use))[1]
    for record in records:
        assert record.trace.prompts == (
            {"model": "m-1", "messages": [{"role": "user", "content": record.case_id}]},
        )
        assert record.trace.context == ({"tool": "search", "input": None, "output": {"found": 3}},)
        assert record.proposal.usage == {
            "model_calls": 1, "model_tokens_in": 7, "model_tokens_out": 5,
        }  # fmt: skip


@pytest.mark.slow
def test_what_a_service_sends_after_the_last_case_is_waited_for(project, run, port):
    """It is never told that there are no more cases, and flushes once in a while."""
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    patient = INSTRUMENTED.replace(
        "OTLPSpanExporter()", "OTLPSpanExporter(), schedule_delay_millis=1500"
    )
    slow = SERVICE.replace("self.send_response", "time.sleep(0.6)\n        self.send_response")
    project.write("told.py", "import time\n" + patient + slow % port)
    use = {"http": {"url": f"http://127.0.0.1:{port}", "start": f"{sys.executable} told.py"}}
    run(project.plan(4, use=use))
    stored = list(read_records(project.run_folder))
    assert len(stored) == 4
    for record in stored:
        assert [each["messages"] for each in record.trace.prompts] == [
            [{"role": "user", "content": record.case_id}]
        ]


def _answered(receiver, path, kind, body, encoding=""):
    headers = [(b"content-type", kind.encode()), (b"content-encoding", encoding.encode())]
    sent = []

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    asyncio.run(receiver(scope, receive, send))
    return sent[0]["status"]


@pytest.mark.parametrize(
    ("path", "kind", "body", "status"),
    [
        ("/v1/metrics", "application/x-protobuf", b"\x0a", 200),
        ("/v1/traces", "application/x-protobuf", b"", 400),
        ("/v1/traces", "application/x-protobuf", b"\x0a\x05ab", 400),
        ("/v1/traces", "application/x-protobuf", b"\x0a" + b"\xff" * 12, 400),
        ("/v1/traces", "application/x-protobuf", b"\x0b", 400),
        ("/v1/traces", "application/json", b'{"resourceSpans": [', 400),
        ("/v1/traces", "application/json", b'{"resourceSpans": [1]}', 200),
        ("/v1/traces", "application/json", b"[" * 5000, 400),
        ("/v1/traces", "text/plain", b"", 415),
        ("/v1/other", "application/json", b"{}", 404),
    ],
)  # fmt: skip
def test_exports_that_are_none_are_refused_and_change_nothing(path, kind, body, status):
    """Half a message, numbers without an end, no spans, the wrong place: an answer, no trace."""
    receiver = ReceivedSpans(1)
    receiver.begin("c-1", 0)
    assert _answered(receiver, path, kind, body) == status
    assert receiver.take() == SpanTale()


def test_a_bomb_is_not_unpacked():
    """What is small on the wire and hundreds of megabytes unpacked is refused."""
    bomb = gzip.compress(bytes(100 << 20), 9)
    assert _answered(ReceivedSpans(1), "/v1/traces", "application/json", bomb, "gzip") == 400
