"""Worlds and recordings held to their contract before anything is replayed on them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from understudy.campaign.recordings.recording_contract import recording_suites
from understudy.model.errors import ConfigurationError
from understudy.model.jsonl import read_json
from understudy.world.contract import world_suites
from understudy.world.expectation import CheckReport
from understudy.world.imported import AS_FOUND
from understudy.world.integrity import references_of
from understudy.world.profile import Profile, load_profile
from understudy.world.store import check_files, is_imported, read_manifest
from understudy.world.validator import validate

__all__ = ["check"]

_UNKNOWN = (
    "how frequent the mess is was not checked: the world's profile `{}` is not at hand; name its "
    "file with --profile"
)


def check(
    path: Path,
    profile: str | None = None,
    docs: Path | None = None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> CheckReport:
    """Check a world or a recording; raises where the path is neither."""
    if docs is not None:
        _refuse_docs(docs)
    remarks: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory(prefix="frames-") as folder:
        if (path / "cases.jsonl").is_file():
            if profile is not None:
                raise ConfigurationError(
                    f"`{path}` is a recording, which has no mess profile",
                    code="U142",
                    hint="leave out --profile",
                )
            suites = recording_suites(path, Path(folder))
        else:
            found, remarks = _profile_of(path, profile)
            check_files(path)
            remarks = (*remarks, *_as_found(path))
            suites = world_suites(path, found, Path(folder))
        outcomes = validate(suites, docs, lambda done, of: progress("check", done, of))
    return CheckReport(
        outcomes=outcomes, remarks=remarks, docs=str(docs / "index.html") if docs else None
    )


def _refuse_docs(docs: Path) -> None:
    """Pages are written into a new folder, or over earlier pages, and among nothing else."""
    taken = docs.is_dir() and any(docs.iterdir()) and not (docs / "expectations").is_dir()
    if taken or docs.is_file() or not docs.resolve().name:
        raise ConfigurationError(
            f"`{docs}` holds something else, and the pages would be written among it",
            code="U142",
            hint="name another folder with --docs",
        )


def _as_found(world: Path) -> tuple[str, ...]:
    """What a company's own data leaves open: references to objects that are not in its exports."""
    if not is_imported(world):
        return ()
    tables = list(read_manifest(world).row_counts)
    return tuple(
        f"as found: {each.name} names {each.orphans:,} of {each.held:,} times an object that "
        f"{each.target} has not"
        for each in references_of(world / "truth", tables)
        if each.orphans
    )


def _profile_of(world: Path, named: str | None) -> tuple[Profile | None, tuple[str, ...]]:
    """The profile that the world was made with, where it can be had."""
    manifest = read_manifest(world)
    if named is not None:
        profile = load_profile(named)
        if profile.hash != manifest.profile_hash:
            raise ConfigurationError(
                f"`{named}` is not the profile that `{world}` was made with: its hash is another",
                code="U142",
                hint=f"understudy world build --profile {named} --out ANOTHER_WORLD",
            )
        return profile, ()
    if manifest.profile_hash == AS_FOUND.hash:
        return AS_FOUND, ()
    name = str(read_json(world / "quality.json", dict).get("profile", ""))
    try:
        profile = load_profile(name)
    except ConfigurationError:
        return None, (_UNKNOWN.format(name),)
    if profile.hash != manifest.profile_hash:
        return None, (_UNKNOWN.format(name),)
    return profile, ()
