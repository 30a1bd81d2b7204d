"""Faults of models: down, slow, wrong or cut off, by the same plan as those of the systems."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from understudy.doors.gateway_nonsense import NONSENSE, nonsense
from understudy.doors.gateway_wire import (
    CHAT,
    EMBEDDINGS,
    JSON,
    RESPONSES,
    ModelAnswer,
    ModelRequest,
    Source,
    blocks_of,
    error_body,
)
from understudy.model.campaign import Fault, FaultKind
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.proposal import FaultCount
from understudy.systems.fault_options import options_of
from understudy.systems.faults import draw

__all__ = ["FaultyModels", "check_model_fault", "is_about_models"]

_SYSTEM = "models"
_OPERATIONS = {
    CHAT: "models.chat",
    RESPONSES: "models.responses",
    EMBEDDINGS: "models.embeddings",
}
_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded", 503: "server_overloaded"}


def is_about_models(fault: Fault) -> bool:
    """Whether a fault of a campaign befalls model calls; else it befalls the systems."""
    match = fault.match
    return match.system == _SYSTEM or (match.operation or "").startswith(f"{_SYSTEM}.")


class FaultyModels:
    """Hands calls on, with what befalls them.

    `nth` counts a case's calls that a fault could befall; whether one with a share strikes is drawn
    from seed, case, operation and attempt, as for the systems.
    """

    def __init__(self, source: Source, faults: Sequence[Fault], seed: int) -> None:
        for fault in faults:
            check_model_fault(fault)
        self._faults = tuple((fault, options_of(fault)) for fault in faults)
        self._source = source
        self._seed = seed
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    async def answer(self, request: ModelRequest) -> ModelAnswer:
        """The answer, or what becomes of it."""
        striking = self._striking(request)
        given: ModelAnswer | None = None
        for fault, options in striking:
            before = _BEFORE.get(fault.do)
            given = before(options) if before else given
        if given is None:
            given = await self._source.answer(request)
        for fault, options in striking:
            given = _damaged(given, fault.do) if fault.do in _DAMAGES else given
            if fault.do is FaultKind.NONSENSE:
                given = nonsense(given, self._form(request, options["form"]))
            given = replace(given, silence=given.silence + options.get("seconds", 0.0))
        return given

    def _striking(self, request: ModelRequest) -> list[tuple[Fault, dict[str, Any]]]:
        operation = _OPERATIONS[request.path]
        case_id = request.scope.partition("#")[0]
        found = []
        with self._lock:
            attempt = self._count(request.scope, operation)
            for index, (fault, options) in enumerate(self._faults):
                if not _could_befall(fault, operation, case_id):
                    continue
                nth = self._count(request.scope, f"fault {index}")
                drawn = draw(self._seed, request.scope, operation, attempt, index)
                if not fault.spares(nth) and drawn < fault.match.share:
                    self._count(request.scope, f"blows of fault {index}")
                    found.append((fault, options))
        return found

    def told(self, scope: str) -> dict[str, FaultCount]:
        """What became of the planned faults in one case and repeat."""
        found: dict[str, FaultCount] = {}
        with self._lock:
            for index, (fault, _) in enumerate(self._faults):
                if fnmatchcase(scope.partition("#")[0], fault.match.case or "*"):
                    met = self._counts[scope, f"fault {index}"]
                    acted = self._counts[scope, f"blows of fault {index}"]
                    count = FaultCount(met=met, struck=acted, acted=acted)
                    found[str(fault)] = found.get(str(fault), FaultCount()) + count
        return found

    def _form(self, request: ModelRequest, asked: str) -> str:
        """In which way an answer is wrong: by seed and content, so a repeat is wrong likewise."""
        drawn = draw(self._seed, request.scope, request.key, 0, 0)
        return asked if asked in NONSENSE else list(NONSENSE)[int(drawn * len(NONSENSE))]

    def _count(self, scope: str, what: str) -> int:
        self._counts[scope, what] += 1
        return self._counts[scope, what]


def _could_befall(fault: Fault, operation: str, case_id: str) -> bool:
    match = fault.match
    return fnmatchcase(operation, match.operation or "*") and fnmatchcase(
        case_id, match.case or "*"
    )


def check_model_fault(fault: Fault) -> None:
    """Raise `ConfigurationError` for a fault that no call of a model could meet."""
    wanted = fault.match.operation
    names = list(_OPERATIONS.values())
    if wanted is not None and not any(fnmatchcase(name, wanted) for name in names):
        raise ConfigurationError(
            f"a fault is to befall `{wanted}`, which is no call of models{nearest(wanted, names)}",
            hint=f"known: {', '.join(names)}",
        )
    known = (*_BEFORE, *_DAMAGES, FaultKind.LATENCY, FaultKind.NONSENSE)
    if fault.do not in known:
        raise ConfigurationError(
            f"the fault `{fault.do}` cannot befall models; known are {', '.join(known)}"
        )
    options_of(fault)


def _status(options: dict[str, Any]) -> ModelAnswer:
    status, wait = options["status"], options["retry_after"]
    body = error_body(_CODES.get(status, "server_error"), options["message"])
    headers = () if wait is None else (("retry-after", str(wait)),)
    return ModelAnswer(status, JSON, blocks_of([body]), headers)


def _html(options: dict[str, Any]) -> ModelAnswer:
    return ModelAnswer(options["status"], "text/html", blocks_of([_PAGE]))


def _reset(options: dict[str, Any]) -> ModelAnswer:
    del options
    return ModelAnswer(200, JSON, blocks_of([]), cut=True)


def _expired(options: dict[str, Any]) -> ModelAnswer:
    del options
    body = error_body("invalid_api_key", "Incorrect API key provided.")
    return ModelAnswer(401, JSON, blocks_of([body]))


_BEFORE: dict[FaultKind, Callable[[dict[str, Any]], ModelAnswer]] = {
    FaultKind.STATUS: _status,
    FaultKind.HTML: _html,
    FaultKind.HANG: _reset,
    FaultKind.RESET: _reset,
    FaultKind.TOKEN_EXPIRY: _expired,
}
_DAMAGES = (FaultKind.TRUNCATE, FaultKind.HALF_JSON)


def _damaged(answer: ModelAnswer, kind: FaultKind) -> ModelAnswer:
    return replace(answer, blocks=_half(answer.blocks), cut=kind is FaultKind.TRUNCATE)


async def _half(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    kept = [block async for block in blocks]
    body = b"".join(kept)
    if len(kept) > 2:
        for block in kept[: len(kept) // 2]:
            yield block
    else:
        yield body[: len(body) // 2]
