"""The files that ship with understudy, and how a person names one of them or one of their own."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from understudy.model.errors import ConfigurationError, nearest

__all__ = ["package_file", "resolve_document"]


def package_file(*parts: str) -> Path:
    """A file or folder of the package data, in a checkout as in an installed wheel."""
    return Path(str(resources.files("understudy"))) / "data" / Path(*parts)


def resolve_document(
    name: str | Path, kind: str, *, folder: Path = Path(), prefix: str = ""
) -> Path:
    """The YAML file of a path, or of the bare name of a shipped one in the data folder `kind`.

    Paths are relative to `folder`. `prefix` tells the gate files (`gates-standard.yaml`, named
    `standard`) from the policies in the same folder. Raises `ConfigurationError` where a bare name
    is neither a file nor shipped; whether a path is there shows when it is read.
    """
    path = Path(name)
    if path.suffix or path.name != str(name) or (folder / path).is_file():
        return folder / path
    shipped = package_file(kind, f"{prefix}{name}.yaml")
    if shipped.is_file():
        return shipped
    known = sorted(item.stem.removeprefix(prefix) for item in _shipped(kind, prefix))
    raise ConfigurationError(
        f"`{name}` is neither a file nor one of the shipped {kind}{nearest(str(name), known)}",
        code="U108",
        hint=f"shipped: {', '.join(known)}",
    )


def _shipped(kind: str, prefix: str) -> list[Path]:
    found = package_file(kind).glob(f"{prefix}*.yaml")
    return [item for item in found if prefix or not item.name.startswith("gates-")]
