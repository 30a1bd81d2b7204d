"""A case that was handed to a program or a service in Python: its systems over loopback.

What is for callables of the harness's own process, `systems.call` and `shadow_tools`, works there
too, with the addresses and credentials that the case came with.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from understudy.candidates.hand import Hand, handling_tools
from understudy.candidates.toolbox import Toolbox
from understudy.model.action import DESK
from understudy.model.canonical import digest
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.message import Request, Response
from understudy.systems.operation import Refusal
from understudy.systems.session import CaseSession, CoverageGap
from understudy.systems.system import System

__all__ = ["working_on"]

_PROCESS = secrets.token_hex(8)
_PATIENCE = 60.0
_NEEDED = ("id", "base_urls", "credentials")
_numbers = itertools.count(1)


@contextlib.contextmanager
def working_on(case: Mapping[str, Any]) -> Iterator[Toolbox]:
    """Within, shadowed tools act on the systems of this case; gives those, as callables get them.

    `case` is what a program reads as a line, and a service as a request: it needs its `id`,
    `base_urls` and `credentials`. Own systems of the campaign are not known here by name.
    Raises `LookupError` where it lacks one of these, as a webhook does.
    """
    import httpx

    missing = [key for key in _NEEDED if not case.get(key)]
    if missing:
        raise LookupError(
            f"what was handed over has no `{missing[0]}`: it is no case as the harness hands it "
            "over; a webhook's receiver takes addresses and keys from its environment"
        )
    engine, number = _engine(), next(_numbers)
    session = engine.open_case(f"{case['id']} {number}")
    try:
        with httpx.Client(timeout=_PATIENCE, trust_env=False) as client:
            systems = _RemoteSystems(engine, session, case, client)
            with handling_tools(Hand(systems, session)):
                yield systems
    finally:
        engine.close_case(session.case_id)


@functools.cache
def _engine() -> Engine:
    """The table of operations; nothing is ever asked of this one's own, empty systems."""
    return Engine(World({}))


class _RemoteSystems(Toolbox):
    """The operations of a case, each as a request to where the case says that its system is."""

    # Waiting takes real time here; the desk moves the case's clock on when it is looked at.
    look_every = 0.05

    def __init__(
        self, engine: Engine, session: CaseSession, case: Mapping[str, Any], client: Any
    ) -> None:
        super().__init__(engine, session)
        self._case = case
        self._client = client

    @property
    def handling(self) -> str:
        """Names this handling of the case in all its turns: its credentials are its alone."""
        return digest([_PROCESS, self._case["credentials"]])[:16]

    def tell(self, gap: CoverageGap) -> None:
        """Say so at the desk, which counts it for the case."""
        desk = self._engine.systems[DESK]
        headers = desk.authorization(self._credentials[DESK])
        path, query = f"/tools/{quote(gap.path, safe='')}", urlencode({"because": gap.detail})
        self._answered(Request("GET", _host_of(desk), path, query, headers))

    def foresee(self, operation: str, /, **params: Any) -> dict[str, Any]:
        """What can be told of a write from its parameters alone, away from what it acts on."""
        try:
            return super().foresee(operation, **params)
        except Refusal:
            return {"operation": operation, "fields": params}

    @functools.cached_property
    def _hosts(self) -> dict[str, str]:
        """By a system's own host, where it is found."""
        urls = self._case["base_urls"]
        systems = self._engine.systems.items()
        return {_host_of(system): urls[name] for name, system in systems if name in urls}

    @property
    def _credentials(self) -> Mapping[str, Mapping[str, str]]:
        return dict(self._case["credentials"])

    def _answered(self, request: Request) -> Response:
        url = self._hosts[request.host] + request.path
        answer = self._client.request(
            request.method,
            f"{url}?{request.query}" if request.query else url,
            headers=dict(request.headers),
            content=request.body,
        )
        return Response(answer.status_code, tuple(answer.headers.items()), answer.content)


def _host_of(system: System) -> str:
    return system.base_url.partition("://")[2]
