"""A model that says what a script says: answers and faults as data."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import msgspec
import orjson

from understudy.doors.gateway_chat import chat_completion, chat_events, embeddings
from understudy.doors.gateway_responses import response_events, response_whole
from understudy.doors.gateway_said import Said, ToolCall
from understudy.doors.gateway_wire import (
    CHAT,
    EMBEDDINGS,
    JSON,
    ModelAnswer,
    ModelRefusal,
    ModelRequest,
    blocks_of,
    error_body,
)
from understudy.model.errors import ConfigurationError, nearest

__all__ = ["Script", "ScriptedAnswer", "script_from"]

_EVENTS = "text/event-stream; charset=utf-8"
_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_STATUS_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded", 503: "server_overloaded"}


class ScriptedAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer, or one thing that goes wrong.

    With a `status` of 400 or more the answer is an error with `message`. `delay` is in seconds.
    `finish: length` says that the model was cut off by its own limit. Of the faults `truncate`
    ends the connection in the middle, `half_json` sends half of the answer as if it were whole,
    and `html` is a proxy's error page. `body` replaces the whole answer.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    embedding: tuple[float, ...] = ()
    finish: Literal["stop", "length"] = "stop"
    status: int = 200
    message: str = "The server had an error."
    retry_after: int | None = None
    delay: float = 0.0
    fault: Literal["truncate", "half_json", "html"] | None = None
    body: Any = None


def script_from(data: Sequence[Any], first: int = 1) -> tuple[ScriptedAnswer, ...]:
    """A script as it stands in a file; `ConfigurationError` names the answer that is wrong.

    `first` is the number of the first answer.
    """
    script = []
    for number, each in enumerate(data, first):
        try:
            script.append(msgspec.convert(each, ScriptedAnswer))
        except msgspec.ValidationError as error:
            raise ConfigurationError(
                f"answer {number} of the script: {error}{_guess(each)}", hint=f"known: {_KNOWN}"
            ) from None
    return tuple(script)


_KNOWN = ", ".join(ScriptedAnswer.__struct_fields__)


def _guess(given: Any) -> str:
    """The name that was meant by one that an answer does not have."""
    known = ScriptedAnswer.__struct_fields__
    odd = (key for key in given if key not in known) if isinstance(given, dict) else ()
    return next((nearest(str(key), known) for key in odd), "")


class Script:
    """Gives every scope the script from its start; what comes after its end is refused."""

    def __init__(self, answers: Sequence[ScriptedAnswer], *, now: int = 0) -> None:
        """`now` is the time in epoch seconds that answers carry."""
        self._answers = tuple(answers)
        self._now = now
        self._given: Counter[str] = Counter()
        self._lock = threading.Lock()

    async def answer(self, request: ModelRequest) -> ModelAnswer:
        """The next answer of the request's scope."""
        with self._lock:
            number = self._given[request.scope]
            self._given[request.scope] += 1
        if number >= len(self._answers):
            known = len(self._answers)
            raise ModelRefusal(400, "no_scripted_answer", f"There are {known} answers, all given.")
        scripted = self._answers[number]
        given = _faulty(scripted, request, self._rendered(scripted, request, number))
        return replace(given, silence=scripted.delay)

    def _rendered(
        self, scripted: ScriptedAnswer, request: ModelRequest, number: int
    ) -> tuple[str, list[bytes]]:
        if scripted.status >= 400:
            code = _STATUS_CODES.get(scripted.status, "server_error")
            return JSON, [error_body(code, scripted.message)]
        if scripted.body is not None:
            return JSON, [orjson.dumps(scripted.body)]
        said = Said(
            text=scripted.text,
            tool_calls=scripted.tool_calls,
            cut_off=scripted.finish == "length",
            tag=f"{request.key[:20]}{number:04d}",
            now=self._now,
        )
        if request.path == EMBEDDINGS:
            return JSON, [embeddings(request, _vector(scripted, number))]
        chat = request.path == CHAT
        if request.streams:
            return _EVENTS, (chat_events if chat else response_events)(request, said)
        return JSON, [(chat_completion if chat else response_whole)(request, said)]


def _vector(scripted: ScriptedAnswer, number: int) -> tuple[float, ...]:
    if not scripted.embedding:
        message = f"Answer {number + 1} has no embedding, and one is asked for."
        raise ModelRefusal(400, "no_scripted_answer", message)
    return scripted.embedding


def _faulty(
    scripted: ScriptedAnswer, request: ModelRequest, rendered: tuple[str, list[bytes]]
) -> ModelAnswer:
    content_type, blocks = rendered
    wait = scripted.retry_after
    headers = () if wait is None else (("retry-after", str(wait)),)
    if scripted.fault == "html":
        return ModelAnswer(502, "text/html", blocks_of([_PAGE]))
    if scripted.fault is not None:
        blocks = _half(blocks, request)
    cut = scripted.fault == "truncate"
    return ModelAnswer(scripted.status, content_type, blocks_of(blocks), headers, cut)


def _half(blocks: list[bytes], request: ModelRequest) -> list[bytes]:
    if request.streams and len(blocks) > 1:
        return blocks[: len(blocks) // 2]
    body = b"".join(blocks)
    return [body[: len(body) // 2]]
