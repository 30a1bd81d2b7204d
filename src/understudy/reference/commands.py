"""The page of the command line: every command with its arguments and options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from understudy.cli.main import app
from understudy.reference.table import table

__all__ = ["commands_page", "every_command"]


def commands_page() -> str:
    """Every command as `--help` has it."""
    root = typer.main.get_command(app)
    parts = [
        "# Commands\n\nstdout carries the result (only JSON with `--json`), stderr progress, "
        "warnings and hints. [Exit codes](exit-codes.md), [error codes](errors.md).\n\n"
        "Options before the command:\n\n" + _parameters(root)
    ]
    for path, command in every_command():
        usage = " ".join(["understudy", *path, *_arguments(command)])
        said = " ".join((command.help or "").split())
        parts.append(f"\n## {' '.join(path)}\n\n`{usage}`\n\n{said}\n\n{_parameters(command)}")
    return "".join(parts)


def every_command() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that lead to it, in the order of `--help`."""
    yield from _below(typer.main.get_command(app), ())


def _below(group: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(command, (*path, name))
        else:
            yield (*path, name), command


def _arguments(command: Any) -> list[str]:
    return [
        name if each.required else f"[{name}]"
        for each in command.params
        if each.param_type_name == "argument"
        for name in [(each.name or "").upper() + ("…" if each.nargs != 1 else "")]
    ]


def _parameters(command: Any) -> str:
    rows = [
        [_names(each), getattr(each, "help", None) or "", _default(each)]
        for each in command.params
        if each.name != "help"
    ]
    return table(["argument or option", "what it is", "without it"], rows) if rows else ""


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{(parameter.name or '').upper()}`"
    names = " ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    return names if parameter.is_flag else f"{names} …"


def _default(parameter: Any) -> str:
    default = parameter.default
    if parameter.required:
        return "an error"
    if default is None or default is False or default == [] or callable(default):
        return ""
    return f"`{default}`"
