"""Cassettes of VCR.py, of Ruby's VCR and of betamax, in YAML and JSON.

They have order; those of VCR.py have no times of their own. Keys of an interaction that VCR.py does
not know it leaves alone: cassettes that understudy wrote say there what else is known of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from understudy.traffic.http.base64_body import unpacked_base64
from understudy.traffic.http.exchange import Exchange, Message, headers_of, labels_of
from understudy.traffic.json_stream import Broken, Entry, json_items
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import Malformed
from understudy.traffic.source_file import Limits, opened_text, read_text, unreadable
from understudy.traffic.yaml_stream import plain_yaml

__all__ = ["read_vcr", "vcr_entries"]

_HEAD = 4096
# Ruby's VCR, and betamax after it, name the list so.
_LISTS = ("interactions", "http_interactions")


def vcr_entries(path: Path, limits: Limits) -> Iterator[Entry | Broken] | None:
    """The interactions of a cassette, or None where the file is something else.

    JSON is read piece by piece. YAML is read whole, without building anything but plain values.
    """
    with opened_text(path, limits) as file:
        is_json = file.read(_HEAD).lstrip("\ufeff \t\r\n")[:1] == "{"
    if is_json:
        return json_items(path, tuple((name,) for name in _LISTS), limits)
    found = _interactions(path, read_text(path, limits))
    return None if found is None else iter([Entry(n, item) for n, item in enumerate(found, 1)])


def _interactions(path: Path, text: str) -> Sequence[Any] | None:
    try:
        content = plain_yaml(text)
    except ValueError as error:
        raise unreadable(path, str(error).splitlines()[0]) from None
    if isinstance(content, list):
        raise unreadable(path, "it is a cassette of VCR.py before 1.0; record it again")
    lists = (content.get(name) for name in _LISTS) if isinstance(content, dict) else ()
    return next((found for found in lists if isinstance(found, list)), None)


def read_vcr(item: Any, offset: int) -> Exchange:
    """The exchange of one interaction; raises `Malformed` where it is none."""
    request = item.get("request") if isinstance(item, dict) else None
    if not isinstance(request, dict):
        raise Malformed("no request")
    method, url = request.get("method"), request.get("uri")
    if not isinstance(method, str) or not method or not isinstance(url, str):
        raise Malformed("a request without method or URL")
    warnings: list[str] = []
    status, response = _response(item.get("response"), warnings)
    return Exchange(
        method=method.upper(),
        url=url,
        request=Message(_headers(request.get("headers")), _body(request.get("body"), warnings)),
        status=status,
        response=response,
        started_at=moment_of(item.get("recorded_at"), UTC),
        latency_ms=_latency(item.get("latency_ms")),
        offset=offset,
        correlation_id=_text(item.get("correlation_id")),
        actor=_text(item.get("actor")),
        handling=_text(item.get("handling")),
        labels=labels_of(item.get("case")),
        warnings=tuple(warnings),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _latency(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _response(value: Any, warnings: list[str]) -> tuple[int | None, Message | None]:
    if not isinstance(value, dict):
        return None, None
    status = value.get("status")
    code = status.get("code") if isinstance(status, dict) else status
    if not isinstance(code, int) or isinstance(code, bool):
        return None, None
    return code, Message(_headers(value.get("headers")), _body(value.get("body"), warnings))


def _headers(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    pairs: list[tuple[str, str]] = []
    for name, given in value.items():
        for each in given if isinstance(given, list) else [given]:
            shown = each.decode("latin-1") if isinstance(each, bytes) else str(each)
            pairs.append((str(name), shown))
    return headers_of(pairs)


def _body(value: Any, warnings: list[str]) -> bytes | str | None:
    """A body as the serializers of all versions wrote it."""
    if isinstance(value, str | bytes) or value is None:
        return value
    if not isinstance(value, dict):
        raise Malformed("a body is neither text nor bytes")
    if isinstance(value.get("base64_string"), str):
        return unpacked_base64(value["base64_string"], warnings)
    inner = value.get("string")
    if inner is None and isinstance(value.get("state"), list):
        inner = next(iter(value["state"]), None)
    if inner is not None and not isinstance(inner, str | bytes):
        raise Malformed("a body is neither text nor bytes")
    return inner
