"""The body of a recorded message, decoded so far that redaction can look into every part of it."""

from __future__ import annotations

import email.parser
import email.policy
import json
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from understudy.traffic.raw_record import Malformed
from understudy.traffic.source_file import depth_exceeds

__all__ = ["decoded_body"]

_LARGEST_BODY = 64 * 2**20
_DEPTH = 100
_decode = msgspec.json.Decoder().decode
_FORM, _PARTS = "application/x-www-form-urlencoded", "multipart/form-data"


def decoded_body(raw: Any, headers: Mapping[str, str], warnings: list[str]) -> Any:
    """A body as JSON, form, parts or text; bytes that are none of them are only measured.

    A value that the source had decoded already stays as it is. Raises `Malformed` for a body that
    unpacks to more than 64 MiB.
    """
    if raw is None or raw in ("", b""):
        return None
    if not isinstance(raw, bytes | str):
        return raw
    kind = headers.get("content-type", "")
    if isinstance(raw, bytes):
        raw = _unpacked(raw, warnings)
    if len(raw) > _LARGEST_BODY:
        raise Malformed(f"a body of more than {_LARGEST_BODY:,} bytes")
    if kind.lower().startswith(_PARTS) and "boundary" in kind.lower():
        return _parts(raw, kind, warnings)
    text = _text(raw)
    if text is None:
        warnings.append("a binary body was left out")
        return {"binary_bytes": len(raw)}
    return _form(text) if _FORM in kind else _json(text, warnings)


def _unpacked(raw: bytes, warnings: list[str]) -> bytes:
    """Bodies that were stored as they came over the wire are still compressed."""
    if raw[:2] != b"\x1f\x8b":
        return raw
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(raw, _LARGEST_BODY + 1)
    except zlib.error:
        warnings.append("a compressed body is damaged")
        return raw
    if not unpacker.eof and len(plain) <= _LARGEST_BODY:
        warnings.append("a compressed body breaks off")
    return plain


def _text(raw: bytes | str) -> str | None:
    if isinstance(raw, str):
        return raw
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _form(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        _add(fields, name, value)
    return fields


def _parts(raw: bytes | str, kind: str, warnings: list[str]) -> dict[str, Any]:
    """The fields of a multipart form by name; of files only what they are called and measure."""
    data = raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else raw
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(
        b"content-type: " + kind.encode("latin-1", "replace") + b"\n\n" + data
    )
    fields: dict[str, Any] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", "", header="content-disposition")
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else b""
        text = _text(content)
        if part.get_filename() is not None or text is None:
            warnings.append("a file in a form was left out")
            _add(fields, str(name), {"filename": part.get_filename(), "binary_bytes": len(content)})
        else:
            _add(fields, str(name), _json(text, warnings))
    if not fields:
        warnings.append("the parts of a form could not be told apart")
    return fields


def _add(fields: dict[str, Any], name: str, value: Any) -> None:
    if name in fields:
        earlier = fields[name]
        fields[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
    else:
        fields[name] = value


def _json(text: str, warnings: list[str]) -> Any:
    if text.lstrip()[:1] not in ("{", "["):
        return text
    value = _value(text)
    if value is text:
        return text
    openings = text.count("{") + text.count("[")
    if value is None or (openings > _DEPTH and depth_exceeds(value, _DEPTH)):
        warnings.append(f"a body is nested more than {_DEPTH} deep; it is kept as text")
        return text
    return value


def _value(text: str) -> Any:
    """The value of a text, the text itself where it is no JSON, None where it is nested too deep.

    What strict reading refuses may still have broken characters, which are mended.
    """
    try:
        return _decode(text)
    except RecursionError:
        return None
    except (msgspec.DecodeError, UnicodeError):
        pass
    try:
        return json.loads(text, parse_constant=_refused)
    except ValueError:
        return text
    except RecursionError:
        return None


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
