"""A server of W1-S in a process of its own, until its standard input ends.

    python -m tests.benchmarks.server understudy|bare

It prints its address and the key to show, as JSON.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator

from tests.benchmarks import w1

from understudy.doors.loopback import addresses, listening, running
from understudy.doors.serving import open_world

__all__ = ["SERVERS"]

_CUSTOMERS = 500
_BODY = json.dumps({"id": "cus_00000", "object": "customer", "padding": "x" * 900}).encode()
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_BODY))]


@contextlib.contextmanager
def _understudy() -> Iterator[tuple[str, str]]:
    with open_world(w1.world(_CUSTOMERS), systems={"finance": "stripe"}, seed=7) as served:
        yield served.urls["stripe"], served.session.credentials["stripe"]["api_key"]


async def _constant(scope, receive, send) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})


@contextlib.contextmanager
def _bare() -> Iterator[tuple[str, str]]:
    with listening(["bare"]) as doors, running([(_constant, doors["bare"])]):
        yield addresses(doors)["bare"], "none"


SERVERS = {"understudy": _understudy, "bare": _bare}


if __name__ == "__main__":
    with SERVERS[sys.argv[1]]() as (address, key):
        sys.stdout.write(json.dumps([address, key]) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
