"""The files that ship with understudy: policies, gates, recipes, profiles, schemas."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from understudy.model.errors import ConfigurationError, nearest

__all__ = ["library_path", "resolve_file"]


def library_path(*parts: str) -> Path:
    """A file or folder of the package data, in a checkout as in an installed wheel."""
    return Path(str(resources.files("understudy"))) / "data" / Path(*parts)


def resolve_file(name: str, folder: Path, kind: str, prefix: str = "") -> Path:
    """The file that a campaign or option names: a path, or the bare name of a shipped one.

    Paths are relative to `folder`. `kind` is the folder of the package data; `prefix` tells gate
    files (`gates-standard.yaml`, named `standard`) from policies in the same folder. Raises
    `ConfigurationError` where neither is there.
    """
    path = folder / name
    if path.is_file():
        return path
    bare = Path(name).name == name and not Path(name).suffix
    shipped = library_path(kind, f"{prefix}{name}.yaml")
    if bare and shipped.is_file():
        return shipped
    known = sorted(item.stem.removeprefix(prefix) for item in _shipped(kind, prefix))
    raise ConfigurationError(
        f"`{name}` is neither a file nor one of the shipped {kind}{nearest(name, known)}",
        code="U108",
        where=str(folder),
        hint=f"shipped: {', '.join(known)}",
    )


def _shipped(kind: str, prefix: str) -> list[Path]:
    found = library_path(kind).glob(f"{prefix}*.yaml")
    return [item for item in found if prefix or not item.name.startswith("gates-")]
