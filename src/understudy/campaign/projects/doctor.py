"""What `understudy doctor` looks at: versions, folders, the wall."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from understudy.doors.self_test import SelfTest

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
    reached: bool = True
    """Whether all candidates of the campaign could be reached; true where none was named."""


def examine(campaign: Path | None = None) -> Examination:
    """Look at the interpreter, the packages, the reports folder, and try to climb the wall.

    The candidates of a `campaign` are started as for a run, and given no case. Raises
    `ConfigurationError` where the file cannot be used.
    """
    lines = [
        f"python {platform.python_version()} at {sys.executable}",
        *(f"{name} {_version(name) or 'is missing'}" for name in _NEEDED),
        *(f"extra {extra}: {_extra(extra, name)}" for extra, name in _EXTRAS.items()),
        _folder(Path("reports")),
    ]
    wall, sound = _wall()
    complete = all(_version(name) for name in _NEEDED)
    tried = _candidates(campaign) if campaign else []
    text = "\n".join([*lines, *wall, *(line for line, _ in tried)])
    return Examination(text, sound and complete, not any(failed for _, failed in tried))


def _candidates(campaign: Path) -> list[tuple[str, bool]]:
    from understudy.campaign.projects.reachability import reach
    from understudy.campaign.projects.settings import load_settings

    return list(reach(load_settings(campaign)))


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
    lines += _about_native(tried)
    lines += _about_others(tried)
    return lines, tried.passed


def _about_native(tried: SelfTest) -> list[str]:
    uncounted = [name for name, outcome in tried.native.items() if outcome.endswith("not counted")]
    if uncounted:
        asked = "the kernel cannot ask a process about it here"
        return [
            *_open_to_native(tried),
            f"wall: {', '.join(uncounted)}: blocked, and not counted; {asked}",
        ]
    return _open_to_native(tried)


def _open_to_native(tried: SelfTest) -> list[str]:
    ways = [name for name, outcome in tried.native.items() if outcome == "open"]
    if tried.level == "hook":
        more = f"; open to it: {', '.join(ways)}" if ways else "; the kernel refuses what was tried"
        return [f"wall: no network namespace here, so native code is not covered by it{more}"]
    lines = ["wall: a candidate has a network of its own, in which only our doors listen"]
    return lines + [f"wall: {name} is open to native code" for name in ways]


_PROGRAMS = {
    "blocked": "what they try to reach is refused, and counted by address or by the name asked for",
    "blocked, not counted": "what they try to reach is refused, and not counted; the kernel cannot "
    "ask a process about it here",
}


def _about_others(tried: SelfTest) -> list[str]:
    told = _PROGRAMS.get(tried.programs)
    where = "have a network of their own"
    if tried.level == "hook":
        where = "are in the machine's network, held by the kernel's questions alone"
    covered = (
        f"exec: candidates and services with start: {where}; {told}"
        if told
        else "exec: candidates have wall: none, since nothing here could hold them"
    )
    services = "they run in a process of your own, which nobody can seal from outside"
    return [f"wall: {covered}", f"wall: http:// candidates have wall: none, {services}"]
