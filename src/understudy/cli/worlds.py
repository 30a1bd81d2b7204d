"""Commands around worlds: `world build` and `world show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from understudy.cli.mess import apply, profile, score
from understudy.cli.progress import Progress, say
from understudy.cli.recordings import Presidio

__all__ = ["app"]

app = typer.Typer(help="Build and look at worlds.", no_args_is_help=True)
app.command("profile")(profile)
app.command("apply")(apply)
app.command("score")(score)


@app.command("build")
def build(
    out: Annotated[Path, typer.Option(help="The folder of the new world.")],
    recipe: Annotated[str, typer.Option(help="A recipe file, or a shipped one.")] = "default",
    profile: Annotated[str, typer.Option(help="A mess profile, or a shipped one.")] = "mid_market",
    customers: Annotated[int, typer.Option(min=1, help="Customers in the world.")] = 2000,
    cases: Annotated[int, typer.Option(min=0, help="Cases that simulated staff handle.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal results.")] = 0,
    shard: Annotated[
        str | None, typer.Option(help="Build part K of N only, as `2/8`; the last joins them.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Generate a messy, consistent world, with a recording of staff at work if cases are asked."""
    from understudy.campaign.recordings.worlds import BuildRequest, build_world

    request = BuildRequest(out, recipe, profile, customers, cases, seed, shard=shard)
    manifest = build_world(request, Progress(quiet=quiet))
    if manifest is None:
        typer.echo(f"{out}: shard {shard} is built; the world is whole when the others are")
        return
    rows = sum(manifest.row_counts.values())
    typer.echo(f"{out}: {rows:,} rows in {len(manifest.row_counts)} tables")
    typer.echo(f"content digest {manifest.content_digest}")
    if cases:
        say(f"the recording is in {out / 'recording'}")


@app.command("check")
def check(
    path: Annotated[Path, typer.Argument(help="The folder of a world or of a recording.")],
    profile: Annotated[
        str | None, typer.Option(help="The world's mess profile, where it is none of the shipped.")
    ] = None,
    docs: Annotated[
        Path | None, typer.Option(help="Write Great Expectations' pages into this folder.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the outcomes as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Hold a world or a recording to its contract; exits with 1 where it fails."""
    from understudy.campaign.recordings.checks import check as check_contract
    from understudy.model.jsonl import encode_line

    report = check_contract(path, profile, docs, Progress(quiet=quiet))
    typer.echo(encode_line(report).decode().rstrip() if json else report.summary())
    raise typer.Exit(1 if report.failed else 0)


@app.command("show")
def show(world: Annotated[Path, typer.Argument(help="The folder of a world.")]) -> None:
    """Print a world's tables, how many rows each has, and what was damaged."""
    from understudy.campaign.recordings.worlds import describe_world

    typer.echo(describe_world(world))


@app.command("import")
def import_exports(
    files: Annotated[list[Path], typer.Argument(help="Vendors' exports of objects: JSON or CSV.")],
    out: Annotated[Path, typer.Option("--out", help="The folder of the new world.")],
    map: Annotated[
        list[str] | None,
        typer.Option("--map", help="A CSV file's columns, as `customers.csv=map.yaml`."),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="A mess profile to lay over; none without.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal results.")] = 0,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Nobody's data, so people stay as they are.")
    ] = False,
    presidio: Presidio = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Build a world of a company's own exports, pseudonymised with the recordings' key."""
    from understudy.campaign.recordings.world_import import ImportWish, import_world
    from understudy.redact.people import presidio_finder

    maps: dict[str, Path] = {}
    for text in map or []:
        name, sign, path = text.partition("=")
        if not (name and sign and path):
            raise typer.BadParameter(f"`{text}` is not FILE.csv=MAP.yaml")
        maps[Path(name).name] = Path(path)
    finder = presidio_finder() if presidio else None
    wish = ImportWish(files, out, maps, profile, seed, synthetic, finder=finder)
    typer.echo(import_world(wish, Progress(quiet=quiet)))
