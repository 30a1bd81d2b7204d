"""Are the mocks like the vendor? Recorded requests played against ours, answer by answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec
import orjson

from understudy.model.interaction import Interaction
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.likeness import Aspect, Unlike, unlike
from understudy.systems.message import Request, Response
from understudy.systems.operation import Wire
from understudy.systems.session import CaseSession
from understudy.systems.sightings import with_sightings
from understudy.systems.system import System

__all__ = ["Difference", "OperationLikeness", "Verification", "verify"]

_CASE = "verifying"
_KEPT_HEADERS = ("accept", "idempotency-key")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which one answer of ours differs from the recorded one."""

    interaction_id: str
    operation: str
    aspect: Aspect
    detail: str


class OperationLikeness(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers of one operation agree, and in what the others differ."""

    operation: str
    played: int
    agreed: int
    differing: dict[Aspect, int] = {}

    @property
    def share(self) -> float:
        """The share that agrees."""
        return self.agreed / self.played


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What playing a recording has shown.

    `unanswered` requests have no recorded answer and `foreign` ones went to systems that are not
    mounted; neither is played.
    """

    operations: tuple[OperationLikeness, ...] = ()
    differences: tuple[Difference, ...] = ()
    unanswered: int = 0
    foreign: int = 0

    @property
    def played(self) -> int:
        """How many requests were played."""
        return sum(each.played for each in self.operations)

    @property
    def agreed(self) -> int:
        """How many answers agree in status, fields, types and errors."""
        return sum(each.agreed for each in self.operations)

    @property
    def share(self) -> float | None:
        """The share of answers that agree, or None where nothing could be played."""
        return self.agreed / self.played if self.played else None


def verify(
    interactions: Iterable[Interaction],
    world: World | None = None,
    *,
    systems: Mapping[str, str | System] | None = None,
) -> Verification:
    """Play recorded requests in their order, as one case, and compare the answers.

    Objects that the recording shows and that `world` lacks are added to it. Ids that a recorded
    write made are replaced by ours in what follows.
    """
    ordered = sorted(interactions, key=lambda each: each.seq)
    mounted = Engine(World({}), systems=systems).systems
    known = with_sightings(ordered, world or World({}), mounted)
    player = _Player(Engine(known, systems=systems))
    tally = _Tally()
    for each in ordered:
        if each.response is None:
            tally.unanswered += 1
        elif each.system not in mounted:
            tally.foreign += 1
        else:
            tally.add(each, *player.play(each))
    return tally.total()


@dataclass(slots=True)
class _Player:
    """Plays requests to an engine, as one case."""

    engine: Engine
    session: CaseSession = field(init=False)
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session = self.engine.open_case(_CASE)

    def play(self, interaction: Interaction) -> tuple[str, list[Unlike]]:
        """The operation that a request was, and how our answer differs."""
        recorded = interaction.response
        gaps, writes, reads = len(self.session.gaps), len(self.session.actions), self._read()
        response = self.engine.handle(self._request(interaction))
        if len(self.session.gaps) > gaps:
            path = urlsplit(interaction.request.url).path
            detail = f"{interaction.request.method} {path} is not served"
            return f"{interaction.system}.unserved", [Unlike(Aspect.OPERATION, detail)]
        operation = self._operation(interaction, writes, reads)
        ours = _decoded(response)
        if recorded is None:
            return operation, []
        if len(self.session.actions) > writes and response.status < 400:
            self.ids.update(_new_ids(recorded.body, ours))
        return operation, unlike((recorded.status, recorded.body), (response.status, ours))

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
        query = urlencode([(name, self._ours(value)) for name, value in _pairs(parts.query)])
        extra, body, kind = _encoded(system, asked.method, self._ours(asked.body))
        headers = {
            **{name: asked.headers[name] for name in _KEPT_HEADERS if name in asked.headers},
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


def _new_ids(recorded: Any, ours: Any) -> Iterator[tuple[str, str]]:
    """Pairs of a recorded id and ours, where the two stand in the same place."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for name, value in recorded.items():
            if name == "id" and value is not None and ours.get(name) not in (None, value):
                yield str(value), str(ours[name])
            yield from _new_ids(value, ours.get(name))
    elif isinstance(recorded, list) and isinstance(ours, list):
        for one, other in zip(recorded, ours, strict=False):
            yield from _new_ids(one, other)


@dataclass(slots=True)
class _Tally:
    """Sums up by operation."""

    played: dict[str, int] = field(default_factory=dict)
    agreed: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    unanswered: int = 0
    foreign: int = 0

    def add(self, interaction: Interaction, operation: str, found: list[Unlike]) -> None:
        """Count one answer."""
        self.played[operation] = self.played.get(operation, 0) + 1
        self.agreed[operation] = self.agreed.get(operation, 0) + (not found)
        self.differences += [
            Difference(
                interaction_id=interaction.interaction_id,
                operation=operation,
                aspect=each.aspect,
                detail=each.detail,
            )
            for each in found
        ]

    def total(self) -> Verification:
        """Everything that was counted."""
        return Verification(
            operations=tuple(self._of(name) for name in sorted(self.played)),
            differences=tuple(self.differences),
            unanswered=self.unanswered,
            foreign=self.foreign,
        )

    def _of(self, operation: str) -> OperationLikeness:
        seen = {(d.interaction_id, d.aspect) for d in self.differences if d.operation == operation}
        aspects = [aspect for _, aspect in sorted(seen)]
        return OperationLikeness(
            operation=operation,
            played=self.played[operation],
            agreed=self.agreed[operation],
            differing={aspect: aspects.count(aspect) for aspect in dict.fromkeys(aspects)},
        )
