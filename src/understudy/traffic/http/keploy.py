"""Keploy's YAML: recorded calls to an application, and the calls that it made itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from understudy.traffic.http.exchange import Exchange, Message, headers_of
from understudy.traffic.json_stream import Broken, Entry
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import LeftOut, Malformed
from understudy.traffic.source_file import Limits
from understudy.traffic.yaml_stream import yaml_documents

__all__ = ["keploy_entries", "read_keploy"]

_ELSEWHERE = ("body_ref", "body_skipped")


def keploy_entries(path: Path, limits: Limits) -> Iterator[Entry | Broken]:
    """The test cases and mocks of a file, by number."""
    return yaml_documents(path, limits)


def read_keploy(document: Any, offset: int) -> Exchange:
    """The exchange of one test case or mock; `LeftOut` where it is not HTTP, else `Malformed`."""
    if not isinstance(document, dict) or "keploy.io" not in str(document.get("version")):
        raise Malformed("not a record of Keploy's")
    kind = document.get("kind")
    if str(kind).lower() not in ("http", "http2"):
        raise LeftOut(f"a Keploy record of kind {kind}")
    spec = document.get("spec")
    request = spec.get("req") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(request, dict):
        raise Malformed("no request")
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or not method or not isinstance(url, str):
        raise Malformed("a request without method or URL")
    response = spec.get("resp")
    started = _at(request.get("timestamp"), spec, "req")
    status, answer = _response(response)
    return Exchange(
        method=method.upper(),
        url=url,
        request=Message(_headers(request), _body(request)),
        status=status,
        response=answer,
        started_at=started,
        latency_ms=_latency(started, _ended(spec, response)),
        offset=offset,
        warnings=_warnings(request, response),
    )


def _response(value: Any) -> tuple[int | None, Message | None]:
    status = value.get("status_code") if isinstance(value, dict) else None
    if not isinstance(status, int) or isinstance(status, bool):
        return None, None
    return status, Message(_headers(value), _body(value))


def _headers(part: dict[str, Any]) -> dict[str, str]:
    found = part.get("header")
    return headers_of(
        [(str(name), str(value)) for name, value in found.items()]
        if isinstance(found, dict)
        else []
    )


def _body(part: dict[str, Any]) -> bytes | str | None:
    body = part.get("body")
    return body if isinstance(body, str | bytes) else None


def _warnings(request: dict[str, Any], response: Any) -> tuple[str, ...]:
    parts = [request, response if isinstance(response, dict) else {}]
    apart = any(part.get(name) for part in parts for name in _ELSEWHERE)
    return ("a body lies outside of the record and was left out",) if apart else ()


def _ended(spec: dict[str, Any], response: Any) -> datetime | None:
    stated = response.get("timestamp") if isinstance(response, dict) else None
    return _at(stated, spec, "res")


def _at(stated: Any, spec: dict[str, Any], part: str) -> datetime | None:
    """A time in UTC: YAML readers give a time that was written with a zone without it."""
    names = (f"{part}timestampmock", f"{part}TimestampMock")
    told = stated or next((spec[name] for name in names if spec.get(name)), None)
    return moment_of(told, UTC)


def _latency(start: datetime | None, end: datetime | None) -> int | None:
    if start is None or end is None or end < start:
        return None
    return round((end - start).total_seconds() * 1000)
