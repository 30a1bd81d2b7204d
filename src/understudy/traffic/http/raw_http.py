"""Raw HTTP/1 messages, as captures hold them."""

from __future__ import annotations

from understudy.traffic.http.exchange import headers_of

__all__ = ["parsed_http"]


_ANSWER, _DIGITS = "HTTP/", 20
_CUT = "a body breaks off before the length that it states"


def parsed_http(raw: bytes, warnings: list[str]) -> tuple[str, dict[str, str], bytes]:
    r"""Start line, headers and body of a message, chunks put together.

    Captures lose packets, and half an amount is another amount: what breaks off is warned of. No
    body at all may be the answer to a HEAD.

    >>> parsed_http(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\nx", [])
    ('GET / HTTP/1.1', {'host': 'a.test'}, b'x')
    """
    head, _, body = raw.partition(b"\r\n\r\n") if b"\r\n\r\n" in raw else raw.partition(b"\n\n")
    lines = head.decode("latin-1").splitlines()
    pairs = [line.partition(":") for line in lines[1:] if ":" in line]
    headers = headers_of([(name.strip(), value.strip()) for name, _, value in pairs])
    start = lines[0] if lines else ""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _joined(body, warnings)
    elif (body or not start.startswith(_ANSWER)) and _stated(headers) > len(body):
        warnings.append(_CUT)
    return start, headers, body


def _stated(headers: dict[str, str]) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < _DIGITS else 0


def _joined(body: bytes, warnings: list[str]) -> bytes:
    """The chunks of a body in one piece, so that nothing hides in the gap between two."""
    chunks: list[bytes] = []
    rest = body
    while rest:
        size, sign, rest = rest.partition(b"\r\n")
        try:
            length = int(size.partition(b";")[0], 16)
        except ValueError:
            return b"".join([*chunks, size, sign, rest])
        if length <= 0:
            break
        if length > len(rest):
            warnings.append(_CUT)
        chunks.append(rest[:length])
        rest = rest[length:].removeprefix(b"\r\n")
    return b"".join(chunks)
