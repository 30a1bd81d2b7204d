"""Chat completions and embeddings as the provider writes them."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import Any

import orjson

from understudy.doors.gateway_said import Said, event, pieces
from understudy.doors.gateway_wire import ModelRequest

__all__ = ["chat_completion", "chat_events", "embeddings"]

_DONE = b"data: [DONE]\n\n"


def chat_completion(request: ModelRequest, said: Said) -> bytes:
    """The answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None}
    if said.tool_calls:
        message["tool_calls"] = [_call(said, index) for index in range(len(said.tool_calls))]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(said)}
    head = _head(request, said, "chat.completion")
    return orjson.dumps({**head, "choices": [choice], "usage": _usage(request, said)})


def chat_events(request: ModelRequest, said: Said) -> list[bytes]:
    """The answer in events, with the usage at the end where it was asked for."""
    head = _head(request, said, "chat.completion.chunk")
    chunks = [event({**head, "choices": [_delta(part)]}) for part in _parts(said)]
    chunks.append(event({**head, "choices": [_delta({}, _finish(said))]}))
    options = request.fields.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage"):
        chunks.append(event({**head, "choices": [], "usage": _usage(request, said)}))
    return [*chunks, _DONE]


def embeddings(request: ModelRequest, vector: tuple[float, ...]) -> bytes:
    """One vector for every text of the input, in the encoding that was asked for."""
    value: Any = list(vector)
    if request.fields.get("encoding_format") == "base64":
        value = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    read = len(request.body) // 4 + 1
    return orjson.dumps(
        {
            "object": "list",
            "model": request.model,
            "data": [
                {"object": "embedding", "index": index, "embedding": value}
                for index in range(_inputs(request.fields.get("input")))
            ],
            "usage": {"prompt_tokens": read, "total_tokens": read},
        }
    )


def _inputs(given: Any) -> int:
    many = isinstance(given, list) and bool(given) and isinstance(given[0], str | list)
    return len(given) if many else 1


def _head(request: ModelRequest, said: Said, kind: str) -> dict[str, Any]:
    made = f"chatcmpl-{said.tag}"
    return {"id": made, "object": kind, "created": said.now, "model": request.model}


def _finish(said: Said) -> str:
    if said.cut_off:
        return "length"
    return "tool_calls" if said.tool_calls else "stop"


def _call(said: Said, index: int) -> dict[str, Any]:
    call = said.tool_calls[index]
    function = {"name": call.name, "arguments": call.text}
    return {"id": said.call_id(index), "type": "function", "function": function}


def _parts(said: Said) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    for piece in pieces(said.text):
        yield {"content": piece}
    for index, call in enumerate(said.tool_calls):
        whole = _call(said, index)
        start = {**whole, "index": index, "function": {"name": call.name, "arguments": ""}}
        yield {"tool_calls": [start]}
        for piece in pieces(call.text):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _delta(part: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": part, "logprobs": None, "finish_reason": finish}


def _usage(request: ModelRequest, said: Said) -> dict[str, int]:
    read, written = said.tokens(request.body)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
