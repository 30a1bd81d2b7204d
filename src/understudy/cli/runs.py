"""Commands on runs: `diff`, `report`, `view`, `case`, `compare` and `stop`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["case", "compare", "diff", "report", "stop", "view"]

Run = Annotated[str, typer.Argument(help="A run's folder, its id, or `latest`.")]
Reports = Annotated[Path, typer.Option("--reports", help="Where run folders lie.")]


def diff(run: Run, reports: Reports = Path("reports")) -> None:
    """Explain and price a run's differences again, by the policy as it is now."""
    from understudy.campaign.judging.recorded import diff_run

    typer.echo(diff_run(run, reports))


def report(
    run: Annotated[str | None, typer.Argument(help="A run's folder, its id, or `latest`.")] = None,
    reports: Reports = Path("reports"),
    otlp: Annotated[
        Path | None,
        typer.Option(help="Write the traces to this file instead, as OpenTelemetry JSON."),
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print the page to report.pdf as well, by a Chromium.")
    ] = False,
    sample: Annotated[
        bool, typer.Option("--sample", help="Write the sample report to `sample/` in --reports.")
    ] = False,
) -> None:
    """Write a run's reports again from its files."""
    if sample:
        typer.echo(_sample(reports / "sample"))
    elif run is None:
        raise typer.BadParameter("name a run, or --sample")
    elif otlp is not None:
        from understudy.campaign.runs.traces import export_traces

        typer.echo(export_traces(run, reports, otlp))
    else:
        from understudy.campaign.reporting import report_run

        typer.echo(report_run(run, reports))
        if pdf:
            _printed(run, reports)


def _sample(out: Path) -> Path:
    from understudy.campaign.sample import write_sample
    from understudy.cli.progress import Progress

    return write_sample(out, Progress())


def _printed(run: str, reports: Path) -> None:
    from understudy.campaign.runs.folder import find_run
    from understudy.cli.progress import say
    from understudy.report.pdf import print_pdf

    folder = find_run(run, reports).path
    print_pdf(folder / "report.html", folder / "report.pdf")
    say(f"printed: {folder / 'report.pdf'}")


def case(
    run: Run,
    case_id: Annotated[str, typer.Argument(help="The case.")],
    to_scenario: Annotated[
        Path | None,
        typer.Option(help="Write it into this suite instead, as a scenario that pytest runs."),
    ] = None,
    reports: Reports = Path("reports"),
) -> None:
    """Show one case whole: people beside candidate, and the price of each difference."""
    if to_scenario is not None:
        from understudy.campaign.suites.file import write_scenario

        typer.echo(write_scenario(run, case_id, to_scenario, reports))
        return
    from understudy.campaign.one_case import describe_case

    typer.echo(describe_case(run, case_id, reports))


def compare(
    first: Annotated[str, typer.Argument(help="The run that is compared with.")],
    second: Run,
    reports: Reports = Path("reports"),
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two runs case by case: which costs less, by which kinds, and what has changed."""
    from understudy.campaign import comparison

    found = comparison.compare_runs(first, second, reports)
    told = comparison.comparison_json(found) if json else comparison.comparison_text(found, second)
    typer.echo(told)


def stop(run: Run, reports: Reports = Path("reports")) -> None:
    """Stop a running campaign: no further action is accepted, and no further case begins."""
    from understudy.campaign.runs.folder import find_run
    from understudy.shadow.switch import press

    folder = find_run(run, reports)
    if folder.verdict.is_file():
        typer.echo(f"{folder.path} has ended already")
        return
    press(folder.stop_file)
    typer.echo(f"{folder.path} is stopped: no further action is accepted, no further case begins")


def view(
    run: Annotated[
        str | None, typer.Argument(help="A run; without one, the page of all runs is opened.")
    ] = None,
    reports: Reports = Path("reports"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="A port; 0 takes a free one.")] = 0,
    seeded: Annotated[
        str, typer.Option(help="Errors put among the findings to measure reviewers, as a share.")
    ] = "5%",
) -> None:
    """Serve the report on loopback with reviewing switched on, until it is interrupted."""
    from understudy.campaign.review.server import ReviewServer
    from understudy.campaign.runs.folder import find_run
    from understudy.cli.progress import say

    named = find_run(run, reports) if run is not None else None
    server = ReviewServer(reports, _share(seeded), port, named)
    server.start()
    typer.echo(server.address(named))
    say("open this address in a browser; it holds a token, so it is for reviewers only")
    say("decisions go to decisions.jsonl in the run's folder; Ctrl-C ends, nothing is lost")
    if named is not None:
        say(f"then: understudy judge {named.path}")
    try:
        server.wait()
    finally:
        server.stop()


def _share(text: str) -> float:
    from understudy.model.errors import ConfigurationError
    from understudy.model.quantity import parse_share

    try:
        return parse_share(text)
    except ValueError as error:
        raise ConfigurationError(str(error), where="--seeded", hint="--seeded 5%") from None
