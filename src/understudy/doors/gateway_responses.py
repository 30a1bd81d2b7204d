"""Answers of the Responses interface as the provider writes them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import orjson

from understudy.doors.gateway_said import Said, event, pieces
from understudy.doors.gateway_wire import ModelRequest

__all__ = ["response_events", "response_whole"]

Event = dict[str, Any]


def response_whole(request: ModelRequest, said: Said) -> bytes:
    """The answer in one piece."""
    return orjson.dumps(_response(request, said))


def response_events(request: ModelRequest, said: Said) -> list[bytes]:
    """The answer in numbered events, from `response.created` to the last."""
    started = {**_response(request, said), "status": "in_progress", "output": [], "usage": None}
    last = "response.incomplete" if said.cut_off else "response.completed"
    told: list[Event] = [
        {"type": "response.created", "response": started},
        {"type": "response.in_progress", "response": started},
        *itertools.chain.from_iterable(
            _item_events(item, index) for index, item in enumerate(_output(said))
        ),
        {"type": last, "response": _response(request, said)},
    ]
    return [
        event({**each, "sequence_number": number}, each["type"]) for number, each in enumerate(told)
    ]


def _response(request: ModelRequest, said: Said) -> dict[str, Any]:
    read, written = said.tokens(request.body)
    return {
        "id": f"resp_{said.tag}",
        "object": "response",
        "created_at": said.now,
        "status": "incomplete" if said.cut_off else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if said.cut_off else None,
        "instructions": request.fields.get("instructions"),
        "metadata": request.fields.get("metadata") or {},
        "model": request.model,
        "output": _output(said),
        "parallel_tool_calls": request.fields.get("parallel_tool_calls", True),
        "temperature": request.fields.get("temperature", 1.0),
        "tool_choice": request.fields.get("tool_choice", "auto"),
        "tools": request.fields.get("tools") or [],
        "top_p": request.fields.get("top_p", 1.0),
        "usage": {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + written,
        },
    }


def _output(said: Said) -> list[dict[str, Any]]:
    status = "incomplete" if said.cut_off else "completed"
    items: list[dict[str, Any]] = []
    if said.text or not said.tool_calls:
        part = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
        items.append(
            {
                "id": f"msg_{said.tag}",
                "type": "message",
                "status": status,
                "role": "assistant",
                "content": [part],
            }
        )
    for index, call in enumerate(said.tool_calls):
        items.append(
            {
                "id": f"fc_{said.tag}{index}",
                "type": "function_call",
                "status": status,
                "call_id": said.call_id(index),
                "name": call.name,
                "arguments": call.text,
            }
        )
    return items


def _item_events(item: dict[str, Any], index: int) -> Iterator[Event]:
    message = item["type"] == "message"
    empty: dict[str, Any] = {"content": []} if message else {"arguments": ""}
    begun = {**item, **empty, "status": "in_progress"}
    yield {"type": "response.output_item.added", "output_index": index, "item": begun}
    yield from (_text_events if message else _call_events)(item, index)
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _text_events(item: dict[str, Any], index: int) -> Iterator[Event]:
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    part = item["content"][0]
    yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
    for piece in pieces(part["text"]):
        yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": part}


def _call_events(item: dict[str, Any], index: int) -> Iterator[Event]:
    place = {"item_id": item["id"], "output_index": index}
    kind = "response.function_call_arguments"
    for piece in pieces(item["arguments"]):
        yield {"type": f"{kind}.delta", **place, "delta": piece}
    yield {"type": f"{kind}.done", **place, "name": item["name"], "arguments": item["arguments"]}
