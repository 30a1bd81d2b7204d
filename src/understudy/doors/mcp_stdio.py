"""`python -m understudy.doors.mcp_stdio [OPERATION…]`: the systems as MCP tools on standard input.

Addresses and credentials are taken from the environment, as a served world prints them
(`STRIPE_API_BASE`, `STRIPE_API_KEY` and so on), so the credential names the case here too. Names
and patterns of operations, as `stripe.refunds.*`, narrow the offer; `--system module:Class` adds a
system of the user's that is served as well.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from understudy.doors.mcp_tools import Offer, offered, tool_server
from understudy.doors.variables import credentials_from
from understudy.model.errors import ConfigurationError, UnderstudyError
from understudy.systems.message import Request, Response
from understudy.systems.routes import KNOWN, mounted

__all__ = ["asking", "check_extra", "main", "served_offer"]

_SHAPE = "x" * 86
_SECONDS = 600.0
_OWN_HEADERS = ("content-length", "content-encoding", "transfer-encoding", "connection")


def main(arguments: Sequence[str]) -> int:
    """Offer the tools until the client goes; the exit code."""
    import asyncio

    try:
        check_extra()
        with served_offer(os.environ, arguments) as offer:
            asyncio.run(_serve(offer))
    except UnderstudyError as error:
        print(error.describe(), file=sys.stderr)  # noqa: T201 -- a process of its own says what it lacks
        return int(error.exit_code)
    except KeyboardInterrupt:
        return 130
    return 0


@contextlib.contextmanager
def served_offer(
    environment: Mapping[str, str], wanted: Sequence[str] = (), *, own_keys: bool = False
) -> Iterator[Offer]:
    """The offer that an environment describes: every system with an address and a credential.

    `wanted` are names and patterns of operations, and systems of the user's as `module:Class`, with
    or without `--system` before them as at `systems serve`.
    With `own_keys` clients bring credentials of their own, and an address is enough. Raises
    `ConfigurationError` where there is no system.
    """
    named = [name.removeprefix("--system=") for name in wanted if name != "--system"]
    own = [name for name in named if ":" in name]
    wanted = [name for name in named if ":" not in name]
    known = mounted({name: name for name in (*KNOWN, *own)})
    shapes = {name: system.credentials(_SHAPE) for name, system in known.items()}
    credentials = credentials_from(environment, shapes)
    reached = known if own_keys else credentials
    bases = {name: environment.get(f"{name.upper()}_API_BASE", "") for name in reached}
    there = {name: known[name] for name, base in bases.items() if base}
    if not there:
        lacking = "an address" if own_keys else "both an address and a credential"
        raise ConfigurationError(
            f"no system has {lacking} in the environment",
            hint="source what `understudy systems serve WORLD` prints, in this shell",
        )
    with asking({there[name].base_url: bases[name] for name in there}) as ask:
        held = {name: given for name, given in credentials.items() if name in there}
        yield Offer(offered(there, wanted), held, ask, there)


@contextlib.contextmanager
def asking(addresses: Mapping[str, str]) -> Iterator[Callable[[Request], Response]]:
    """A way to send requests for the vendors' base URLs to the `addresses` that stand for them."""
    import httpx

    hosts = {base.partition("://")[2]: address for base, address in addresses.items()}
    with httpx.Client(trust_env=False, timeout=_SECONDS) as client:

        def ask(request: Request) -> Response:
            url = f"{hosts[request.host]}{request.path}"
            target = f"{url}?{request.query}" if request.query else url
            answer = client.request(
                request.method, target, headers=dict(request.headers), content=request.body
            )
            headers = [
                (name, text) for name, text in answer.headers.items() if name not in _OWN_HEADERS
            ]
            return Response(answer.status_code, tuple(headers), answer.content)

        yield ask


async def _serve(offer: Offer) -> None:
    from mcp.server.stdio import stdio_server

    server = tool_server(offer)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def check_extra() -> None:
    """Raise `ConfigurationError` where the package that speaks the protocol is not installed."""
    if importlib.util.find_spec("mcp") is None:
        raise ConfigurationError(
            "the tools are served with the package `mcp`, which is not installed",
            hint=f"{sys.executable} -m pip install 'understudy[mcp]'",
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
