"""The workloads that there are: every module of `workloads/`, by id."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.benchmarks.workload import Workload

__all__ = ["find", "workloads"]

_FOLDER = Path(__file__).parent / "workloads"


def workloads() -> dict[str, Workload]:
    """All workloads by id, in the order of their ids."""
    names = sorted(path.stem for path in _FOLDER.glob("*.py"))
    modules = [importlib.import_module(f"tests.benchmarks.workloads.{name}") for name in names]
    found = [module.WORKLOAD for module in modules]
    return {each.id: each for each in sorted(found, key=lambda each: each.id)}


def find(ids: list[str]) -> list[Workload]:
    """The workloads of these ids, or all; `LookupError` where there is none of that id."""
    known = workloads()
    unknown = [name for name in ids if name not in known]
    if unknown:
        raise LookupError(f"no workload `{unknown[0]}`; there are {', '.join(known)}")
    return [known[name] for name in ids] if ids else list(known.values())
