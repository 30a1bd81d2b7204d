"""VCR.py cassettes, in YAML and JSON; they have order, and neither times nor latencies."""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.model.canonical import digest_file
from understudy.model.manifest import SourceFile
from understudy.traffic.exchange import Exchange, Message, headers_of
from understudy.traffic.raw_record import Malformed
from understudy.traffic.source_file import JsonFile, Limits, read_text, unreadable

__all__ = ["read_cassette", "read_vcr", "vcr_interactions"]

_MOST_NODES = 5_000_000
# The tags that old cassettes hold; of all others nothing is built.
_TEXT_TAGS = ("python/unicode", "python/str")


def read_cassette(path: Path, limits: Limits) -> JsonFile:
    """A cassette's content; YAML is read without building anything but plain values."""
    text = read_text(path, limits)
    source = SourceFile(file=path.name, sha256=digest_file(path), format="vcr")
    try:
        content = json.loads(text) if text.lstrip()[:1] == "{" else _yaml(text)
    except (ValueError, RecursionError) as error:
        raise unreadable(path, _first_line(str(error))) from None
    if isinstance(content, list):
        raise unreadable(path, "it is a cassette of VCR.py before 1.0; record it again")
    if isinstance(content, dict) and "http_interactions" in content:
        raise unreadable(path, "it is a cassette of Ruby's VCR, which is another format")
    if _nodes_exceed(content, _MOST_NODES):
        raise unreadable(path, f"its aliases unfold to more than {_MOST_NODES:,} values")
    return JsonFile(path, source, content)


def vcr_interactions(content: Any) -> Sequence[Any] | None:
    """The interactions of a cassette, or None where the content is something else."""
    found = content.get("interactions") if isinstance(content, dict) else None
    return found if isinstance(found, list) else None


def read_vcr(item: Any, offset: int) -> Exchange:
    """The exchange of one interaction; raises `Malformed` where it is none."""
    request = item.get("request") if isinstance(item, dict) else None
    if not isinstance(request, dict):
        raise Malformed("no request")
    method, url = request.get("method"), request.get("uri")
    if not isinstance(method, str) or not method or not isinstance(url, str):
        raise Malformed("a request without method or URL")
    status, response = _response(item.get("response"))
    return Exchange(
        method=method.upper(),
        url=url,
        request=Message(_headers(request.get("headers")), _body(request.get("body"))),
        status=status,
        response=response,
        offset=offset,
    )


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.error import YAMLError

    class Constructor(SafeConstructor):
        """Plain values, and the few tags that old cassettes hold."""

    for tag in _TEXT_TAGS:
        Constructor.add_constructor(
            f"tag:yaml.org,2002:{tag}", lambda loader, node: loader.construct_scalar(node)
        )
    Constructor.add_constructor(
        "tag:yaml.org,2002:python/tuple",
        lambda loader, node: list(loader.construct_sequence(node, deep=True)),
    )
    Constructor.add_constructor(
        "tag:yaml.org,2002:python/object/new:_io.BytesIO",
        lambda loader, node: loader.construct_mapping(node, deep=True),
    )
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Constructor
    try:
        return yaml.load(io.StringIO(text))
    except YAMLError as error:
        raise ValueError(f"it is not YAML that a cassette holds: {error}") from None


def _nodes_exceed(value: Any, limit: int) -> bool:
    """Whether the value has more parts than `limit`, aliases counted each time they stand."""
    waiting, count = [value], 0
    while waiting:
        item = waiting.pop()
        count += 1
        if count > limit:
            return True
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False


def _response(value: Any) -> tuple[int | None, Message | None]:
    if not isinstance(value, dict):
        return None, None
    status = value.get("status")
    code = status.get("code") if isinstance(status, dict) else status
    if not isinstance(code, int) or isinstance(code, bool):
        return None, None
    return code, Message(_headers(value.get("headers")), _body(value.get("body")))


def _headers(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    pairs: list[tuple[str, str]] = []
    for name, given in value.items():
        for each in given if isinstance(given, list) else [given]:
            shown = each.decode("latin-1") if isinstance(each, bytes) else str(each)
            pairs.append((str(name), shown))
    return headers_of(pairs)


def _body(value: Any) -> bytes | str | None:
    """A body as the serializers of all versions wrote it."""
    if isinstance(value, str | bytes) or value is None:
        return value
    if not isinstance(value, dict):
        raise Malformed("a body is neither text nor bytes")
    if isinstance(value.get("base64_string"), str):
        try:
            return base64.b64decode(value["base64_string"], validate=True)
        except (binascii.Error, ValueError):
            raise Malformed("a body is not the base64 that it says") from None
    inner = value.get("string")
    if inner is None and isinstance(value.get("state"), list):
        inner = next(iter(value["state"]), None)
    if inner is not None and not isinstance(inner, str | bytes):
        raise Malformed("a body is neither text nor bytes")
    return inner


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "it is damaged"
