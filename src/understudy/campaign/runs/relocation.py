"""A run that was moved to another machine, told where its recording lies now."""

from __future__ import annotations

from pathlib import Path

import msgspec

from understudy.campaign.runs.folder import RunFolder
from understudy.campaign.runs.source import world_folder
from understudy.model.canonical import digest_file
from understudy.model.errors import ConfigurationError, RecordingError
from understudy.model.manifest import RunManifest
from understudy.model.package import resolve_document
from understudy.traffic.recording import read_recording

__all__ = ["PLACES", "relocate"]

PLACES = ("recording", "world", "policy", "gates", "settings", "paths", "mounted")
"""Where things lie on the machine of a run; what they hold is bound by hashes."""


def relocate(folder: RunFolder, recording: Path) -> None:
    """Note in a run's manifest where its recording lies now, and the world around it.

    A shipped policy or gate file is found where understudy is installed here. Raises
    `RecordingError` where this is not the recording that the run was made from.
    """
    manifest = folder.read_manifest()
    found = read_recording(recording)
    if found.digest != manifest.hashes.get("recording"):
        raise RecordingError(
            f"`{recording}` is not the recording that this run was made from",
            code="U438",
            where=str(folder.path / "manifest.json"),
            hint=f"that one had the digest {manifest.hashes.get('recording')} and lay at "
            f"`{manifest.recording}`; this one has {found.digest}",
        )
    world = world_folder(recording) if manifest.world else None
    folder.write_manifest(
        msgspec.structs.replace(
            manifest,
            recording=str(recording.resolve()),
            world=manifest.world if world is None else str(world.resolve()),
            policy=_rules(manifest, "policy", ""),
            gates=_rules(manifest, "gates", "gates-"),
        )
    )


def _rules(manifest: RunManifest, which: str, prefix: str) -> str:
    """A file of rules where it was, or the shipped one that holds the same."""
    known = Path(getattr(manifest, which))
    if known.is_file():
        return str(known)
    try:
        shipped = resolve_document(
            known.stem.removeprefix(prefix), "policies", folder=Path.cwd(), prefix=prefix
        )
    except ConfigurationError:
        return str(known)
    return str(shipped) if digest_file(shipped) == manifest.hashes.get(which) else str(known)
