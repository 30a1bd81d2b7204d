"""Commands on one run: `diff`, `report`, `case` and `stop`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["case", "diff", "report", "stop"]

Run = Annotated[str, typer.Argument(help="A run's folder, its id, or `latest`.")]
Reports = Annotated[Path, typer.Option("--reports", help="Where run folders lie.")]


def diff(run: Run, reports: Reports = Path("reports")) -> None:
    """Explain and price a run's differences again, by the policy as it is now."""
    from understudy.campaign.recorded import diff_run

    typer.echo(diff_run(run, reports))


def report(
    run: Run,
    reports: Reports = Path("reports"),
    otlp: Annotated[
        Path | None,
        typer.Option(help="Write the traces to this file instead, as OpenTelemetry JSON."),
    ] = None,
) -> None:
    """Write a run's reports again from its files."""
    if otlp is not None:
        from understudy.campaign.traces import export_traces

        typer.echo(export_traces(run, reports, otlp))
        return
    from understudy.campaign.reporting import report_run

    typer.echo(report_run(run, reports))


def case(
    run: Run,
    case_id: Annotated[str, typer.Argument(help="The case.")],
    reports: Reports = Path("reports"),
) -> None:
    """Show one case whole: people beside candidate, and the price of each difference."""
    from understudy.campaign.one_case import describe_case

    typer.echo(describe_case(run, case_id, reports))


def stop(run: Run, reports: Reports = Path("reports")) -> None:
    """Stop a running campaign: no further action is accepted, and no further case begins."""
    from understudy.campaign.run_folder import find_run

    folder = find_run(run, reports)
    if folder.verdict.is_file():
        typer.echo(f"{folder.path} has ended already")
        return
    folder.stop_file.touch()
    typer.echo(f"{folder.path} is stopped: no further action is accepted, no further case begins")
