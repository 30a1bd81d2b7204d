"""Listeners that are made inside a candidate's network and served from outside of it.

A listening socket belongs to the network in which it was made, whoever holds it. So the process
opens its listeners before it is sealed and hands them to the supervisor over the Unix socket that
it was born with; what the candidate connects to there is answered by the supervisor.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass

from understudy.shadow.protocol import Listening, Setup

__all__ = ["MODELS", "Handover", "taken_over"]

MODELS = "models"
Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Handover:
    """Where the models are found from inside, and what the wall lets through."""

    models_url: str
    allow: tuple[Address, ...]

    @classmethod
    def of(cls, setup: Setup, isolated: bool, tell: Callable[[Listening], None]) -> Handover:
        """Open what is wanted, and hand it over; to be called before the process is sealed."""
        if setup.door < 0:
            return cls("", setup.allow)
        needs = setup.allow if setup.forwarded and isolated else ()
        with contextlib.ExitStack() as stack, socket.socket(fileno=setup.door) as door:
            opened = [stack.enter_context(_listener(address)) for address in needs]
            names = [_shown(address) for address in needs]
            url = ""
            own: tuple[Address, ...] = ()
            if setup.model_key:
                models = stack.enter_context(_listener(("127.0.0.1", 0)))
                address: Address = models.getsockname()[:2]
                opened.append(models)
                names.append(MODELS)
                url, own = f"http://{_shown(address)}/v1", (address,)
            if opened:
                socket.send_fds(door, [b"."], [each.fileno() for each in opened])
                tell(Listening(names=tuple(names)))
        return cls(url, (*setup.allow, *own))


def taken_over(door: socket.socket, names: Collection[str]) -> dict[str, socket.socket]:
    """The listeners that a process has handed over, by name."""
    _, numbers, _, _ = socket.recv_fds(door, 1, len(names))
    return {name: socket.socket(fileno=each) for name, each in zip(names, numbers, strict=True)}


def _listener(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    host = "127.0.0.1" if address[0] == "localhost" else address[0]
    return socket.create_server((host, address[1]), family=family, backlog=256)


def _shown(address: Address) -> str:
    return f"{address[0]}:{address[1]}"
