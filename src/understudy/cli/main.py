"""The `understudy` command: every subcommand, and how errors reach a person."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from understudy import __version__
from understudy.cli import (
    campaigns,
    judging,
    pilots,
    policies,
    recordings,
    runs,
    signatures,
    tools,
    worlds,
)

__all__ = ["app", "main"]

app = typer.Typer(
    name="understudy",
    help="Shadow-test an AI integration and price its mistakes before it goes live.\n\n"
    "Exit codes: 0 GO or done, 1 NO-GO, 2 usage, 3 INVALID, 4 safety stop, 5 no cases, "
    "6 INCONCLUSIVE, 130 interrupted.\n\nunderstudy explain CODE says more of an error, a kind of "
    "finding, a gate or an exit code.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"understudy {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[  # noqa: ARG001 - its callback has acted on it already
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the whole traceback where something fails.")
    ] = False,
) -> None:
    """Options that stand before the command."""
    if debug:
        os.environ["UNDERSTUDY_DEBUG"] = "1"


app.command("init")(tools.init)
app.command("demo")(campaigns.demo)
app.command("run")(campaigns.run)
app.command("merge")(campaigns.merge)
app.command("judge")(judging.judge)
app.command("diff")(runs.diff)
app.command("report")(runs.report)
app.command("view")(runs.view)
app.command("case")(runs.case)
app.command("compare")(runs.compare)
app.command("stop")(runs.stop)
app.command("sign")(signatures.sign)
app.command("doctor")(tools.doctor)
app.command("schema")(tools.schema)
app.command("explain")(tools.explain)
app.add_typer(worlds.app, name="world")
app.add_typer(recordings.app, name="traffic")
app.add_typer(tools.systems, name="systems")
app.add_typer(policies.app, name="policy")
app.add_typer(pilots.app, name="pilot")
app.add_typer(signatures.app, name="audit")


def main() -> None:
    """Run the command; a mistake that a person can mend ends in one message and an exit code."""
    try:
        app()
    except SystemExit as end:
        _tell_interrupt(end)
        raise
    except Exception as error:
        if os.environ.get("UNDERSTUDY_DEBUG"):
            raise
        sys.exit(_tell(error))


def _tell_interrupt(end: SystemExit) -> None:
    """One line on what Ctrl-C has left, where the command itself has not told it."""
    cause = end.__context__.__cause__ if end.__context__ else None
    if isinstance(cause, KeyboardInterrupt):
        typer.echo(f"interrupted; {cause}" if str(cause) else "interrupted", err=True)


def _tell(error: Exception) -> int:
    from understudy.model.errors import RecordingError, UnderstudyError
    from understudy.model.printable import printable

    if isinstance(error, BrokenPipeError):
        # The reader has gone; there is nobody to tell, and the interpreter must not try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    if isinstance(error, OSError):
        place = f"`{error.filename}`" if error.filename else "a file"
        error = RecordingError(f"{place} cannot be used: {error.strerror or error}", code="U440")
    if isinstance(error, UnderstudyError):
        typer.echo(printable(error.describe()), err=True)
        return int(error.exit_code)
    typer.echo(
        printable(f"error[U900] understudy itself failed: {type(error).__name__}: {error}")
        + "\n  hint: see where with: understudy --debug and the rest of the command as it was",
        err=True,
    )
    return 3
