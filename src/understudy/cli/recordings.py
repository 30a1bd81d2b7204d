"""Commands around recorded traffic: `traffic import`, `show` and `scan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from understudy.cli.progress import Progress

__all__ = ["app"]

Out = Annotated[Path | None, typer.Option("--out", help="The folder of the new recording.")]
Proposed = Annotated[
    Path | None, typer.Option(help="Where the recorded agent's proposed actions are written.")
]
For = Annotated[
    Path | None,
    typer.Option("--for", help="The recording whose cases an agent's traces are about."),
]
Bases = Annotated[
    list[str] | None,
    typer.Option("--map", help="A base URL of your own: `http://gateway:8080/stripe=stripe`."),
]
Tools = Annotated[
    list[str] | None,
    typer.Option(help="A tool of the traced agent: `issue_refund=stripe.refunds.create`."),
]
Synthetic = Annotated[
    bool, typer.Option("--synthetic", help="Nobody's data, so people stay; secrets go.")
]
Gap = Annotated[float | None, typer.Option(help="Hours after its last act until a case is over.")]
By = Annotated[
    str | None,
    typer.Option(help="What calls belong together, by your own expression: `request.body.order`."),
]
Zone = Annotated[
    str | None, typer.Option(help="The zone of CSV whose times state none: `Europe/Berlin`.")
]
Presidio = Annotated[
    bool, typer.Option("--presidio", help="Find names and places in prose too; the extra presidio.")
]

app = typer.Typer(help="Turn recorded traffic into cases and baselines.", no_args_is_help=True)


@app.command("import")
def import_traffic(
    format: Annotated[str, typer.Argument(help="The format, or `auto`.")],
    files: Annotated[list[Path], typer.Argument(help="The files to import.")],
    out: Out = None,
    proposed: Proposed = None,
    recording: For = None,
    map: Bases = None,
    tool: Tools = None,
    synthetic: Synthetic = False,
    gap: Gap = None,
    by: By = None,
    zone: Zone = None,
    presidio: Presidio = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Import recorded traffic: cases, what people did, and what a recorded agent proposed.

    Exports of Zendesk, Stripe and HubSpot are imported together with `auto`, as one recording.
    With `--for`, traces become proposals for the cases of a recording that people handled.
    Where not one record can be kept, the exit code is 5.
    """
    from understudy.campaign.recordings.imports import (
        import_as_told,
        propose_from_traces,
        refuse_empty,
    )

    if recording is not None:
        if proposed is None or out is not None:
            raise typer.BadParameter("--for writes proposals to --proposed FILE, and no --out")
        typer.echo(propose_from_traces(format, files, recording, proposed, tool or []))
        return
    if out is None:
        raise typer.BadParameter("name the folder of the new recording with --out")
    report = import_as_told(
        format, files, out, proposed=proposed, bases=map or [], tools=tool or [], by=by, zone=zone,
        presidio=presidio, synthetic=synthetic, gap_hours=gap, progress=Progress(quiet=quiet),
    )  # fmt: skip
    typer.echo(report.summary())
    refuse_empty(report)


@app.command("export")
def export(
    recording: Annotated[Path, typer.Argument(help="The folder of a recording with a world.")],
    zendesk: Annotated[Path | None, typer.Option(help="The folder for Zendesk's exports.")] = None,
    stripe: Annotated[Path | None, typer.Option(help="The folder for Stripe's exports.")] = None,
    hubspot: Annotated[Path | None, typer.Option(help="The folder for HubSpot's exports.")] = None,
    har: Annotated[Path | None, typer.Option(help="The HAR file to write.")] = None,
    vcr: Annotated[Path | None, typer.Option(help="The VCR.py cassette to write.")] = None,
) -> None:
    """Write a recording in other formats: vendors' own exports, a HAR, a cassette of VCR.py."""
    from understudy.campaign.recordings.imports import export_cassettes, export_files

    folders = _named(zendesk=zendesk, stripe=stripe, hubspot=hubspot)
    files = _named(har=har, vcr=vcr)
    if not folders and not files:
        raise typer.BadParameter(
            "name at least one of --zendesk, --stripe, --hubspot, --har, --vcr"
        )
    if folders:
        typer.echo(export_files(recording, folders))
    if files:
        typer.echo(export_cassettes(recording, files))


def _named(**given: Path | None) -> dict[str, Path]:
    return {name: path for name, path in given.items() if path is not None}


@app.command("record")
def record(
    out: Annotated[Path, typer.Option("--out", help="The folder of the new recording.")],
    upstream: Annotated[
        list[str] | None,
        typer.Option(help="A system of your own, as `stripe=http://127.0.0.1:12111`."),
    ] = None,
    world: Annotated[
        Path | None, typer.Option(help="Record work on the mocked systems over this world.")
    ] = None,
    port: Annotated[
        list[str] | None, typer.Option(help="A proxy's port, as `stripe=8101`; free ones without.")
    ] = None,
) -> None:
    """Record what people do on your systems, through proxies on loopback. Ctrl-C ends it."""
    from understudy.campaign.recordings.live import record as record_live

    record_live(upstream or [], world, port or [], out, typer.echo)


@app.command("show")
def show(recording: Annotated[Path, typer.Argument(help="The folder of a recording.")]) -> None:
    """Print what a recording holds: cases, baselines and operations per system."""
    from understudy.campaign.recordings.imports import describe_recording

    typer.echo(describe_recording(recording))


@app.command("scan")
def scan(recording: Annotated[Path, typer.Argument(help="The folder of a recording.")]) -> None:
    """Look for secrets and personal data in a stored recording; exits with 1 where any is found."""
    from understudy.campaign.recordings.imports import scan_stored

    text, clean = scan_stored(recording)
    typer.echo(text)
    raise typer.Exit(0 if clean else 1)
