"""One open case for whoever presents a key of whatever kind."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from understudy.systems.engine import Engine
from understudy.systems.message import Request, Response
from understudy.systems.session import CaseSession

__all__ = ["AnyKey"]


class AnyKey:
    """Stands before an engine and lets every key belong to one case.

    Suites that were written for a vendor bring a key of their own. A request without any is
    refused as ever.
    """

    def __init__(self, engine: Engine, session: CaseSession) -> None:
        self._engine = engine
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
        return self._engine.handle(request)
