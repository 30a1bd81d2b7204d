"""Commands on the promotion ladder: `pilot status`, `suite`, `promote`, `demote` and `kill`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from understudy.model.pilot import Move

__all__ = ["app", "demote", "kill", "promote", "status", "suite"]

app = typer.Typer(
    name="pilot",
    help="The promotion ladder over all runs, for each operation of each candidate.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Candidate = Annotated[str, typer.Argument(help="The candidate's name.")]
Operation = Annotated[str, typer.Argument(help="The operation, as `stripe.refunds.create`.")]
Reports = Annotated[Path, typer.Option("--reports", help="Where run folders lie.")]
By = Annotated[str, typer.Option("--by", help="Who decides this.")]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]
To = Annotated[str, typer.Option("--to", help="The rung: shadow, draft_only, … full.")]


@app.command("status")
def status(
    reports: Reports = Path("reports"),
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell each operation's rung and evidence, what it took so far, and what to do next."""
    from understudy.campaign.pilot.status import pilot_status

    typer.echo(pilot_status(reports, json))


@app.command("suite")
def suite(
    junit: Annotated[Path, typer.Argument(help="The JUnit file that a test runner wrote.")],
    run: Annotated[str, typer.Option("--run", help="A run of the candidate that was tried.")],
    by: By,
    reports: Reports = Path("reports"),
) -> None:
    """Enter a suite of another test runner; pytest enters its own with --understudy-pilot."""
    from understudy.campaign.pilot.suites import enter_suites, junit_result
    from understudy.model.printable import printable

    result = junit_result(junit, run, reports, by)
    enter_suites(reports, [result])
    typer.echo(printable(str(result)))


@app.command("promote")
def promote(
    candidate: Candidate,
    operation: Operation,
    run: Annotated[str, typer.Option("--run", help="The run whose signed GO is the evidence.")],
    to: To,
    by: By,
    reason: Reason = "",
    reports: Reports = Path("reports"),
) -> None:
    """Send an operation one rung up; everything that is missing for it is told."""
    from understudy.campaign.pilot import orders as pilot_orders

    order = pilot_orders.Order(candidate, operation, by, reason)
    _told(pilot_orders.promote(reports, order, run, to))


@app.command("demote")
def demote(
    candidate: Candidate,
    operation: Operation,
    to: To,
    by: By,
    reason: Reason,
    reports: Reports = Path("reports"),
) -> None:
    """Send an operation down, at once."""
    from understudy.campaign.pilot import orders as pilot_orders

    order = pilot_orders.Order(candidate, operation, by, reason)
    _told(pilot_orders.demote(reports, order, to))


@app.command("kill")
def kill(
    candidate: Candidate,
    operation: Operation,
    by: By,
    reason: Reason,
    reports: Reports = Path("reports"),
) -> None:
    """End the pilot of an operation; the candidate as it is does not come back to it."""
    from understudy.campaign.pilot import orders as pilot_orders

    _told(pilot_orders.kill(reports, pilot_orders.Order(candidate, operation, by, reason)))


def _told(move: Move) -> None:
    from understudy.model.printable import printable

    text = f"{move.candidate}, {move.operation}: {move.before} -> {move.rung}, by {move.by}"
    typer.echo(printable(text))
