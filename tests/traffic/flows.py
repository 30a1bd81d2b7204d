"""mitmproxy's flows as it writes them."""

from __future__ import annotations

__all__ = ["NOON", "flow", "tnet"]

NOON = 1_790_856_000.0


def tnet(value):
    """A value as a tnetstring, as mitmproxy writes it."""
    if isinstance(value, dict):
        inside, kind = b"".join(tnet(k) + tnet(v) for k, v in value.items()), b"}"
    elif isinstance(value, list):
        inside, kind = b"".join(map(tnet, value)), b"]"
    elif value is None:
        inside, kind = b"", b"~"
    elif isinstance(value, bool):
        inside, kind = (b"true" if value else b"false"), b"!"
    elif isinstance(value, bytes):
        inside, kind = value, b","
    elif isinstance(value, str):
        inside, kind = value.encode(), b";"
    else:
        inside, kind = str(value).encode(), b"#" if isinstance(value, int) else b"^"
    return str(len(inside)).encode() + b":" + inside + kind


def flow(at=0.0, *, version=21, kind="http", **request):
    asked = {
        "method": b"POST", "scheme": b"https", "host": "10.0.0.7", "port": 443, "authority": b"",
        "path": b"/v1/refunds", "http_version": b"HTTP/1.1",
        "headers": [[b"Host", b"api.stripe.com"], [b"Content-Type", b"application/json"]],
        "content": b'{"amount": 500}', "trailers": None,
        "timestamp_start": NOON + at, "timestamp_end": NOON + at + 0.01, **request,
    }  # fmt: skip
    answer = {
        "status_code": 200, "reason": b"OK", "headers": [[b"Request-Id", b"req_1"]],
        "content": b'{"id": "re_1"}', "timestamp_start": NOON + at,
        "timestamp_end": NOON + at + 0.25,
    }  # fmt: skip
    return {
        "websocket": None, "response": answer, "request": asked, "version": version, "type": kind,
        "id": "f", "error": None, "metadata": {}, "comment": "", "timestamp_created": NOON,
    }  # fmt: skip
