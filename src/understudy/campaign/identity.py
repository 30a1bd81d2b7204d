"""Hashes that bind a verdict to the candidate and to understudy itself."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from understudy import __version__
from understudy.model.candidate_use import ModelUse
from understudy.model.canonical import digest, digest_file
from understudy.model.http_use import ServiceUse

__all__ = ["candidate_hash", "harness_hash", "model_hashes"]

_SKIPPED = {".git", ".venv", "__pycache__", "node_modules", "reports"}


def candidate_hash(spec: str | dict[str, Any], project: Path) -> str:
    """The sha256 of what the candidate is made of, as far as it can be seen from here.

    For `module:callable` the Python files of the module's folder (or the module alone, where it
    lies in the project's root); for a model the spec and its prompt; for anything else the spec,
    since its code is out of reach.
    """
    if isinstance(spec, dict) and "openai" not in spec:
        return digest(spec)
    if isinstance(spec, dict):
        return digest([spec, _prompt_hash(spec["openai"]["prompt"], project)])
    folder = _module_files(spec, project)
    return _digest_files(folder) if folder else digest(spec)


def model_hashes(use: str | ModelUse | ServiceUse, project: Path) -> dict[str, str | None]:
    """The hashes of prompt and model, where the candidate is nothing else."""
    if not isinstance(use, ModelUse):
        return {"prompt": None, "model": None}
    model = digest([use.openai.model, use.openai.options])
    return {"prompt": _prompt_hash(use.openai.prompt, project), "model": model}


def _prompt_hash(name: str, project: Path) -> str | None:
    path = project / name
    return digest_file(path) if path.is_file() else None


@functools.cache
def harness_hash() -> str:
    """The sha256 over understudy's version and source."""
    root = Path(__file__).parents[1]
    return _digest_files(sorted(root.rglob("*.py")), salt=__version__)


def _module_files(spec: str, project: Path) -> list[Path] | None:
    if spec.startswith(("http:", "https:", "exec:", "openai:", "mcp:")) or ":" not in spec:
        return None
    module = spec.partition(":")[0]
    relative = Path(*module.split("."))
    for root in (project, Path(__file__).parents[2]):
        for path in (root / relative.with_suffix(".py"), root / relative / "__init__.py"):
            if path.is_file():
                return [path] if path.parent == root else _python_files(path.parent)
    return None


def _python_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if not _SKIPPED.intersection(path.parts))


def _digest_files(paths: Iterable[Path], salt: str = "") -> str:
    state = hashlib.sha256(salt.encode())
    for path in paths:
        state.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return state.hexdigest()
