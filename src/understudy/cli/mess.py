"""Commands around mess of one's own: `world profile`, `world apply` and `world score`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from understudy.cli.progress import Progress

__all__ = ["apply", "profile", "score"]

Encoding = Annotated[str, typer.Option(help="How CSV files are encoded.")]


def profile(
    sample: Annotated[Path, typer.Argument(help="A damaged table, CSV or Parquet.")],
    out: Annotated[Path, typer.Option(help="The profile to write.")],
    clean: Annotated[Path | None, typer.Option(help="The same table before the damage.")] = None,
    key: Annotated[
        str, typer.Option(help="Columns of source or batch, as `source,batch`; others are found.")
    ] = "",
    table: Annotated[
        str, typer.Option(help="The table's name in the profile; the file's name without it.")
    ] = "",
    encoding: Encoding = "utf-8",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Learn a mess profile from a table of your own, with its clean twin if there is one."""
    from understudy.campaign.recordings.mess_profiles import learn_mess

    names = [name.strip() for name in key.split(",") if name.strip()]
    told = learn_mess(
        sample, out, clean, key=names, table=table, encoding=encoding,
        progress=Progress(quiet=quiet),
    )  # fmt: skip
    typer.echo(told)


def apply(
    clean: Annotated[Path, typer.Argument(help="The table to damage, CSV or Parquet.")],
    profile: Annotated[str, typer.Option(help="A mess profile.")],
    out: Annotated[Path, typer.Option(help="The damaged table, CSV or Parquet by its ending.")],
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal results.")] = 0,
    ledger: Annotated[
        Path | None, typer.Option(help="Every damage with the value before, CSV or Parquet.")
    ] = None,
    table: Annotated[str | None, typer.Option(help="Which of the profile's tables it is.")] = None,
    encoding: Encoding = "utf-8",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Damage a table as a mess profile says, with a ledger of what was damaged."""
    from understudy.campaign.recordings.mess_profiles import ApplyRequest, apply_mess

    request = ApplyRequest(clean, profile, seed, out, ledger, table, encoding)
    typer.echo(apply_mess(request, Progress(quiet=quiet)))


def score(
    real: Annotated[Path, typer.Argument(help="A real damaged table.")],
    generated: Annotated[Path, typer.Argument(help="A generated one.")],
    clean: Annotated[Path | None, typer.Option(help="The clean table, as a yardstick.")] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=99, help="The detector's median of so many.")
    ] = 1,
    link: Annotated[
        list[str] | None, typer.Option(help="A link to check for orphans: COLUMN=PARENTS.csv:ID.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report with pictures here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
    encoding: Encoding = "utf-8",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Judge whether generated mess can be told from real mess: ten measures with yardsticks."""
    from understudy.campaign.recordings.mess_profiles import (
        ScoreRequest,
        score_json,
        score_mess,
        score_text,
    )

    request = ScoreRequest(real, generated, clean, seeds, link or (), html, encoding)
    found = score_mess(request, Progress(quiet=quiet))
    if as_json:
        import json

        typer.echo(json.dumps(score_json(found), ensure_ascii=False))
    else:
        typer.echo(score_text(found))
