"""Writes a recording as others write recorded HTTP: HAR 1.2, or a cassette of VCR.py.

Each case stands there as the event that began it, a webhook as the vendor signs it, with what is
known of the case beside it; who did what and when stands in fields that other readers leave alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from understudy.model.case import Case
from understudy.model.interaction import Interaction, RecordedRequest, RecordedResponse
from understudy.model.new_file import file_aside
from understudy.model.world import World
from understudy.traffic.http.replaying import ids_asked
from understudy.traffic.labels import State, labels_of_case
from understudy.traffic.recording import Recording

__all__ = ["exchanges_of", "write_har", "write_vcr"]

_SIGNED = {
    "zendesk": "x-zendesk-webhook-signature",
    "stripe": "stripe-signature",
    "hubspot": "x-hubspot-signature-v3",
}
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_CORRELATION = "x-correlation-id"
_HOOK = "https://hooks.example.com/events"


def exchanges_of(recording: Recording, world: World) -> Iterator[Interaction]:
    """The recording's exchanges in order, each case's event before what people did about it.

    With an event go the objects that people wrote to, as they were in the world when it came.
    """
    touched: dict[str, set[str]] = {}
    for one in recording.interactions():
        if one.request.method not in ("GET", "HEAD"):
            touched.setdefault(one.correlation_id or "", set()).update(ids_asked(one))
    waiting = {case.case_id: case for case in recording.cases}
    for one in recording.interactions():
        case = waiting.pop(one.correlation_id or "", None)
        if case is not None:
            yield _event(case, recording, _states(case, world, touched.get(case.case_id, set())))
        # A recording that was exported before holds such events already; they are made anew.
        if one.labels is None or one.request.url != _HOOK:
            yield one
    for case in waiting.values():
        yield _event(case, recording, ())


def _states(case: Case, world: World, ids: set[str]) -> tuple[State, ...]:
    then = world if case.received_at is None else world.as_of(case.received_at)
    rows = ((table, i, then.get(table, i)) for i in sorted(ids) for table in sorted(then.tables))
    return tuple(State(table, i, dict(row)) for table, i, row in rows if row is not None)


def write_har(recording: Recording, world: World, path: Path) -> int:
    """Write a HAR; returns the number of its entries."""
    creator = json.dumps({"name": "understudy", "version": "1"})
    head = f'{{"log":{{"version":"1.2","creator":{creator},"pages":[],"entries":['
    return _write(recording, world, path, head, _har_entry, "]}}")


def write_vcr(recording: Recording, world: World, path: Path) -> int:
    """Write a cassette, in JSON where the file is named so and in YAML else: YAML reads JSON."""
    return _write(recording, world, path, '{"interactions":[', _vcr_entry, '],"version":1}')


def _write(
    recording: Recording,
    world: World,
    path: Path,
    head: str,
    entry: Callable[[Interaction], Any],
    end: str,
) -> int:
    count = 0
    with file_aside(path) as aside, aside.open("w", encoding="utf-8") as file:
        file.write(head)
        for one in exchanges_of(recording, world):
            file.write(",\n" if count else "\n")
            file.write(json.dumps(entry(one), ensure_ascii=False))
            count += 1
        file.write(f"\n{end}\n")
    return count


def _event(case: Case, recording: Recording, state: tuple[State, ...]) -> Interaction:
    """The webhook that brought a case in."""
    system, trigger = case.trigger.system, case.trigger
    baselines = recording.baselines_of(case.case_id)
    request = RecordedRequest(
        method="POST", url=_HOOK,
        headers={"content-type": _JSON, _SIGNED.get(system, _SIGNED["zendesk"]): "unsigned"},
        body={"type": trigger.type, **trigger.payload},
    )  # fmt: skip
    return Interaction(
        interaction_id=case.case_id, seq=0, system=system, correlation_id=case.case_id,
        started_at=case.received_at, request=request,
        response=RecordedResponse(status=200, headers={"content-type": _JSON}, body={}),
        labels=labels_of_case(case, baselines, state),
    )  # fmt: skip


def _request_headers(one: Interaction) -> dict[str, str]:
    own = {_CORRELATION: one.correlation_id} if one.correlation_id else {}
    return {**one.request.headers, **own}


def _body(value: Any, headers: Mapping[str, str]) -> str | None:
    """A body as it goes over the wire."""
    if value is None or isinstance(value, str):
        return value
    if _FORM in headers.get("content-type", "") and isinstance(value, dict):
        return urlencode(value, doseq=True)
    return orjson.dumps(value).decode()


def _beside(one: Interaction, sign: str, case: str) -> dict[str, Any]:
    """What the format has no place for, under names that its readers leave alone."""
    known = {"correlation_id": one.correlation_id, "actor": one.actor, "handling": one.handling,
             case: one.labels}  # fmt: skip
    return {f"{sign}{name}": value for name, value in known.items() if value is not None}


def _har_entry(one: Interaction) -> dict[str, Any]:
    request, response = one.request, one.response or RecordedResponse(status=0)
    headers, query = _request_headers(one), urlsplit(request.url).query
    sent, text = _body(request.body, headers), _body(response.body, response.headers) or ""
    kind = response.headers.get("content-type", "")
    posted = {"mimeType": headers.get("content-type", ""), "text": sent}
    took = 0 if one.latency_ms is None else one.latency_ms
    return {
        **({} if one.started_at is None else {"startedDateTime": _iso(one.started_at)}),
        "time": took,
        "request": {
            "method": request.method, "url": request.url, "httpVersion": "HTTP/1.1", "cookies": [],
            "headers": _pairs(headers), "queryString": _pairs(dict(parse_qsl(query))),
            **({} if sent is None else {"postData": posted}),
            "headersSize": -1, "bodySize": len((sent or "").encode()),
        },
        "response": {
            "status": response.status, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [],
            "headers": _pairs(response.headers),
            "content": {"size": len(text.encode()), "mimeType": kind, "text": text},
            "redirectURL": "", "headersSize": -1, "bodySize": -1,
        },
        "cache": {}, "timings": {"send": 0, "wait": took, "receive": 0},
        **_beside(one, "_", "case"),
    }  # fmt: skip


def _vcr_entry(one: Interaction) -> dict[str, Any]:
    headers, response = _request_headers(one), one.response
    answered = {
        "status": {"code": response.status, "message": ""},
        "headers": {name: [value] for name, value in response.headers.items()},
        "body": {"string": _body(response.body, response.headers) or ""},
    } if response else None  # fmt: skip
    told = {"recorded_at": None if one.started_at is None else _iso(one.started_at),
            "latency_ms": one.latency_ms}  # fmt: skip
    return {
        "request": {
            "method": one.request.method, "uri": one.request.url,
            "body": _body(one.request.body, headers),
            "headers": {name: [value] for name, value in headers.items()},
        },
        "response": answered,
        **{name: value for name, value in told.items() if value is not None},
        **_beside(one, "", "case"),
    }  # fmt: skip


def _pairs(told: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in told.items()]


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
