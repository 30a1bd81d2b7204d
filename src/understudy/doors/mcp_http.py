"""`python -m understudy.doors.mcp_http [PORT] [OPERATION…]`: the systems as MCP tools over HTTP.

Served at `/mcp` on loopback, on a free port where none is given, which is said on standard output.
Addresses and what is offered are those of the form over standard input. The client's credential
names the case: `Authorization` as the system itself takes it, and for clients of several systems
`Stripe-Authorization`, `Zendesk-Authorization` and so on; without one it is the environment's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from understudy.doors.loopback import listening
from understudy.doors.mcp_stdio import check_extra, served_offer
from understudy.doors.mcp_tools import tool_server
from understudy.model.errors import UnderstudyError

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Offer the tools until Ctrl-C or a request to end; the exit code."""
    port = int(arguments[0]) if arguments and arguments[0].isdecimal() else 0
    wanted = arguments[1:] if arguments and arguments[0].isdecimal() else arguments
    try:
        check_extra()
        with (
            served_offer(os.environ, wanted, own_keys=True) as offer,
            listening(["mcp"], {"mcp": port}) as doors,
        ):
            door = doors["mcp"]
            print("http://{}:{}/mcp".format(*door.getsockname()), flush=True)  # noqa: T201 -- a process of its own says where it is
            _server(tool_server(offer).streamable_http_app()).run(sockets=[door])
    except UnderstudyError as error:
        print(error.describe(), file=sys.stderr)  # noqa: T201 -- a process of its own says what it lacks
        return int(error.exit_code)
    except KeyboardInterrupt:
        return 130
    return 0


def _server(application: Any) -> Any:
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
