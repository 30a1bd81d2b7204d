"""One open case for whoever presents a key of whatever kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from understudy.systems.engine import Engine
from understudy.systems.message import Request, Response
from understudy.systems.session import CaseSession

__all__ = ["AnyKey"]


class AnyKey:
    """Stands before an engine and lets every key belong to one case.

    Suites that were written for a vendor bring a key of their own, and some read answers with
    `grep`: so they are laid out as the vendor's. A request without any key is refused as ever.
    """

    def __init__(self, engine: Engine, session: CaseSession) -> None:
        self._engine = engine
        self._in_lines = {
            urlsplit(system.base_url).hostname
            for system in engine.systems.values()
            if system.in_lines
        }
        self._keys: dict[str, Mapping[str, str]] = {
            urlsplit(system.base_url).hostname or "": system.authorization(
                session.credentials[name]
            )
            for name, system in engine.systems.items()
        }

    def serves(self, host: str) -> bool:
        """Whether the engine does."""
        return self._engine.serves(host)

    def handle(self, request: Request) -> Response:
        """Answer one request as the case's own, where it presents a key."""
        if request.headers.get("authorization"):
            headers = {**request.headers, **self._keys[request.host]}
            request = msgspec.structs.replace(request, headers=headers)
        answer = self._engine.handle(request)
        laid_out = request.host in self._in_lines and answer.wire is None
        return _in_lines(answer) if laid_out else answer


def _in_lines(answer: Response) -> Response:
    try:
        body = json.dumps(json.loads(answer.body), indent=2, ensure_ascii=False)
    except ValueError:
        return answer
    return msgspec.structs.replace(answer, body=body.encode("utf-8", "surrogatepass"))
