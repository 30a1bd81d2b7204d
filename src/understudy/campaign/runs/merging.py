"""Shards of one campaign put together into one run, which is judged as any other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from pathlib import Path

import msgspec

from understudy.campaign.finish import Finished
from understudy.campaign.judging.conclusion import conclude
from understudy.campaign.pilot.log import enter_run
from understudy.campaign.runs.files import open_run
from understudy.campaign.runs.folder import RunFolder, find_run, mint_run_id
from understudy.campaign.runs.head import added_traffic
from understudy.campaign.runs.relocation import PLACES
from understudy.model.errors import RecordingError
from understudy.model.manifest import RunManifest
from understudy.model.verdict import WallEvidence
from understudy.shadow.seal import check_seal, seal_run
from understudy.shadow.store import CaseStore, read_records

__all__ = ["MergeRequest", "merge_runs"]

_OWN = (
    "attempt", "halted", "halted_cases", "machine", "merged", "model_cost_minor", "model_traffic",
    "run_id", "shard", "started_at", "stopped", "unanswered", "wall",
)  # fmt: skip
"""What the shards of one campaign may differ in."""
_LEVELS = ("none", "witness", "hook", "netns", "netns+witness", "hook+netns")


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """The shards, and where the run that they make up is written."""

    runs: Sequence[str]
    reports: Path
    partial: bool = False
    """Whether a verdict is wanted although some shard is not there; it then says so."""


def merge_runs(request: MergeRequest) -> Finished:
    """One run from the shards of a campaign, judged and reported.

    A case that several shards have counts once. Raises `RecordingError` where the runs do not
    belong together, or where a shard is missing and no partial verdict is asked for.
    """
    folders = _each_once(find_run(name, request.reports) for name in request.runs)
    shards = [(folder, folder.read_manifest()) for folder in folders]
    _refuse_strangers(shards)
    if not request.partial:
        _refuse_gaps(shards)
    made = _manifest(shards)
    folder = RunFolder(request.reports / made.campaign / made.run_id)
    if folder.path.exists():
        raise RecordingError(
            f"these shards are merged already, in `{folder.path}`",
            code="U464",
            hint=f"understudy judge {folder.path}, or remove the folder and merge again",
        )
    enter_run(request.reports, made)
    folder.write_manifest(made)
    _copy_records(shards, folder)
    return conclude(open_run(folder, request.reports))


Shards = Sequence[tuple[RunFolder, RunManifest]]


def _each_once(folders: Iterable[RunFolder]) -> list[RunFolder]:
    return list({folder.path.resolve(): folder for folder in folders}.values())


def _refuse_strangers(shards: Shards) -> None:
    first, head = shards[0]
    for folder, manifest in shards:
        if manifest.shard is None:
            raise RecordingError(
                f"`{folder.path}` is a whole run and no shard, so there is nothing to merge",
                code="U461",
                hint=f"understudy judge {folder.path}",
            )
        unlike = _unlike(head, manifest)
        if unlike:
            raise RecordingError(
                f"`{folder.path}` and `{first.path}` are not parts of one run: they differ in "
                f"{', '.join(unlike)}",
                code="U462",
                hint="merge only shards of one campaign, candidate, recording and version",
            )


def _unlike(one: RunManifest, other: RunManifest) -> list[str]:
    """The names of what differs and must not."""
    names = [name for name in one.__struct_fields__ if name not in (*_OWN, *PLACES, "hashes")]
    found = [name for name in names if getattr(one, name) != getattr(other, name)]
    hashed = one.hashes.keys() | other.hashes.keys()
    found += sorted(name for name in hashed if one.hashes.get(name) != other.hashes.get(name))
    if (one.shard or (1, 1))[1] != (other.shard or (1, 1))[1]:
        found.append("the number of shards")
    return found


def _refuse_gaps(shards: Shards) -> None:
    total = _total(shards)
    there = {manifest.shard[0] for _, manifest in shards if manifest.shard}
    missing = [str(number) for number in range(1, total + 1) if number not in there]
    if missing:
        raise RecordingError(
            f"{len(missing)} of {total} shards are missing: {', '.join(missing[:20])}",
            code="U463",
            hint="run them, or add --partial for a verdict that says what is missing",
        )


def _total(shards: Shards) -> int:
    return (shards[0][1].shard or (1, 1))[1]


def _manifest(shards: Shards) -> RunManifest:
    """The manifest of the whole, as if one machine had run it."""
    manifests = sorted((each for _, each in shards), key=lambda each: each.shard or (0, 0))
    begun = min(each.started_at for each in manifests)
    ids = tuple(each.run_id for each in manifests)
    head = manifests[0]
    return msgspec.structs.replace(
        head,
        run_id=mint_run_id(datetime.fromisoformat(begun), head.candidate, "merged", *ids),
        started_at=begun,
        shard=None,
        merged=ids,
        attempt=min(each.attempt for each in manifests),
        wall=reduce(_both_walls, (each.wall for each in manifests)),
        stopped=next((each.stopped for each in manifests if each.stopped), None),
        model_traffic=added_traffic(*(each.model_traffic for each in manifests)),
        halted=sum(each.halted for each in manifests),
        halted_cases=sum(each.halted_cases for each in manifests),
        model_cost_minor=sum(each.model_cost_minor for each in manifests),
        unanswered=sum(each.unanswered for each in manifests),
    )


def _both_walls(one: WallEvidence | None, other: WallEvidence | None) -> WallEvidence | None:
    """What stood around both; a shard that never said so has had none that is known."""
    if one is None or other is None:
        return None
    return WallEvidence(
        level=min(one.level, other.level, key=_LEVELS.index),
        self_test="passed" if one.self_test == other.self_test == "passed" else "failed",
        attempts=one.attempts + other.attempts,
        blocked=one.blocked + other.blocked,
        needs=one.needs,
        expected=one.expected + other.expected,
    )


def _copy_records(shards: Shards, into: RunFolder) -> None:
    store = CaseStore(into.path)
    try:
        for folder, _ in shards:
            check_seal(folder.path)
            for record in read_records(folder.path):
                store.append(record)
    finally:
        store.close()
    seal_run(into.path)
    rehearsed = [folder.read_drills() for folder, _ in shards]
    into.write_drills(next((each for each in rehearsed if each is not None), None))
