"""Answers of a model that are well formed and wrong: right shape, wrong content.

As models are wrong in life: a tool is called with ids that nothing has, a tool is called that was
not offered, or nothing is said at all. What is changed is the same in one piece and in events.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson

from understudy.doors.gateway_wire import ModelAnswer

__all__ = ["NONSENSE", "nonsense"]

Change = Callable[[Any, bool], Any]
"""From a document, and whether what is said is prose, to what stands in its place."""
_DATA_SAID = re.compile(rb'"(?:content|text)":\s*"\s*[\[{]')
"""What is said is itself JSON, whose names are part of its shape."""
_EVENT = b"\n\n"
_DATA = b"data: "
_OTHER_DIGITS = str.maketrans("123456789", "234567891")
"""Each digit another one, zero as it is: numbers stay numbers, and ids and amounts are others."""
_OTHER_VOWELS = str.maketrans("aeiouAEIOU", "eiouaEIOUA")
_TEXTS = ("content", "text", "delta", "output_text", "refusal")
_CALLS = ("tool_calls", "function_call")


def nonsense(answer: ModelAnswer, form: str) -> ModelAnswer:
    """The answer with wrong content, in one of the forms of `NONSENSE`; errors stay as they are."""
    if answer.status >= 400:
        return answer
    blocks = _changed(answer.blocks, NONSENSE[form], "event-stream" in answer.content_type)
    return replace(answer, blocks=blocks)


async def _changed(
    blocks: AsyncIterator[bytes], change: Change, events: bool
) -> AsyncIterator[bytes]:
    body = b"".join([block async for block in blocks])
    prose = not _DATA_SAID.search(body)
    if not events:
        yield _document(body, change, prose)
        return
    for each in body.split(_EVENT):
        if made := _event(each, change, prose):
            yield made + _EVENT


def _event(text: bytes, change: Change, prose: bool) -> bytes:
    """One event with other data; nothing of one that tells of what is not said any more."""
    head, mark, data = text.rpartition(_DATA)
    made = _document(data, change, prose) if mark else text
    return head + mark + made if made else b""


def _document(data: bytes, change: Change, prose: bool) -> bytes:
    try:
        made = change(orjson.loads(data), prose)
    except orjson.JSONDecodeError:
        return data  # the mark of a stream's end, or what was no JSON before
    return b"" if made is None else orjson.dumps(made)


def _with_other_ids(value: Any, prose: bool) -> Any:
    """Other digits in arguments, other words in what is said, other numbers in vectors."""
    if isinstance(value, list):
        return [_with_other_ids(each, prose) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _with_other_ids(each, prose) for key, each in value.items()}
    for key, each in value.items():
        if key == "embedding":
            found[key] = _other_vector(each)
        elif isinstance(each, str) and (key == "arguments" or key in _TEXTS):
            words = each.translate(_OTHER_DIGITS)
            said = key != "arguments" and "function_call" not in str(value.get("type"))
            found[key] = words.translate(_OTHER_VOWELS) if said and prose else words
    return found


def _other_vector(vector: Any) -> Any:
    if isinstance(vector, str):
        raw = base64.b64decode(vector)
        count = len(raw) // 4
        numbers = struct.unpack(f"<{count}f", raw[: 4 * count])
        return base64.b64encode(struct.pack(f"<{count}f", *reversed(numbers))).decode()
    return vector[::-1] if isinstance(vector, list) else vector


def _with_other_tools(value: Any, prose: bool) -> Any:
    """Calls of tools that nobody has offered; where nothing is called, other words are said."""
    return _renamed(_with_other_ids(value, prose))


def _renamed(value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _renamed(each) for key, each in value.items()}
    if "arguments" in value and isinstance(value.get("name"), str):
        found["name"] = f"{value['name']}_v2"
    return found


def _with_nothing(value: Any, prose: bool) -> Any:
    """No word and no call, and an orderly end."""
    if not isinstance(value, dict):
        return value
    kind = str(value.get("type", ""))
    if kind.startswith(("response.output", "response.content", "response.function")):
        return None
    found = dict(value)
    if isinstance(value.get("response"), dict):
        found["response"] = _with_nothing(value["response"], prose)
    if "output" in found:
        found["output"] = []
    if isinstance(value.get("choices"), list):
        found["choices"] = [_emptied(each) for each in _dicts(value["choices"])]
    if isinstance(value.get("data"), list):
        found["data"] = [{**each, "embedding": _zero(each)} for each in _dicts(value["data"])]
    return found


def _emptied(choice: dict[str, Any]) -> dict[str, Any]:
    found = dict(choice)
    for key in ("message", "delta"):
        said = choice.get(key)
        if isinstance(said, dict):
            kept = {name: each for name, each in said.items() if name not in _CALLS}
            found[key] = {**kept, "content": ""} if "content" in kept else kept
    if choice.get("finish_reason") in _CALLS:
        found["finish_reason"] = "stop"
    return found


def _zero(each: dict[str, Any]) -> Any:
    vector = each.get("embedding")
    if isinstance(vector, str):
        return base64.b64encode(bytes(len(base64.b64decode(vector)))).decode()
    return [0.0] * len(vector) if isinstance(vector, list) else vector


def _dicts(found: list[Any]) -> Iterator[dict[str, Any]]:
    return (each for each in found if isinstance(each, dict))


NONSENSE: dict[str, Change] = {
    "unknown_ids": _with_other_ids,
    "unknown_tool": _with_other_tools,
    "nothing": _with_nothing,
}
"""In which ways an answer is wrong, each drawn as often as the others."""
