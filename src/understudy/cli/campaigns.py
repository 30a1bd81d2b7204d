"""Commands that end in a verdict: `demo`, `run` and `merge`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.cli.progress import Progress, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from understudy.campaign.finish import Finished, Part
    from understudy.campaign.runs.cluster import Cluster
    from understudy.campaign.runs.request import RunRequest
    from understudy.campaign.runs.shard import Shard
    from understudy.model.money import Money
    from understudy.shadow.store import Sync

__all__ = ["Json", "Quiet", "Reports", "demo", "exit_code", "merge", "print_finished", "run"]

Reports = Annotated[Path, typer.Option("--reports", help="Where run folders are written.")]
Json = Annotated[bool, typer.Option("--json", help="Print only JSON on standard output.")]
Sample = Annotated[
    str | None, typer.Option(help="Run only a share of the customers, as `25%`; a stable one.")
]
Speed = Annotated[
    str, typer.Option(help="How fast cases are handed out: `1x` as recorded, `10x`, or `max`.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what a run would be; no candidate is called.")
]
HeldOut = Annotated[
    bool, typer.Option("--held-out", help="Run what the campaign holds out, once per candidate.")
]
Resume = Annotated[
    str | None,
    typer.Option(help="Go on with an interrupted run: its folder, its id, or `latest`."),
]
Debug = Annotated[
    bool,
    typer.Option("--debug", help="With --case: in this process, for pdb and editors' debuggers."),
]
LastFailed = Annotated[
    bool, typer.Option("--last-failed", help="Run only what cost anything in the last run.")
]
Budget = Annotated[
    str | None, typer.Option(help="The most that model calls may cost, as `25 EUR`.")
]
ShardText = Annotated[
    str | None,
    typer.Option("--shard", help="Run part I of N, as `2/8`; `merge` gives the verdict."),
]
Engine = Annotated[str, typer.Option(help="`local`, or `dask` with the extra of that name.")]
Scheduler = Annotated[
    str | None, typer.Option(help="The address of a Dask scheduler; without it one is started.")
]
Results = Annotated[
    str | None,
    typer.Option(help="Where shards put their results: a folder or a URL that fsspec knows."),
]
Fsync = Annotated[
    str | None, typer.Option(help="Force records to the disk: `never`, `1s` or for each `case`.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


def demo(
    reports: Reports = Path("reports"),
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal verdicts.")] = 7,
    customers: Annotated[int, typer.Option(min=50, help="Customers in the world.")] = 2000,
    cases: Annotated[int, typer.Option(min=20, help="Cases that staff handle.")] = 900,
    candidates: Annotated[
        Path | None, typer.Option(help="A campaign file with candidates to run in place of them.")
    ] = None,
    candidate: Annotated[str | None, typer.Option(help="Only the one of this name.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run the whole way on built-in data: a world, staff, three candidates, three verdicts."""
    from understudy.campaign.demo import DemoRequest, lesson, run_demo

    request = DemoRequest(
        reports=reports, seed=seed, customers=customers, cases=cases, others=candidates,
        candidate=candidate,
    )  # fmt: skip
    finished = run_demo(request, Progress(quiet=quiet))
    print_finished(finished, json)
    if not json:
        typer.echo(f"\n{lesson(finished)}")
    say("the demo is complete; a NO-GO is one of its lessons, so it exits with 0")


def run(
    campaign: Annotated[Path, typer.Argument(help="The campaign file.")],
    candidate: Annotated[
        str | None, typer.Option(help="Run this spec, or only the candidate of this name.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Run only the first N cases.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Sealed child processes.")] = 1,
    resume: Resume = None,
    case: Annotated[str | None, typer.Option(help="Run only this case.")] = None,
    debug: Debug = False,
    last_failed: LastFailed = False,
    budget: Budget = None,
    shard: ShardText = None,
    engine: Engine = "local",
    scheduler: Scheduler = None,
    results: Results = None,
    sample: Sample = None,
    speed: Speed = "max",
    fsync: Fsync = None,
    dry_run: DryRun = False,
    held_out: HeldOut = False,
    reports: Reports = Path("reports"),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a shadow campaign: cases through a candidate, priced, gated and reported."""
    from understudy.campaign.runs.replay import parse_sample, parse_speed
    from understudy.campaign.runs.request import RunRequest

    request = RunRequest(
        reports=reports, candidate=candidate, limit=limit, workers=workers, resume=resume,
        case_id=case, sample=parse_sample(sample), budget=_money(budget), sync=_sync(fsync),
        speed=parse_speed(speed), last_failed=last_failed, shard=_shard(shard, engine),
        held_out=held_out,
    )  # fmt: skip
    if debug:
        return _debug(campaign, request)
    placed = _engine(engine, scheduler, results, request)
    with _keeping(campaign):
        raise typer.Exit(_carried_out(campaign, request, placed, quiet, dry_run, json))


@contextlib.contextmanager
def _keeping(campaign: Path) -> Iterator[None]:
    """Ctrl-C ends a run with what was done kept, and says how it goes on."""
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted; what was done is kept")
        say(f"  go on with: understudy run {campaign} --resume latest")
        raise typer.Exit(130) from None


def _debug(campaign: Path, request: RunRequest) -> None:
    if request.case_id is None:
        raise typer.BadParameter("--debug is for one case: name it with --case")
    from understudy.campaign.projects.settings import load_settings
    from understudy.campaign.runs.debugging import debug

    say("one case, in this process; breakpoint() and debuggers work, and the wall lets nothing out")
    # Nothing of ours may write into a debugger's session.
    typer.echo(debug(load_settings(campaign), request, Progress(quiet=True)))


def _carried_out(
    campaign: Path,
    request: RunRequest,
    cluster: Cluster | None,
    quiet: bool,
    dry_run: bool,
    json: bool,
) -> int:
    """Do what was asked for and print what came of it; the exit code."""
    from understudy.campaign.pipeline import dry_run_campaign, run_campaign, run_shard
    from understudy.campaign.projects.settings import load_settings

    settings, progress = load_settings(campaign), Progress(quiet=quiet)
    if dry_run:
        typer.echo(dry_run_campaign(settings, request, progress))
        return 0
    if request.shard is not None:
        _print_parts(run_shard(settings, request, progress), json)
        return 0
    if cluster is not None:
        from understudy.campaign.runs.on_cluster import run_on_cluster

        finished = run_on_cluster(campaign, settings, request, cluster, progress)
    else:
        finished = run_campaign(settings, request, progress)
    print_finished(finished, json)
    return exit_code(finished)


def _engine(
    name: str, scheduler: str | None, results: str | None, request: RunRequest
) -> Cluster | None:
    from understudy.model.errors import ConfigurationError, nearest

    if name not in ("local", "dask"):
        raise ConfigurationError(
            f"`{name}` is no engine{nearest(name, ['local', 'dask'])}",
            where="--engine",
            hint="--engine local, or --engine dask",
        )
    if name == "local":
        if scheduler or results:
            raise ConfigurationError(
                "the shards of one machine need no scheduler and no place for results",
                where="--scheduler" if scheduler else "--results",
                hint="--engine dask",
            )
        return None
    from understudy.campaign.runs.cluster import Cluster

    here = f"{request.reports.resolve()}/shards"
    return Cluster(scheduler, request.workers, results or here)


def _money(text: str | None) -> Money | None:
    from understudy.model.errors import ConfigurationError
    from understudy.model.money import parse_money

    try:
        return None if text is None else parse_money(text)
    except ValueError as error:
        raise ConfigurationError(str(error), where="--budget", hint="--budget '25 EUR'") from None


def _sync(text: str | None) -> Sync | None:
    from understudy.model.errors import ConfigurationError, nearest
    from understudy.shadow.store import Sync

    if text is not None and text not in set(Sync):
        raise ConfigurationError(
            f"`{text}` does not say when records are forced to the disk{nearest(text, [*Sync])}",
            where="--fsync",
            hint=f"--fsync {', '.join(Sync)}",
        )
    return None if text is None else Sync(text)


def _shard(text: str | None, engine: str) -> Shard | None:
    """The shard that is asked for, or that a scheduler has set, which is then told.

    A cluster's engine makes its own.
    """
    from understudy.campaign.runs.shard import parse_shard, shard_of_environment
    from understudy.model.errors import ConfigurationError

    if engine != "local":
        if text is not None:
            raise ConfigurationError(
                f"`--engine {engine}` makes its own shards",
                where="--shard",
                hint="leave one of the two out; --workers says how many shards there are",
            )
        return None
    if text is not None:
        asked = parse_shard(text)
        return None if asked.total == 1 else asked
    found = shard_of_environment(os.environ)
    if found is None and os.environ.get("JOB_COMPLETION_INDEX"):
        say("all cases: an indexed job's pod knows its shard once UNDERSTUDY_SHARD_TOTAL is set")
    if found is None or found[0].total == 1:
        return None
    say(f"shard {found[0]}, as {found[1]} says; --shard 1/1 runs all cases")
    return found[0]


def _print_parts(parts: Sequence[Part], as_json: bool) -> None:
    if as_json:
        from understudy.campaign.finish import parts_json

        typer.echo(parts_json(parts))
    else:
        typer.echo("\n\n".join(one.text for one in parts))


def merge(
    runs: Annotated[list[str], typer.Argument(help="The shards: their folders or ids.")],
    partial: Annotated[
        bool, typer.Option("--partial", help="Judge although a shard is missing, and say so.")
    ] = False,
    reports: Reports = Path("reports"),
    json: Json = False,
) -> None:
    """Put the shards of one campaign together, judge them as one run, and report it."""
    from understudy.campaign.runs.merging import MergeRequest, merge_runs

    finished = merge_runs(MergeRequest(runs, reports, partial))
    print_finished([finished], json)
    raise typer.Exit(exit_code([finished]))


def print_finished(finished: Sequence[Finished], as_json: bool) -> None:
    """Print what came of a campaign's runs."""
    if as_json:
        from understudy.campaign.finish import summary_json

        typer.echo(summary_json(finished))
    else:
        typer.echo("\n\n".join(one.text for one in finished))


def exit_code(finished: Sequence[Finished]) -> int:
    """The code to exit with, which is that of the worst of several runs."""
    from understudy.model.exit_code import worst

    return int(worst(one.verdict.exit_code for one in finished))
