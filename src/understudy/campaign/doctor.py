"""What `understudy doctor` looks at: versions, folders, the wall."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Examination", "examine"]

_NEEDED = ("httpx", "httpx2", "msgspec", "numpy", "pyarrow", "pydantic", "pytest", "respx")
_EXTRAS = {
    "quality": "great-expectations",
    "dask": "distributed",
    "mcp": "mcp",
    "otel": "opentelemetry-sdk",
    "openai": "openai",
}


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, as text, and whether a run can be trusted on this machine."""

    text: str
    sound: bool


def examine() -> Examination:
    """Look at the interpreter, the packages, the reports folder, and try to climb the wall."""
    lines = [
        f"python {platform.python_version()} at {sys.executable}",
        *(f"{name} {_version(name) or 'is missing'}" for name in _NEEDED),
        *(f"extra {extra}: {_extra(extra, name)}" for extra, name in _EXTRAS.items()),
        _folder(Path("reports")),
    ]
    wall, sound = _wall()
    complete = all(_version(name) for name in _NEEDED)
    return Examination("\n".join([*lines, *wall]), sound and complete)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _extra(extra: str, package: str) -> str:
    version = _version(package)
    return (
        f"{package} {version}" if version else f"not installed; pip install 'understudy[{extra}]'"
    )


def _folder(path: Path) -> str:
    place = path if path.is_dir() else Path()
    writable = os.access(place, os.W_OK)
    return f"reports folder {path.resolve()}: {'writable' if writable else 'NOT writable'}"


def _wall() -> tuple[list[str], bool]:
    from understudy.doors.self_test import self_test

    tried = self_test()
    lines = [f"wall {tried.level}: {tried.blocked} ways out tried and blocked"]
    lines += [f"wall LEAKS {leak}" for leak in tried.leaks]
    if tried.level == "hook":
        lines.append(
            "wall: no network namespace here, so native code in a candidate is not covered"
        )
    return lines, tried.passed
