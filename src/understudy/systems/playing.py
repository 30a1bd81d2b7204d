"""Recorded requests played to an engine, as one case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import orjson

from understudy.model.interaction import Interaction
from understudy.systems.engine import Engine
from understudy.systems.likeness import Aspect, Unlike, unlike
from understudy.systems.message import Request, Response
from understudy.systems.operation import Wire
from understudy.systems.session import CaseSession
from understudy.systems.sightings import sightings
from understudy.systems.system import System

__all__ = ["Player"]

_TOKENS = ("after_cursor", "before_cursor")
_LAST = "no further page"
_KEPT_HEADERS = ("accept", "idempotency-key")


@dataclass(slots=True)
class Player:
    """Plays requests to an engine, as one case."""

    engine: Engine
    session: CaseSession
    ids: dict[str, str] = field(default_factory=dict)

    def play(self, interaction: Interaction) -> tuple[str, list[Unlike]]:
        """The operation that a request was, and how our answer differs."""
        recorded = interaction.response
        gaps, writes, reads = len(self.session.gaps), len(self.session.actions), self._read()
        response = self.engine.handle(self._request(interaction))
        if len(self.session.gaps) > gaps:
            self._happen(interaction)
            path = urlsplit(interaction.request.url).path
            detail = f"{interaction.request.method} {path} is not served"
            return f"{interaction.system}.unserved", [Unlike(Aspect.OPERATION, detail)]
        operation = self._operation(interaction, writes, reads)
        ours = _decoded(response)
        if recorded is None:
            return operation, []
        if response.status < 400:
            made = len(self.session.actions) > writes
            self.ids.update(_pairs_of(recorded.body, ours, ("id", *_TOKENS) if made else _TOKENS))
        return operation, unlike((recorded.status, recorded.body), (response.status, ours))

    def _happen(self, interaction: Interaction) -> None:
        """What no operation of ours serves was done at the vendor all the same."""
        for (table, _), row in sightings([interaction], self.engine.systems).items():
            self.session.overlay.put(table, row)

    def _read(self) -> dict[str, int]:
        return dict(self.session.reads)

    def _operation(self, interaction: Interaction, writes: int, reads: dict[str, int]) -> str:
        if len(self.session.actions) > writes:
            return self.session.actions[-1].operation
        now = self.session.reads
        read = next((name for name in now if now[name] != reads.get(name, 0)), None)
        return read or interaction.operation or f"{interaction.system}.unserved"

    def _request(self, interaction: Interaction) -> Request:
        system = self.engine.systems[interaction.system]
        asked = interaction.request
        parts = urlsplit(asked.url)
        path = "/".join(self._segment(each) for each in parts.path.split("/"))
        given = [(name, self._ours(value)) for name, value in _pairs(parts.query)]
        query = urlencode([pair for pair in given if pair[1] != _LAST])
        extra, body, kind = _encoded(system, asked.method, self._ours(asked.body))
        headers = {
            **{name: asked.headers[name] for name in _KEPT_HEADERS if name in asked.headers},
            **_version(system.version_header, interaction),
            **system.authorization(self.session.credentials[system.name]),
            **kind,
        }
        host = system.base_url.partition("://")[2]
        joined = "&".join(each for each in (query, extra) if each)
        return Request(asked.method.upper(), host, path or "/", joined, headers, body)

    def _segment(self, segment: str) -> str:
        bare = segment.removesuffix(".json")
        return quote(self.ids[bare]) + segment[len(bare) :] if bare in self.ids else segment

    def _ours(self, value: Any) -> Any:
        """A value with the recorded ids in it replaced by ours."""
        if isinstance(value, dict):
            return {name: self._ours(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._ours(item) for item in value]
        if isinstance(value, bool) or not isinstance(value, str | int):
            return value
        return self.ids.get(str(value), value)


def _version(header: str, interaction: Interaction) -> dict[str, str]:
    """The version that was asked for, or else the one that the answer told in the same header."""
    told = interaction.response.headers if interaction.response else {}
    known = {**told, **interaction.request.headers}
    return {header: known[header]} if header in known else {}


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _encoded(system: System, method: str, body: Any) -> tuple[str, bytes, dict[str, str]]:
    if isinstance(body, dict):
        return system.encode(Wire(body=body), method.upper())
    if isinstance(body, str):
        return "", body.encode("utf-8", "replace"), {}
    kind = {"content-type": "application/json"}
    return ("", b"", {}) if body is None else ("", orjson.dumps(body), kind)


def _decoded(response: Response) -> Any:
    try:
        return orjson.loads(response.body) if response.body else None
    except orjson.JSONDecodeError:
        return response.body.decode("utf-8", "replace")


def _pairs_of(recorded: Any, ours: Any, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Pairs of a recorded id or token and ours, where the two stand in the same place.

    A token of the next page for which we have none leads to our first page again.
    """
    if isinstance(recorded, dict):
        known = ours if isinstance(ours, dict) else {}
        for name, value in recorded.items():
            other = known.get(name) or (_LAST if name in _TOKENS else value)
            if name in names and isinstance(value, str | int) and other != value:
                yield str(value), str(other)
            yield from _pairs_of(value, known.get(name), names)
    elif isinstance(recorded, list):
        others = ours if isinstance(ours, list) else []
        for one, other in zip(recorded, others, strict=False):
            yield from _pairs_of(one, other, names)
