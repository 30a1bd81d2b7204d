"""Commands on policies: `policy init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(help="What an error costs and what needs approval.", no_args_is_help=True)


@app.callback()
def policies() -> None:
    """Keeps `init` a subcommand while it is the only one."""


@app.command("init")
def init(
    recording: Annotated[Path, typer.Argument(help="The folder of a recording.")],
    out: Annotated[Path, typer.Option("--out", help="The file to write.")] = Path("policy.yaml"),
) -> None:
    """Draft a policy from what people did: currency, tiers, and limits of payments."""
    from understudy.campaign.recordings.policy_draft import draft_policy

    typer.echo(draft_policy(recording, out))
