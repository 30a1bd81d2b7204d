"""A campaign run in shards on a cluster, and merged here."""

from __future__ import annotations

from pathlib import Path

from understudy.campaign.finish import Finished
from understudy.campaign.pipeline import opened
from understudy.campaign.progress import Progress
from understudy.campaign.projects.settings import Settings
from understudy.campaign.runs.cluster import Cluster, ShardTask
from understudy.campaign.runs.head import manifest_of
from understudy.campaign.runs.merging import MergeRequest, merge_runs
from understudy.campaign.runs.request import RunRequest
from understudy.campaign.runs.selection import select
from understudy.campaign.runs.shard import Shard
from understudy.model.canonical import digest
from understudy.model.manifest import RunManifest

__all__ = ["run_on_cluster"]


def run_on_cluster(
    campaign: Path, settings: Settings, request: RunRequest, cluster: Cluster, progress: Progress
) -> list[Finished]:
    """Run every candidate of a campaign on a cluster; the verdict is that of one machine.

    The workers must have understudy, the campaign file and what it names at the same places.
    Run again after a failure, it does only the shards that are not done.
    """
    finished = []
    for one, source in opened(settings, request, progress):
        selection = select(source, one, request)
        shards = cluster.shards(len(selection.cases))
        key = _key(manifest_of(one, source, selection, shards[0]))
        name = one.campaign.candidates[0].name
        given = request.candidate or name
        tasks = [
            _task(campaign, request, given, each, f"{cluster.location}/{key}") for each in shards
        ]
        for done in cluster.run(tasks):
            progress(f"shards {name}", done, len(tasks))
        runs = [str(cluster.fetch(task, request.reports).path) for task in tasks]
        finished.append(merge_runs(MergeRequest(runs, request.reports)))
    return finished


def _key(manifest: RunManifest) -> str:
    """The same for the same campaign, candidate, cases and code; so that work is found again."""
    facts = [manifest.hashes, manifest.case_ids_digest, manifest.seed, manifest.planned]
    return digest([*facts, manifest.candidate, manifest.fault_plan, manifest.shard])[:16]


def _task(
    campaign: Path, request: RunRequest, candidate: str, shard: Shard, location: str
) -> ShardTask:
    budget = request.budget
    options = {
        "--candidate": candidate,
        "--limit": request.limit,
        "--sample": None if request.sample is None else f"{request.sample * 100:.6f}%",
        "--budget": budget and f"{budget.major} {budget.currency}",
        "--case": request.case_id,
    }
    told = [
        text for name, value in options.items() if value is not None for text in (name, str(value))
    ]
    told += ["--last-failed"] * request.last_failed + ["--held-out"] * request.held_out
    return ShardTask(
        ("run", str(campaign.resolve()), *told, "--shard", str(shard), "--json", "--quiet"),
        str(request.reports.resolve()),
        f"{location}/{shard.number}-of-{shard.total}",
    )
