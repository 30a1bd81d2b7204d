"""HAR 1.2: what browsers and proxies save of the HTTP traffic that they saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from understudy.traffic.forks import Stripe
from understudy.traffic.http.base64_body import unpacked_base64
from understudy.traffic.http.exchange import Exchange, Message, headers_of, labels_of
from understudy.traffic.json_stream import Broken, Entry, json_items
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import Malformed
from understudy.traffic.source_file import Limits

__all__ = ["har_entries", "har_stripe", "read_har"]


def har_entries(path: Path, limits: Limits) -> Iterator[Entry | Broken] | None:
    """The entries of a HAR, or None where the file is something else."""
    return json_items(path, (("log", "entries"), ("entries",)), limits)


def har_stripe(path: Path, limits: Limits, stripe: Stripe) -> Iterator[Entry | Broken] | None:
    """Those of the entries that one of several processes takes."""
    entries = har_entries(path, limits)
    return entries and (entry for entry in entries if stripe.takes(entry.offset))


def read_har(entry: Any, offset: int) -> Exchange:
    """The exchange of one entry; raises `Malformed` where it is none."""
    if not isinstance(entry, dict):
        raise Malformed("not an object")
    request = entry.get("request")
    if not isinstance(request, dict):
        raise Malformed("no request")
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or not method or not isinstance(url, str):
        raise Malformed("a request without method or URL")
    warnings: list[str] = []
    status, response = _response(entry.get("response"), warnings)
    return Exchange(
        method=method.upper(),
        url=url,
        request=Message(_headers(request), _posted(request.get("postData"))),
        status=status,
        response=response,
        started_at=moment_of(entry.get("startedDateTime")),
        latency_ms=_latency(entry.get("time")),
        offset=offset,
        correlation_id=_text(entry.get("_correlation_id")),
        actor=_text(entry.get("_actor")),
        handling=_text(entry.get("_handling")),
        labels=labels_of(entry.get("_case")),
        warnings=tuple(warnings),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _response(value: Any, warnings: list[str]) -> tuple[int | None, Message | None]:
    """The answer; browsers write status 0 where none came."""
    if not isinstance(value, dict):
        return None, None
    status = value.get("status")
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status < 600:
        return None, None
    return status, Message(_headers(value), _content(value.get("content"), warnings))


def _headers(part: Mapping[str, Any]) -> dict[str, str]:
    found = part.get("headers")
    pairs = [
        (item["name"], item["value"])
        for item in (found if isinstance(found, list) else [])
        if isinstance(item, dict)
        and isinstance(item.get("name"), str)
        and isinstance(item.get("value"), str)
    ]
    return headers_of(pairs)


def _content(value: Any, warnings: list[str]) -> bytes | str | None:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return None
    text: str = value["text"]
    if value.get("encoding") != "base64":
        return text
    return unpacked_base64(text, warnings)


def _posted(value: Any) -> str | None:
    """The body of a request: its text, or the form that was taken apart."""
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("text"), str) and value["text"]:
        return str(value["text"])
    params = value.get("params")
    if not isinstance(params, list) or not params:
        return None
    from urllib.parse import urlencode

    return urlencode(
        [
            (str(item.get("name", "")), str(item.get("value", "")))
            for item in params
            if isinstance(item, dict)
        ]
    )


def _latency(value: Any) -> int | None:
    return round(value) if isinstance(value, int | float) and 0 <= value < 1e12 else None
