"""A world from a recipe, with a recording of staff at work in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from understudy.model.errors import UnderstudyError, one_error
from understudy.model.manifest import WorldManifest
from understudy.model.world import World
from understudy.traffic.recording import read_recording, write_recording
from understudy.workflows.plan import CasePlan, plan_cases
from understudy.workflows.recipe import load_recipes
from understudy.workflows.record import provenance_of, record
from understudy.workflows.staff import known_rates
from understudy.world.addition import Addition, addresses_elsewhere, case_blocks
from understudy.world.damage import damage
from understudy.world.profile import load_profile
from understudy.world.recipe import load_recipe
from understudy.world.served import served
from understudy.world.store import read_manifest, struck_by_table
from understudy.world.stream import build_world as stream_world
from understudy.world.stream import parse_shard
from understudy.world.truth import build_truth
from understudy.world.writer import Facts, refuse_foreign

__all__ = ["BuildRequest", "build_world", "describe_world"]

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


def build_world(request: BuildRequest, progress: Progress) -> WorldManifest | None:
    """A world with what staff did about its cases, written aside and moved into place whole.

    It is made block by block: memory grows with the cases and not with the world. With a shard only
    that part is built; the last one to finish joins them all and lets the staff work, before that
    there is no manifest yet. A world that was built before at that place is replaced; anything else
    there is refused.
    """
    facts = _facts(request)
    shard = parse_shard(request.shard) if request.shard else None
    refuse_foreign(request.out)
    addition = _planned(facts, request.cases, progress) if request.cases else None
    return stream_world(
        request.out, facts, shard, lambda done, total: progress("world", done, total), addition
    )


def _planned(facts: Facts, cases: int, progress: Progress) -> Addition:
    """The cases of a world, all of them about customers of as many blocks as that takes.

    Staff work in those blocks; nothing in them points at another one.
    """
    recipe, seed = facts.recipe, facts.seed
    numbers = case_blocks(recipe, cases, seed)
    truth = build_truth(recipe, seed, numbers)
    taken = addresses_elsewhere(recipe, seed, numbers)
    plan = plan_cases(truth, cases, seed, taken=taken)
    damaged = damage(truth, facts.profile, seed)
    made = zip(truth.all_blocks(), damaged.drafts, strict=True)
    world = served(damaged, recipe.epoch)
    return Addition(
        cases,
        truth.columns_added(),
        {block.number: (block, draft) for block, draft in made},
        lambda folder: _let_work(folder, world, plan, progress),
    )


def _let_work(folder: Path, world: World, plan: CasePlan, progress: Progress) -> None:
    """Let the staff handle the cases, and write the recording of it into a world's folder."""
    recorded = record(world, plan, plan.seed, lambda done, of: progress("cases", done, of))
    write_recording(
        folder / "recording",
        cases=recorded.cases,
        baselines=recorded.baselines,
        interactions=recorded.interactions,
        provenance=provenance_of(recorded),
    )


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
