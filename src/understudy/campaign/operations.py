"""The mocked systems by themselves: served on loopback, and their table of operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from understudy.campaign.served_world import serve_world
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.system_settings import SystemSettings
from understudy.systems.catalogue import OperationRow, as_markdown, operations_table
from understudy.systems.equipment import equipped
from understudy.systems.openapi import openapi
from understudy.systems.routes import KNOWN
from understudy.world.store import load_world

__all__ = ["describe_operations", "openapi_of", "operations_page", "parse_ports", "serve"]


def serve(
    world: Path,
    ports: Sequence[str],
    say: Callable[[str], None],
    warn: Callable[[str], None],
    *,
    own: Sequence[str] = (),
    settings: Sequence[Path] = (),
    any_key: bool = False,
) -> None:
    """Serve a world until interrupted; `ports` name a system's port each, as `stripe=8101`.

    `own` are systems of the user's, as `module:Class`, served beside the built-in ones;
    `settings` are files of what a company has defined in the others.
    """
    systems = {name: name for name in (*KNOWN, *own)}
    chosen = parse_ports(ports) or None
    rows = load_world(world)
    for file in settings:
        rows = equipped(rows, load_document(file, SystemSettings))
    serve_world(rows, chosen, say, warn, systems=systems, any_key=any_key)


def openapi_of(system: str) -> dict[str, Any]:
    """A system's OpenAPI document; raises `ConfigurationError` where it is not mocked."""
    if system not in KNOWN and ":" not in system:
        raise ConfigurationError(
            f"there is no system `{system}`{nearest(system, KNOWN)}",
            hint=f"known: {', '.join(KNOWN)}, and your own as `module:Class`",
        )
    return openapi(system)


def parse_ports(texts: Sequence[str]) -> dict[str, int]:
    """Ports by system, from `stripe=8101` each."""
    return dict(map(_port, texts))


def _port(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not number.isdecimal():
        raise ConfigurationError(
            f"`--port {text}` is not a system and its port", hint="write it as in `stripe=8101`"
        )
    return name, int(number)


_PAGE = """# Operations of the mocked systems

What `understudy systems operations` prints: every operation that is served, by system. The action
class is the one by default; a body, the state or a policy can ask for a stricter one. Exposure is
what a call puts at stake; `reversible by` names the operation that takes it back.

"""


def operations_page() -> str:
    """The page of the documentation that lists the operations, in Markdown."""
    return _PAGE + as_markdown(operations_table())


def describe_operations(own: Sequence[str] = ()) -> str:
    """Every operation with its class, effect, exposure and what undoes it, aligned.

    `own` are systems of the user's, as `module:Class`, told beside the built-in ones.
    """
    shown = OperationRow._fields[1:]
    rows = [tuple(name.replace("_", " ") for name in shown)]
    rows += [row[1:] for row in operations_table([*sorted(KNOWN), *own])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(shown))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
