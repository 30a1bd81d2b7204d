"""What was changed of a run's rules and cases since it began, and what that does to its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from understudy.campaign.runs.files import RunFiles
from understudy.model.canonical import digest_file

__all__ = ["amendments_of", "broken_by", "restarts"]

_RULES = ("gates", "policy")


def amendments_of(end: RunFiles) -> tuple[str, ...]:
    """The rules by which the run is judged that are not those it was registered with."""
    return tuple(
        f"amended after {len(end.records):,} cases: the {name} file is not the registered one "
        f"({_short(before)} -> {_short(now)})"
        for name in _RULES
        if (before := end.manifest.hashes.get(name)) != (now := end.rules.hashes.get(name))
    )


def restarts(end: RunFiles) -> bool:
    """Whether the limits are other ones, so that what was seen before is no evidence for them."""
    return end.manifest.hashes.get("gates") != end.rules.hashes.get("gates")


def broken_by(end: RunFiles) -> tuple[str, ...]:
    """Hashes that must be equal and are not: then there is no verdict."""
    return tuple(_broken(end))


def _broken(end: RunFiles) -> Iterator[str]:
    rules = {"gates": end.rules.gates_file, "policy": end.rules.policy_file}
    for name, path in rules.items():
        if _digest(path) != end.rules.hashes.get(name):
            yield f"the {name} file `{path}` was edited while the run went on"
    registered = end.manifest.hashes.get("recording")
    if registered and end.imported.digest and registered != end.imported.digest:
        yield (
            f"the recording is another one than that of the run: {_short(registered)} was "
            f"registered, and {_short(end.imported.digest)} is there"
        )


def _digest(path: Path) -> str | None:
    return digest_file(path) if path.is_file() else None


def _short(value: str | None) -> str:
    return "none" if value is None else value[:12]
