"""OpenTelemetry's exports by gRPC, at the listener that takes them by HTTP as well.

Of gRPC this is what an exporter needs: one message in, an empty one out, over HTTP/2 without
encryption, as `OTEL_EXPORTER_OTLP_ENDPOINT` with `http://` has it. See gRPC's "gRPC over HTTP2"
(PROTOCOL-HTTP2.md) and opentelemetry-proto's collector services.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Export", "either_protocol"]

Export = Callable[[str, str, bytes], bool]
"""Takes an export, by its service, the encoding of its message, and the message; whether it can."""

_PREFACE = b"PRI * HTTP/2.0\r\n"
_MOST_BYTES = 32 << 20
_HEAD = 5
"""A message is preceded by whether it is compressed, a byte, and by its length, four bytes."""
_EMPTY = bytes(_HEAD)
_OK, _INVALID, _UNIMPLEMENTED = "0", "3", "12"
_SERVICE = "/opentelemetry.proto.collector."


def either_protocol(export: Export) -> type[H11Protocol]:
    """HTTP/1.1 as it is; a client that begins as HTTP/2 does is an exporter that speaks gRPC."""

    class Either(H11Protocol):
        """One connection, of whichever kind."""

        grpc: _Grpc | None = None
        begun = False

        def data_received(self, data: bytes) -> None:
            if not self.begun and data.startswith(_PREFACE):
                self._unset_keepalive_if_required()
                self.grpc = _Grpc(export)
            self.begun = True
            if self.grpc is None:
                super().data_received(data)
                return
            answer = self.grpc.answered(data)
            if answer:
                self.transport.write(answer)
            if self.grpc.over:
                self.transport.close()

    return Either


@dataclass(slots=True)
class _Call:
    """One call, as far as it has come."""

    path: str
    encoding: str
    body: bytearray = field(default_factory=bytearray)


class _Grpc:
    """The server's end of one connection; bytes in, bytes out."""

    def __init__(self, export: Export) -> None:
        # Imported here: hardly any exporter speaks it, and every program's worker would wait.
        from h2.config import H2Configuration
        from h2.connection import H2Connection

        self._export = export
        self._calls: dict[int, _Call] = {}
        self._connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._connection.initiate_connection()
        self.over = False
        """Whether there is nothing more to be said."""

    def answered(self, data: bytes) -> bytes:
        """What the client is sent for what it has sent."""
        from h2.exceptions import ProtocolError

        try:
            for event in self._connection.receive_data(data):
                self._heard(event)
        except (ProtocolError, UnicodeDecodeError):
            self.over = True
        return bytes(self._connection.data_to_send())

    def _heard(self, event: Any) -> None:
        from h2 import events

        if isinstance(event, events.RequestReceived):
            headers = {str(name): str(value) for name, value in event.headers}
            self._calls[event.stream_id] = _Call(
                headers.get(":path", ""), headers.get("grpc-encoding", "identity")
            )
        elif isinstance(event, events.DataReceived):
            self._received(event)
        elif isinstance(event, events.StreamEnded):
            self._answer(event.stream_id)
        elif isinstance(event, events.StreamReset):
            self._calls.pop(event.stream_id, None)
        elif isinstance(event, events.ConnectionTerminated):
            self.over = True

    def _received(self, event: Any) -> None:
        call = self._calls.get(event.stream_id)
        if call is not None and len(call.body) <= _MOST_BYTES:
            call.body += event.data
        self._connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def _answer(self, stream: int) -> None:
        call = self._calls.pop(stream)
        status = self._status(call)
        headers = [(":status", "200"), ("content-type", "application/grpc")]
        self._connection.send_headers(stream, headers)
        if status == _OK:
            self._connection.send_data(stream, _EMPTY)
        self._connection.send_headers(stream, [("grpc-status", status)], end_stream=True)

    def _status(self, call: _Call) -> str:
        service = call.path.removeprefix(_SERVICE).partition(".")[0]
        if not call.path.startswith(_SERVICE):
            return _UNIMPLEMENTED
        head, message = call.body[:_HEAD], bytes(call.body[_HEAD:])
        if len(head) < _HEAD or int.from_bytes(head[1:]) != len(message):
            return _INVALID
        encoding = call.encoding if head[0] else "identity"
        return _OK if self._export(service, encoding, message) else _INVALID
