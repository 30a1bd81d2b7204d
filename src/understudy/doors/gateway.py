"""The model gateway: OpenAI's chat completions, Responses and embeddings on loopback.

In: a candidate's calls of a model. Out: answers of a provider, a recording or a script, whichever
source stands behind; the candidate's client notices nothing but the base URL.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from understudy.doors.activity import Activity
from understudy.doors.breaking import keep_silent
from understudy.doors.gateway_pace import PACED, SILENCE
from understudy.doors.gateway_wire import (
    JSON,
    PATHS,
    ModelAnswer,
    ModelRefusal,
    ModelRequest,
    Source,
    blocks_of,
    error_body,
)
from understudy.doors.loopback import Receive, Send, addresses, listening, received, running

__all__ = ["Gateway", "serving_models"]

_PREFIX = "/v1"
_NO_RETRY = (("x-should-retry", "false"),)


class Gateway:
    """An ASGI application over one source of answers.

    Where keys were handed out with `open`, each names the case and repeat whose calls it makes,
    and any other key is refused; without `open_to_all` none is taken before.
    """

    def __init__(self, source: Source, *, seed: int = 0, open_to_all: bool = True) -> None:
        self.unserved: list[str] = []
        """Method and path of calls that are none of the three interfaces."""
        self.troubles: list[str] = []
        """What went wrong in the gateway itself; no answer of it can be relied on then."""
        self._calls = Activity()
        self._source = source
        self._seed = seed
        self._open = open_to_all
        self._scopes: dict[str, str] = {}
        self._lock = threading.Lock()

    def open(self, scope: str) -> str:
        """A key, shaped as the provider's, whose calls belong to this case and repeat."""
        key = f"sk-proj-{hashlib.sha256(f'{self._seed} {scope}'.encode()).hexdigest()}"
        with self._lock:
            self._scopes[key] = scope
        return key

    def assign(self, key: str, scope: str) -> None:
        """Let a key's calls belong to this case and repeat from now on."""
        with self._lock:
            self._scopes[key] = scope

    def close(self, key: str) -> None:
        """Let a key expire."""
        with self._lock:
            # An entry of nothing: the key stays refused, and the last one to go opens no door.
            self._scopes[key] = ""

    def idle(self, key: str) -> float:
        """Seconds since the case and repeat of a key have made a call; infinite where none was."""
        with self._lock:
            scope = self._scopes.get(key, "")
        return self._calls.idle(scope)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        with self._calls.of(self._case(scope)):
            await self._serve(scope, receive, send)

    def _case(self, scope: Mapping[str, Any]) -> str:
        """Whose call it is, or nobody's."""
        key = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1").partition(" ")[2]
        with self._lock:
            return self._scopes.get(key, "")

    async def _serve(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        body = await received(receive)
        try:
            answer = await self._answer(scope, body)
            if PACED.encode() in dict(scope["headers"]):
                answer = _announced(answer)
            elif await keep_silent(answer.silence, receive):
                return
            await _send(answer, send)
        except Exception as error:
            self.troubles.append(f"{type(error).__name__}: {error}")
            raise

    async def _answer(self, scope: Mapping[str, Any], body: bytes) -> ModelAnswer:
        try:
            return await self._source.answer(self._read(scope, body))
        except ModelRefusal as refusal:
            return _refused(refusal)
        except RecursionError:
            return _refused(ModelRefusal(400, "invalid_json", "The body is nested too deeply."))

    def _read(self, scope: Mapping[str, Any], body: bytes) -> ModelRequest:
        path = scope["path"].removeprefix(_PREFIX)
        if scope["method"] != "POST" or path not in PATHS:
            self.unserved.append(f"{scope['method']} {scope['path']}")
            raise ModelRefusal(404, "unknown_url", f"Unknown: {scope['method']} {scope['path']}")
        case = self._case(scope)
        if (self._scopes or not self._open) and not case:
            raise ModelRefusal(401, "invalid_api_key", "Incorrect API key provided.")
        try:
            fields = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ModelRefusal(400, "invalid_json", "The body is not valid JSON.") from None
        if not isinstance(fields, dict):
            raise ModelRefusal(400, "invalid_json", "The body is not a JSON object.")
        return ModelRequest(path, body, fields, case)


@contextlib.contextmanager
def serving_models(gateway: Gateway, port: int = 0) -> Iterator[str]:
    """Serve a gateway on loopback; gives the base URL for the candidate's client."""
    with contextlib.ExitStack() as stack:
        doors = stack.enter_context(listening(["models"], {"models": port}))
        stack.enter_context(running([(gateway, doors["models"])]))
        yield addresses(doors)["models"] + _PREFIX


def _refused(refusal: ModelRefusal) -> ModelAnswer:
    body = error_body(refusal.code, str(refusal))
    return ModelAnswer(refusal.status, JSON, blocks_of([body]), _NO_RETRY)


def _announced(answer: ModelAnswer) -> ModelAnswer:
    """The answer that says for how long it would not have arrived."""
    return replace(answer, headers=(*answer.headers, (SILENCE, str(answer.silence))))


async def _send(answer: ModelAnswer, send: Send) -> None:
    headers = [("content-type", answer.content_type), *answer.headers]
    raw = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    try:
        async for block in answer.blocks:
            await send({"type": "http.response.body", "body": block, "more_body": True})
    except ModelRefusal:
        return  # an answer without its end: the server breaks the connection off
    if not answer.cut:
        await send({"type": "http.response.body", "body": b""})
