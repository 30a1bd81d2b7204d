"""Where this package's data lies: pools, recipes and profiles that ship with the project."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from understudy.model.errors import ConfigurationError, nearest

__all__ = ["package_file", "resolve_document"]


def package_file(*parts: str) -> Path:
    """A file or folder of the package data, in a checkout as in an installed wheel."""
    return Path(str(resources.files("understudy"))) / "data" / Path(*parts)


def resolve_document(name: str | Path, kind: str) -> Path:
    """The YAML file of a path, or of the bare name of a shipped one in the folder `kind`.

    Raises `ConfigurationError` where there is neither.
    """
    path = Path(name)
    shipped = package_file(kind, f"{name}.yaml")
    if path.suffix or path.name != str(name):
        return path
    if shipped.is_file():
        return shipped
    if path.is_file():
        return path
    known = sorted(item.stem for item in package_file(kind).glob("*.yaml"))
    raise ConfigurationError(
        f"`{name}` is neither a file nor one of the shipped {kind}{nearest(str(name), known)}",
        code="U108",
        hint=f"shipped: {', '.join(known)}",
    )
