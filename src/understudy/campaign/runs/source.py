"""Where a campaign's cases come from: a recording, a world that has one, or a world to build."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from understudy.campaign.projects.settings import Settings
from understudy.campaign.runs.identity import harness_hash
from understudy.model.campaign import WorldRequest
from understudy.model.canonical import digest
from understudy.model.errors import RecordingError
from understudy.model.jsonl import read_json
from understudy.model.manifest import WorldManifest
from understudy.traffic.recording import Recording, read_recording
from understudy.world.store import is_world

__all__ = ["Source", "open_source", "source_of", "world_folder"]


@dataclass(frozen=True, slots=True)
class Source:
    """A recording, and the world that its cases play in."""

    recording: Recording
    world_folder: Path
    world_digest: str | None


def open_source(
    settings: Settings, reports: Path, progress: Callable[[str, int, int], None]
) -> Source:
    """Open what the campaign names, building the world first where it asks for one."""
    campaign = settings.campaign
    if campaign.recording is not None:
        return source_of(settings.folder / campaign.recording)
    if isinstance(campaign.world, WorldRequest):
        return _built(campaign.world, settings, reports, progress)
    return source_of(settings.folder / str(campaign.world) / "recording")


def _built(
    asked: WorldRequest,
    settings: Settings,
    reports: Path,
    progress: Callable[[str, int, int], None],
) -> Source:
    """The world that a campaign describes, kept under a name of its own and built once.

    A run refers to its world for as long as it is kept, so another seed or size never takes its
    place.
    """
    from understudy.campaign.recordings.worlds import BuildRequest, build_world

    seed = settings.campaign.seed
    key = digest([asked.model_dump(mode="json"), seed, str(settings.folder), harness_hash()])
    out = reports / settings.campaign.name / f"world-{key[:8]}"
    if not (out / "recording" / "manifest.json").is_file():
        request = BuildRequest(
            out=out,
            recipe=asked.recipe or "default",
            profile=asked.profile or "mid_market",
            customers=asked.customers,
            cases=asked.cases,
            seed=seed,
            folder=settings.folder,
        )
        build_world(request, progress)
    return source_of(out / "recording")


def source_of(path: Path) -> Source:
    """A recording with its world: its own `world/`, or the world that it lies in."""
    recording = read_recording(path)
    folder = world_folder(path)
    if folder is None:
        raise RecordingError(
            f"`{path}` has no world to play in",
            code="U444",
            hint="a recording without a world can only be judged: `understudy judge --recording …`",
        )
    manifest = read_json(folder / "manifest.json", WorldManifest)
    return Source(recording, folder, manifest.content_digest)


def world_folder(path: Path) -> Path | None:
    """The world of a recording: its own `world/`, or the world that it lies in."""
    for folder in (path / "world", path.parent):
        if is_world(folder):
            return folder
    return None
