"""A world from a recipe, with a recording of staff at work in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from understudy.model.errors import UnderstudyError, one_error
from understudy.model.folder import FolderAside
from understudy.model.manifest import WorldManifest
from understudy.traffic.recording import read_recording, write_recording
from understudy.workflows.plan import plan_cases
from understudy.workflows.recipe import load_recipes
from understudy.workflows.record import provenance_of, record
from understudy.workflows.staff import known_rates
from understudy.world.damage import damage
from understudy.world.profile import load_profile
from understudy.world.recipe import load_recipe
from understudy.world.store import load_world, read_manifest, struck_by_table, write_world
from understudy.world.stream import build_world as stream_world
from understudy.world.stream import parse_shard
from understudy.world.truth import build_truth
from understudy.world.writer import Facts, refuse_foreign

__all__ = ["BuildRequest", "build_world", "describe_world", "generate_world"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What world to build, and where; files are named relative to `folder`."""

    out: Path
    recipe: str
    profile: str
    customers: int
    cases: int
    seed: int
    folder: Path = Path()
    shard: str | None = None


def generate_world(request: BuildRequest, progress: Progress) -> WorldManifest | None:
    """A world without cases, block by block, in memory that does not grow with it.

    With a shard only that part is built; the last one to finish joins them all, before that there
    is no manifest yet.
    """
    facts = _facts(request)
    shard = parse_shard(request.shard) if request.shard else None
    return stream_world(
        request.out, facts, shard, lambda done, total: progress("world", done, total)
    )


def build_world(request: BuildRequest, progress: Progress) -> WorldManifest:
    """Truth, cases, mess, and what staff did: written aside and moved into place whole.

    All of it is in memory at once, since the cases are planned over the whole world.

    A world that was built before at that place is replaced; anything else there is refused.
    """
    out = request.out
    refuse_foreign(out)
    facts = _facts(request)
    steps = 5
    progress("world", 0, steps)
    truth = build_truth(facts.recipe, request.seed)
    plan = plan_cases(truth, request.cases, request.seed)
    progress("world", 1, steps)
    damaged = damage(truth, facts.profile, request.seed)
    progress("world", 2, steps)
    with FolderAside(out) as aside:
        made = aside.folder / "world"
        manifest = write_world(made, truth, damaged)
        progress("world", 3, steps)
        recorded = record(
            load_world(made), plan, request.seed, lambda done, of: progress("cases", done, of)
        )
        progress("world", 4, steps)
        write_recording(
            made / "recording",
            cases=recorded.cases,
            baselines=recorded.baselines,
            interactions=recorded.interactions,
            provenance=provenance_of(recorded),
        )
        progress("world", 5, steps)
        aside.place("world")
    return manifest


def _facts(request: BuildRequest) -> Facts:
    """What the world is made from; what is wrong with recipe and profile is one error."""
    try:
        recipe = load_recipe(_named(request.recipe, request.folder), customers=request.customers)
    except UnderstudyError as error:
        raise one_error([error, *_wrong(request)]) from None
    return Facts(request.seed, recipe, load_profile(_named(request.profile, request.folder)))


def _wrong(request: BuildRequest) -> list[UnderstudyError]:
    """What is wrong with the profile beside a recipe that is wrong."""
    try:
        load_profile(_named(request.profile, request.folder))
    except UnderstudyError as error:
        return [error]
    return []


def describe_world(path: Path) -> str:
    """A world's tables with their rows, and its mess: how often what struck which table."""
    manifest = read_manifest(path)
    lines = [f"{path}: seed {manifest.seed}, digest {manifest.content_digest}", ""]
    lines += [f"{'table':<32}{'rows':>10}{'damages':>10}  most of them"]
    struck = struck_by_table(path) if manifest.operators else {}
    for name, count in manifest.row_counts.items():
        found = struck.get(name, Counter[str]())
        most = ", ".join(f"{operator} {times:,}" for operator, times in found.most_common(3))
        lines.append(f"{name:<32}{count:>10,}{found.total():>10,}  {most}".rstrip())
    total = sum(manifest.operators.values())
    lines += ["", f"{'mess':<32}{'damages':>10}{'share':>10}"]
    for operator, times in Counter(manifest.operators).most_common():
        lines.append(f"{operator:<32}{times:>10,}{times / total:>10.1%}")
    return "\n".join([*lines, *_handled(path / "recording")])


def _handled(recording: Path) -> list[str]:
    """How many cases of each workflow staff have handled, where they were asked to."""
    if not (recording / "manifest.json").is_file():
        return []
    read = read_recording(recording)
    people = {
        case.case_id: sum(each.source == "human" for each in read.baselines_of(case.case_id))
        for case in read.cases
    }
    twice = sum(count > 1 for count in people.values())
    lines = [
        "",
        f"{'cases of ' + str(recording):<32}{'cases':>10}{'handled twice':>16}"
        f"{'people slip':>14}{'two differ':>13}",
        f"{'all workflows':<32}{len(read.cases):>10,}{twice:>16,}",
    ]
    for workflow, count in sorted(Counter(case.scenario for case in read.cases).items()):
        own = sum(people[case.case_id] > 1 for case in read.cases if case.scenario == workflow)
        lines.append(f"{workflow:<32}{count:>10,}{own:>16,}{_known_rates(workflow)}")
    return lines


def _known_rates(workflow: str) -> str:
    """How often people are known to slip in a workflow, and two of them to differ."""
    recipe = load_recipes().get(workflow)
    if recipe is None:
        return ""
    rates = known_rates(recipe)
    return f"{rates.errors:>14.2%}{rates.disagreements:>13.1%}"


def _named(name: str, folder: Path) -> str | Path:
    """A file beside the campaign, or a shipped one by its bare name."""
    path = folder / name
    return path if path.is_file() else name
