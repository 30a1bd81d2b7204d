"""Commands about understudy itself: `init`, `doctor`, `schema`, `explain` and `systems`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["doctor", "explain", "init", "schema", "systems"]

systems = typer.Typer(help="The mocked systems.", no_args_is_help=True)


def init(
    folder: Annotated[Path, typer.Argument(help="Where to; this folder without it.")] = Path(),
    candidate: Annotated[
        str,
        typer.Option(help="How it is reached: python, async, exec, http, webhooks, mcp, openai."),
    ] = "python",
) -> None:
    """Write a project to start from: a candidate, cases by hand, a campaign. Runs nothing."""
    from understudy.campaign.projects.scaffold import scaffold

    typer.echo(scaffold(folder, candidate))


def doctor(
    campaign: Annotated[
        Path | None, typer.Argument(help="A campaign.yaml: are its candidates reachable?")
    ] = None,
) -> None:
    """Check versions, folders and the wall on this machine, and a campaign's candidates."""
    from understudy.campaign.projects.doctor import examine

    examination = examine(campaign)
    typer.echo(examination.text)
    raise typer.Exit(3 if not examination.sound else 0 if examination.reached else 2)


def schema(
    name: Annotated[str | None, typer.Argument(help="One schema; all names without it.")] = None,
    write: Annotated[Path | None, typer.Option(help="Write all schemas into this folder.")] = None,
) -> None:
    """Print or write the JSON Schemas of every file that people write or tools read."""
    from understudy.campaign.projects.file_models import every_schema
    from understudy.model.errors import ConfigurationError, nearest
    from understudy.model.jsonl import write_json

    schemas = every_schema()
    if write is not None:
        for key, value in schemas.items():
            write_json(write / f"{key}.schema.json", value)
        typer.echo(f"{len(schemas)} schemas in {write}")
    elif name is None:
        typer.echo("\n".join(schemas))
    elif name in schemas:
        import json

        typer.echo(json.dumps(schemas[name], indent=2))
    else:
        raise ConfigurationError(
            f"there is no schema `{name}`{nearest(name, schemas)}",
            hint=f"known: {', '.join(schemas)}",
        )


def explain(
    word: Annotated[
        str | None,
        typer.Argument(
            help="An error code, a kind, a gate, a metric or an exit code; all without it."
        ),
    ] = None,
) -> None:
    """Say what an error code, a kind of finding, a gate, a metric or an exit code means."""
    from understudy.campaign.projects.explanation import explain_word, known_words

    typer.echo("\n".join(known_words()) if word is None else explain_word(word))


@systems.command("serve")
def serve(
    world: Annotated[Path, typer.Argument(help="The folder of a world.")],
    port: Annotated[
        list[str] | None, typer.Option(help="A system's port, as `stripe=8101`; free ones without.")
    ] = None,
    system: Annotated[
        list[str] | None, typer.Option(help="A system of your own beside them, as `module:Class`.")
    ] = None,
    settings: Annotated[
        list[Path] | None, typer.Option(help="What a company defined itself; see `systems learn`.")
    ] = None,
    any_key: Annotated[
        bool, typer.Option("--any-key", help="Take every key for the open case's own.")
    ] = False,
) -> None:
    """Serve a world's systems on loopback; prints the environment to source. Ctrl-C ends it."""
    from understudy.campaign.operations import serve as serve_systems
    from understudy.cli.progress import say

    serve_systems(
        world, port or [], typer.echo, say,
        own=system or [], settings=settings or [], any_key=any_key,
    )  # fmt: skip


@systems.command("env")
def env(
    campaign: Annotated[Path, typer.Argument(help="A campaign.yaml.")],
    candidate: Annotated[str | None, typer.Option(help="Which candidate; else the first.")] = None,
) -> None:
    """Print the environment to start a service of your own in, before it is shadowed."""
    from understudy.campaign.service_environment import service_environment

    typer.echo(service_environment(campaign, candidate))


@systems.command("learn")
def learn(
    exports: Annotated[list[str], typer.Argument(help="Exports: FILE, or TYPE=FILE.")],
    out: Annotated[Path, typer.Option("--out", help="The YAML file to write.")],
) -> None:
    """Take a company's own fields, objects, pipelines and forms over from vendors' exports."""
    from understudy.campaign.recordings.learning import learn_settings

    typer.echo(learn_settings(exports, out))


@systems.command("verify")
def verify(
    recording: Annotated[Path, typer.Argument(help="The folder of a recording.")],
    world: Annotated[
        Path | None, typer.Option(help="The world to play on; the recording's own without.")
    ] = None,
    settings: Annotated[
        list[Path] | None, typer.Option(help="What a company defined itself; see `systems learn`.")
    ] = None,
    at_least: Annotated[
        float | None, typer.Option(help="Exit with 1 where a smaller share agrees, as 0.95.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Play recorded requests against the mocked systems and compare the answers."""
    from understudy.campaign.recordings import likeness

    found = likeness.verify_recording(recording, world, settings or [])
    typer.echo(likeness.as_json(found) if as_json else likeness.as_text(found))
    raise typer.Exit(1 if at_least is not None and (found.share or 0) < at_least else 0)


@systems.command("openapi")
def openapi(
    system: Annotated[
        str, typer.Argument(help="stripe, hubspot, zendesk, desk, or `module:Class`.")
    ],
) -> None:
    """Print a system's OpenAPI 3.1 document, made from the table of operations."""
    import json

    from understudy.campaign.operations import openapi_of

    typer.echo(json.dumps(openapi_of(system), indent=2))


@systems.command("operations")
def operations(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="As the page of the documentation.")
    ] = False,
    system: Annotated[
        list[str] | None, typer.Option(help="A system of your own beside them, as `module:Class`.")
    ] = None,
) -> None:
    """Print every operation that the mocked systems serve, with its class and what undoes it."""
    from understudy.campaign.operations import describe_operations, operations_page

    typer.echo(
        operations_page() if markdown else describe_operations(system or []), nl=not markdown
    )
