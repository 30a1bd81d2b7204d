"""A system that nobody mocks, answered from what was recorded of it; what is not, fails closed."""

from __future__ import annotations

import difflib
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import orjson

from understudy.model.action import ActionClass, Effect
from understudy.model.errors import ConfigurationError
from understudy.model.interaction import Interaction
from understudy.systems.dispatch import Dispatcher, Route
from understudy.systems.message import Request
from understudy.systems.operation import Call, Operation, Refusal, Reply
from understudy.systems.session import CaseSession, CoverageGap
from understudy.systems.system import System

__all__ = ["RECORDED", "Recorded"]

RECORDED = "recorded:"
_FILE = "interactions.jsonl"
_READS = ("GET", "HEAD", "OPTIONS")
_LOOKED_AT, _PLACES = 50, 2_000
_decode = msgspec.json.Decoder(Interaction).decode


class Recorded(System):
    """Answers a request as the recording answered the same one: method, path, query and body.

    Where it was asked several times, a case is given the answers in their order, and the last one
    for good; the same idempotency key is given the same answer. Memory is 32 bytes a recorded call.
    """

    def __init__(self, name: str, host: str, recording: Path) -> None:
        self.name, self.host = name, host
        self.operations = tuple(
            _operation(name, verb, self._answer) for verb in ("read", "write")
        )  # fmt: skip
        super().__init__()
        self.dispatcher = _Everything(self.operations)
        self._path = recording / _FILE
        self._places: list[str] = []
        self._whole, self._near = self._indexed()
        if not self._whole.offsets:
            raise ConfigurationError(
                f"`{recording}` has no calls to `{host}`, so `{name}` cannot be answered from it",
                code="U148",
                hint=f"understudy traffic record --upstream {name}=https://{host}",
            )

    @classmethod
    def of(cls, text: str) -> Recorded:
        """The system that `recorded:NAME@HOST@RECORDING` describes."""
        name, host, recording = text.removeprefix(RECORDED).split("@", 2)
        return cls(name, host, Path(recording))

    def body(self, request: Request) -> Any:
        """JSON or a form as a value, anything else as text."""
        return _decoded(request.body)

    def _indexed(self) -> tuple[_Index, _Index]:
        whole, near, places = _Index(), _Index(), dict[str, None]()
        with self._path.open("rb") as file:
            offset = 0
            for line in file:
                one = _decode(line)
                parts = urlsplit(one.request.url)
                if (parts.hostname or "").lower() == self.host and one.response is not None:
                    place = f"{one.request.method.upper()} {_plain(parts.path)}"
                    whole.add(_key(place, parts.query, one.request.body), offset)
                    near.add(_mark(place), offset)
                    if len(places) < _PLACES:
                        places[place] = None
                offset += len(line)
        self._places = list(places)
        return whole.sorted(), near.sorted()

    def _answer(self, call: Call) -> Reply:
        request, session = call.request, call.session
        place = f"{request.method} {_plain(request.path)}"
        key = _key(place, request.query, _decoded(request.body))
        found = self._whole.of(key)
        if not found:
            raise self._unmatched(session, request, place)
        recorded = self._read(found[self._turn(session, request, key, found)]).response
        assert recorded is not None  # noqa: S101 -- only answered calls are in the index
        kind = recorded.headers.get("content-type", "application/json")
        body = recorded.body
        payload = body.encode() if isinstance(body, str) and "json" not in kind else body
        return Reply(recorded.status, payload)

    def _turn(self, session: CaseSession, request: Request, key: int, found: list[int]) -> int:
        """Which of the recorded answers it is: the key's own, the one given before, or the next."""
        given = request.headers.get("idempotency-key")
        if given is not None:
            known = (self._read(place).request.headers.get("idempotency-key") for place in found)
            own = next((number for number, each in enumerate(known) if each == given), None)
            if own is not None:
                return own
            again = session.jobs.setdefault(f"{self.name}\0{key}", {})
            return int(again.setdefault(given, min(len(again), len(found) - 1)))
        return min(session.count(f"{self.name}\0{key}"), len(found)) - 1

    def _unmatched(self, session: CaseSession, request: Request, place: str) -> Refusal:
        """Loud: a gap that names the closest recorded call and how it differs."""
        session.gaps.append(
            CoverageGap(system=self.name, method=request.method, path=request.path,
                        reason="recording", detail=self._closest(request, place))
        )  # fmt: skip
        return self.refusal(501, f"{request.method} {request.path}: not available")

    def _closest(self, request: Request, place: str) -> str:
        near = self._near.of(_mark(place))[:_LOOKED_AT]
        if not near:
            like = difflib.get_close_matches(place, self._places, 1, 0.0)
            return f"the closest recorded call is {like[0]}" if like else "no call was recorded"
        asked = _flat(request.query, _decoded(request.body))
        told = (self._read(each).request for each in near)
        differences = (
            list(_differences(_flat(urlsplit(each.url).query, each.body), asked)) for each in told
        )
        best = min(differences, key=len)
        return f"the closest recorded call differs in {'; '.join(best)}"

    def _read(self, offset: int) -> Interaction:
        with self._path.open("rb") as file:
            file.seek(offset)
            return _decode(file.readline())


class _Index:
    """From a number to places in a file, in two flat arrays."""

    def __init__(self) -> None:
        self.marks, self.offsets = array("q"), array("q")

    def add(self, mark: int, offset: int) -> None:
        self.marks.append(mark)
        self.offsets.append(offset)

    def sorted(self) -> _Index:
        order = sorted(range(len(self.marks)), key=self.marks.__getitem__)
        made = _Index()
        for place in order:
            made.add(self.marks[place], self.offsets[place])
        return made

    def of(self, mark: int) -> list[int]:
        found, place = [], bisect_left(self.marks, mark)
        while place < len(self.marks) and self.marks[place] == mark:
            found.append(self.offsets[place])
            place += 1
        return found


class _Everything(Dispatcher):
    """Every path is served: whether it was recorded is only known with query and body."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        super().__init__(())
        self._read, self._write = (Route((each,), ()) for each in operations)

    def find(self, method: str, segments: list[str]) -> Route:
        del segments
        return self._read if method in _READS else self._write

    def methods(self, segments: list[str]) -> tuple[str, ...]:
        del segments
        return ()


def _operation(system: str, verb: str, handler: Any) -> Operation:
    writes = verb == "write"
    return Operation(
        name=f"{system}.{verb}", system=system, method="POST" if writes else "GET",
        template="/any", description=f"A recorded {verb} of {system}.",
        params={"type": "object", "properties": {}}, handler=handler,
        effect=Effect.WRITE if writes else Effect.READ,
        action_class=ActionClass.APPROVAL_REQUIRED if writes else ActionClass.READ_ONLY,
        gist=lambda call: {"method": call.request.method, "path": call.request.path, **call.fields},
    )  # fmt: skip


def _plain(path: str) -> str:
    return unquote(path).rstrip("/") or "/"


def _mark(text: str) -> int:
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)


def _key(place: str, query: str, body: Any) -> int:
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    text = orjson.dumps([pairs, body], option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return _mark(f"{place}\0{text.decode()}")


def _decoded(body: bytes) -> Any:
    """A body as recordings keep it."""
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace")
    pairs = parse_qsl(text, keep_blank_values=True)
    if not pairs or "=" not in text:
        return text
    found: dict[str, Any] = {}
    for name, value in pairs:
        known = found.get(name)
        found[name] = (
            value if known is None else [*(known if isinstance(known, list) else [known]), value]
        )
    return found


def _flat(query: str, body: Any) -> dict[str, str]:
    found = {f"query.{name}": value for name, value in parse_qsl(query, keep_blank_values=True)}
    return found | dict(_leaves("body", body))


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(f"{name}.{key}", each)
    elif value is not None:
        yield name, str(value)


def _differences(recorded: Mapping[str, str], asked: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(recorded.keys() | asked.keys()):
        if recorded.get(name) != asked.get(name):
            was, now = recorded.get(name, "nothing"), asked.get(name, "nothing")
            yield f"`{name}`: {was[:80]} recorded, {now[:80]} asked"
