"""The command that judges without calling anybody: `judge`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.cli.campaigns import Json, Quiet, Reports, exit_code, print_finished
from understudy.cli.progress import Progress

if TYPE_CHECKING:
    from understudy.model.verdict import Stage

__all__ = ["judge"]

PolicyName = Annotated[str, typer.Option("--policy", help="A policy file, or a shipped one.")]
GatesName = Annotated[str, typer.Option("--gates", help="A gate file, or a shipped one.")]
StageName = Annotated[str, typer.Option("--stage", help="The rung that the verdict is for.")]
Authors = Annotated[
    list[str] | None, typer.Option("--author", help="Who made it; may stand repeatedly.")
]
SelfTest = Annotated[
    bool, typer.Option("--self-test", help="Spoil every baseline and see that it is found.")
]
Exported = Annotated[
    Path | None, typer.Option(help="Reviewers' decisions that were exported from a report.")
]


def judge(
    run: Annotated[str | None, typer.Argument(help="A run to judge again.")] = None,
    recording: Annotated[
        Path | None, typer.Option(help="The recording; of a run: where it lies now.")
    ] = None,
    proposed: Annotated[
        Path | None, typer.Option(help="Proposed actions, one case a line.")
    ] = None,
    policy: PolicyName = "standard",
    gates: GatesName = "standard",
    stage: StageName = "shadow",
    author: Authors = None,
    out: Annotated[Path | None, typer.Option(help="Where the run is written.")] = None,
    self_test: SelfTest = False,
    decisions: Exported = None,
    reports: Reports = Path("reports"),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Price recorded proposals, or a run again; no candidate is called."""
    from understudy.campaign.judging.recorded import JudgeRequest, judge_recorded, judge_run

    if self_test:
        _self_test(recording, policy, gates)
    progress = Progress(quiet=quiet)
    if run is not None:
        if proposed:
            raise typer.BadParameter("name either a run, or --recording and --proposed")
        finished = judge_run(run, reports, progress, decisions, recording)
    elif decisions is not None:
        raise typer.BadParameter("--decisions needs a run")
    elif recording is None or proposed is None:
        raise typer.BadParameter("name a run, or both --recording and --proposed")
    else:
        request = JudgeRequest(
            recording, proposed, policy, gates, out, reports, _stage(stage), tuple(author or ())
        )
        finished = judge_recorded(request, progress)
    print_finished([finished], json)
    raise typer.Exit(exit_code([finished]))


def _stage(name: str) -> Stage:
    from understudy.model.errors import ConfigurationError, nearest
    from understudy.model.verdict import Stage

    known = [stage.value for stage in Stage]
    if name not in known:
        raise ConfigurationError(
            f"`{name}` is no stage{nearest(name, known)}",
            where="--stage",
            hint=f"one of {', '.join(known)}",
        )
    return Stage(name)


def _self_test(recording: Path | None, policy: str, gates: str) -> None:
    """The judge on spoilt baselines; 3 where one was not found, since no verdict can stand then."""
    from understudy.campaign.judging.mutation import spoil_and_judge

    if recording is None:
        raise typer.BadParameter("--self-test needs --recording: its baselines are spoilt")
    found = spoil_and_judge(recording, policy, gates)
    typer.echo(str(found))
    raise typer.Exit(0 if found.passed else 3)
