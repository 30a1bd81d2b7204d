"""Exporters that speak gRPC are heard at the same address as those that speak HTTP."""

from __future__ import annotations

import contextlib
import gzip
import socket
import sys

import pytest

from understudy.candidates.span_receiver import ReceivedSpans
from understudy.candidates.spans import SpanTale
from understudy.doors.loopback import listening, running
from understudy.shadow.store import read_records

TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@contextlib.contextmanager
def received():
    """A receiver with a case at hand, and a connection to it."""
    receiver = ReceivedSpans(1)
    receiver.begin("c-1", 0)
    with (
        listening(["otlp"]) as opened,
        running([(receiver, opened["otlp"])]),
        socket.create_connection(opened["otlp"].getsockname(), 5) as door,
    ):
        yield receiver, door


def call(door, path, body, encoding=None):
    """The status of one call, by an HTTP/2 client of its own."""
    from h2.config import H2Configuration
    from h2.connection import H2Connection
    from h2.events import ResponseReceived, StreamEnded, TrailersReceived

    client = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    client.initiate_connection()
    headers = [(":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", path)]
    headers += [("te", "trailers"), ("content-type", "application/grpc")]
    headers += [("grpc-encoding", encoding)] if encoding else []
    client.send_headers(1, headers)
    for start in range(0, len(body), 16_384):
        client.send_data(1, body[start : start + 16_384])
    client.end_stream(1)
    door.sendall(client.data_to_send())
    told = {}
    while True:
        for event in client.receive_data(door.recv(65_536)):
            if isinstance(event, ResponseReceived | TrailersReceived):
                told |= dict(event.headers)
            if isinstance(event, StreamEnded):
                return told


def message(body, compressed=False):
    return bytes([compressed]) + len(body).to_bytes(4) + body


@pytest.mark.parametrize(
    ("path", "body", "encoding", "status"),
    [
        (TRACES, message(b""), None, "3"),
        (TRACES, message(b"\x0a\x05ab"), None, "3"),
        (TRACES, b"\x00\x00", None, "3"),
        (TRACES, message(b"ab")[:-1], None, "3"),
        (TRACES, message(b"not gzip", True), "gzip", "3"),
        (TRACES, message(b"unknown", True), "snappy", "3"),
        (TRACES, message(gzip.compress(bytes(40 << 20), 9), True), "gzip", "3"),
        (TRACES.replace("trace", "metrics"), message(b"anything"), None, "0"),
        ("/helloworld.Greeter/SayHello", message(b""), None, "12"),
    ],
)
def test_calls_that_are_no_export_are_answered_and_change_nothing(path, body, encoding, status):
    """Nothing, half a message, a bomb, an unknown service: a status of gRPC's, and no trace."""
    with received() as (receiver, door):
        told = call(door, path, body, encoding)
        assert (told[":status"], told["grpc-status"]) == ("200", status)
        assert receiver.take() == SpanTale()


@pytest.mark.parametrize(
    "rest",
    [b"\x00\x00\x02\x01\x05\x00\x00\x00\x01\xff\xff", b"\x00\x00\x04\x08" + bytes(9)],
)
def test_a_connection_that_is_no_http2_after_all_is_closed(rest):
    """What begins as HTTP/2 does and goes on otherwise ends; the next one is served."""
    with received() as (_, door):
        door.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + rest)
        while door.recv(65_536):
            pass
        with socket.create_connection(door.getpeername(), 5) as other:
            other.sendall(b"POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            assert other.recv(1000).startswith(b"HTTP/1.1 200")


EXPORTING = """
import json, sys
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(%s)))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("bot")
for line in sys.stdin:
    case = json.loads(line)
    with tracer.start_as_current_span("chat m-1", context=propagate.extract(case)) as span:
        span.set_attributes({"gen_ai.operation.name": "chat",
                             "gen_ai.prompt": case["id"] + " " + "x" * 100_000})
    print("{}", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["", "compression=grpc.Compression.Gzip"])
def test_opentelemetrys_own_exporter_by_grpc_is_heard(project, run, how):
    """Unchanged from production, compressed or not, larger than a frame and than a window."""
    pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc")
    project.write("told.py", ("import grpc\n" if how else "") + EXPORTING % how)
    run(project.plan(3, use=f"exec: {sys.executable} told.py"))
    stored = list(read_records(project.run_folder))
    assert len(stored) == 3
    for record in stored:
        (prompt,) = record.trace.prompts
        assert prompt["messages"] == record.case_id + " " + "x" * 100_000
