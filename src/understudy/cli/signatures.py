"""Commands on a verdict's history: `sign`, `audit verify` and `audit key`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from understudy.campaign.pilot.sign_off import WaiverRequest

__all__ = ["app", "key", "sign", "verify"]

app = typer.Typer(
    name="audit",
    help="What was judged and signed, and whether it is still the same.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Run = Annotated[str, typer.Argument(help="A run's folder, its id, or `latest`.")]
Reports = Annotated[Path, typer.Option("--reports", help="Where run folders lie.")]


def sign(
    run: Run,
    key: Annotated[Path, typer.Option("--key", help="Your private key, outside of the run.")],
    name: Annotated[str, typer.Option("--name", help="Who signs.")],
    role: Annotated[str, typer.Option("--role", help="As what, for example `release manager`.")],
    decision: Annotated[
        str, typer.Option(help="approve, modify, reject, terminate or escalate.")
    ] = "approve",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    waive: Annotated[
        str | None, typer.Option("--waive", help="Waive this gate instead; two people sign.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", help="The last day of the waiver, as 2027-01-31.")
    ] = None,
    second: Annotated[str | None, typer.Option(help="Who else signs the waiver.")] = None,
    second_role: Annotated[str, typer.Option(help="As what.")] = "",
    second_key: Annotated[Path | None, typer.Option(help="The other person's key.")] = None,
    reports: Reports = Path("reports"),
) -> None:
    """Sign a decision on a run's verdict, or waive one of its gates for a time."""
    from understudy.campaign.pilot.sign_off import Signer, sign_run, waive_gate
    from understudy.model.printable import printable

    signer = Signer(name, role, key)
    if waive is None:
        link, path = sign_run(run, reports, signer, decision, reason)
        typer.echo(printable(f"{decision}, signed by {name} ({role}), on the verdict of {path}"))
    else:
        request = _waiver(waive, expires, second, second_role, second_key)
        link, path = waive_gate(run, reports, signer, request, reason)
        typer.echo(printable(f"gate {waive} is waived until {expires} for {path}"))
    typer.echo(f"chain head {link.hash}")


def _waiver(
    gate: str, expires: str | None, second: str | None, role: str, key: Path | None
) -> WaiverRequest:
    from datetime import date

    from understudy.campaign.pilot.sign_off import Signer, WaiverRequest
    from understudy.model.errors import ConfigurationError

    try:
        until = date.fromisoformat(expires or "")
    except ValueError:
        until = None
    if until is None or second is None or key is None:
        raise ConfigurationError(
            "a waiver carries the names of two people and the day on which it ends",
            where="--waive",
            hint="--waive G4 --reason … --expires 2027-01-31 --second NAME --second-key FILE",
        )
    return WaiverRequest(gate, until, Signer(second, role, key))


@app.command("verify")
def verify(
    run: Run,
    head: Annotated[
        str | None, typer.Option("--head", help="A chain head that you noted before.")
    ] = None,
    rejudge: Annotated[
        bool, typer.Option(help="Judge the run's cases again and compare; a second per 1,000.")
    ] = True,
    reports: Reports = Path("reports"),
) -> None:
    """Find later changes of a run's files, chain and signatures; exits with 3 at any."""
    from understudy.campaign.pilot.verification import verify_run
    from understudy.model.printable import printable

    found = verify_run(run, reports, head, rejudged=rejudge)
    typer.echo("\n".join(printable(line) for line in str(found).splitlines()))
    raise typer.Exit(3 if found.problems else 0)


@app.command("key")
def key(
    file: Annotated[Path, typer.Argument(help="Where the private key is written.")],
) -> None:
    """Make an Ed25519 key to sign with; its file is for its owner only."""
    from understudy.campaign.pilot.signature import make_key

    typer.echo(f"public key {make_key(file)}")
