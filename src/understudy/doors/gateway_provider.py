"""The gateway's way out: to one provider that was allowed by name, with the user's key."""

from __future__ import annotations

import shlex
import ssl
import threading
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from understudy.doors.gateway_meter import Meter, tokens_of
from understudy.doors.gateway_wire import Exchange, ModelAnswer, ModelRefusal, ModelRequest
from understudy.model.errors import ConfigurationError, SafetyError
from understudy.model.jsonl import encode_line
from understudy.model.printable import printable

__all__ = ["PassThrough", "Provider"]

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_GIVEN_BACK = ("retry-after", "x-request-id", "x-should-retry")
_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Provider:
    """A model provider: its name in the count, its base URL with `/v1`, and the user's key."""

    name: str
    base_url: str
    key: str = field(repr=False)


class PassThrough:
    """Asks the provider, and records what it answers as a JSON line where a `record` is given.

    The candidate never sees the key: what it presents is dropped, and only the body goes on. Lines
    hold requests and answers whole, no headers; they are as confidential as the cases are.
    """

    def __init__(
        self,
        provider: Provider,
        allowed: Collection[str],
        *,
        meter: Meter,
        record: Path | None = None,
    ) -> None:
        _check(provider, allowed)
        if record is not None:
            record.parent.mkdir(parents=True, exist_ok=True)
        self._provider = provider
        self._meter = meter
        self._record = record
        self._lock = threading.Lock()
        local = urlsplit(provider.base_url).hostname in _LOOPBACK
        self._options: dict[str, Any] = {
            # Made once: reading the certificate store takes longer than asking.
            "verify": ssl.create_default_context(),
            "trust_env": not local,
            "timeout": _SECONDS,
        }

    async def answer(self, request: ModelRequest) -> ModelAnswer:
        """The provider's answer, block by block as it comes."""
        self._meter.admit(self._provider.name, request)
        client = httpx.AsyncClient(**self._options)
        asked = client.build_request(
            "POST",
            self._provider.base_url.rstrip("/") + request.path,
            content=request.body,
            headers={
                "authorization": f"Bearer {self._provider.key}",
                "content-type": "application/json",
                "accept-encoding": "identity",
            },
        )
        try:
            answer = await client.send(asked, stream=True)
        except httpx.HTTPError as error:
            await client.aclose()
            raise self._unreachable(error) from None
        headers = tuple(pair for pair in answer.headers.items() if pair[0] in _GIVEN_BACK)
        content_type = answer.headers.get("content-type", "application/json")
        blocks = self._blocks(request, client, answer)
        return ModelAnswer(answer.status_code, content_type, blocks, headers)

    async def _blocks(
        self, request: ModelRequest, client: httpx.AsyncClient, answer: httpx.Response
    ) -> AsyncIterator[bytes]:
        kept = bytearray()
        try:
            async for block in answer.aiter_bytes():
                kept += block
                yield block
            # Only here: an answer that broke off is nothing to be replayed.
            self._keep(request, answer, bytes(kept))
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None
        finally:
            tokens = tokens_of(request, bytes(kept))
            self._meter.settle(self._provider.name, request, tokens, len(kept))
            await answer.aclose()
            await client.aclose()

    def _unreachable(self, error: httpx.HTTPError) -> ModelRefusal:
        kind, place = type(error).__name__, self._provider
        why = f"`{place.name}` at {place.base_url}: {kind}: {error}; see it alone: "
        why += f"curl -i {shlex.quote(place.base_url.rstrip('/') + '/models')}"
        detail = f"The model could not be reached ({kind})."
        return ModelRefusal(502, "upstream_unreachable", detail, printable(why, 500))

    def _keep(self, request: ModelRequest, answer: httpx.Response, body: bytes) -> None:
        if self._record is None:
            return
        line = encode_line(
            Exchange(
                key=request.key,
                scope=request.scope,
                path=request.path,
                request=dict(request.fields),
                status=answer.status_code,
                content_type=answer.headers.get("content-type", "application/json"),
                answer=body.decode("utf-8", "replace"),
            )
        )
        with self._lock, self._record.open("ab") as file:
            file.write(line)


def _check(provider: Provider, allowed: Collection[str]) -> None:
    base = provider.base_url.rstrip("/")
    if base not in {each.rstrip("/") for each in allowed}:
        raise SafetyError(
            f"the model provider `{provider.name}` at {base} is not among the allowed ones",
            hint=f"allowed: {', '.join(sorted(allowed)) or 'none'}",
        )
    parts = urlsplit(base)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError(
            f"the key of `{provider.name}` would go to {base} unencrypted",
            hint="give the provider's address with https://",
        )
    if not provider.key:
        raise ConfigurationError(f"there is no key for the model provider `{provider.name}`")
