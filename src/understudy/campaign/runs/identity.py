"""Hashes that bind a verdict to the candidate and to understudy itself."""

from __future__ import annotations

import errno
import functools
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from understudy import __version__
from understudy.campaign.projects.project import project_folder
from understudy.model.candidate_use import ModelUse
from understudy.model.canonical import digest, digest_file
from understudy.model.http_use import ServiceUse
from understudy.systems.recorded import RECORDED
from understudy.systems.routes import KNOWN, operations

__all__ = ["candidate_hash", "harness_hash", "model_hashes", "tools_hash"]

_SKIPPED = {".git", ".venv", "__pycache__", "node_modules", "reports"}


def candidate_hash(
    spec: str | dict[str, Any], project: Path, env: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The sha256 of what the candidate is made of, as far as it can be seen from here.

    For `module:callable` the callable's name and the Python files of the module's folder (or the
    module alone, where it lies in the project's root); for anything else the spec, with what stands
    in the files that it names (a prompt, the script of a command) in place of their names. What
    code they bring in is out of reach. What `env` it is given counts too.
    """
    found = _hash_of(spec, project)
    return digest([found, dict(env)]) if env else found


def _hash_of(spec: str | dict[str, Any], project: Path) -> str:
    if isinstance(spec, dict):
        return digest({form: _with_files(settings, project) for form, settings in spec.items()})
    files = _module_files(spec, project)
    if not files:
        return digest(_command_of(spec, project))
    # Two candidates may be two callables of one module: neither has earned the other's evidence.
    return digest([spec.partition(":")[2], _digest_files(files)])


def model_hashes(use: str | ModelUse | ServiceUse, project: Path) -> dict[str, str | None]:
    """The hashes of prompt and model, where the candidate is nothing else."""
    if not isinstance(use, ModelUse):
        return {"prompt": None, "model": None}
    model = digest([use.openai.model, use.openai.options])
    return {"prompt": _prompt_hash(use.openai.prompt, project), "model": model}


def tools_hash(use: object, systems: Mapping[str, str], folder: Path) -> str:
    """The sha256 of what a candidate is offered to act with, apart from its own code.

    Of the built-in systems it is names, descriptions and parameters of their operations; of one's
    own the files; of recorded ones the host. `systems` hold the mounted ones by role, none for all
    that are built in; the campaign lies in `folder`.
    """
    wanted = use.openai.tools if isinstance(use, ModelUse) else ()
    return digest([sorted(wanted), [_tools_of(each, folder) for each in _mounted(systems)]])


def _mounted(systems: Mapping[str, str]) -> list[str]:
    return sorted(systems.values()) or sorted(KNOWN)


def _tools_of(system: str, folder: Path) -> object:
    if system.startswith(RECORDED):
        return system.rpartition("@")[0]
    if ":" in system:
        return candidate_hash(system, project_folder(system, folder))
    return [[each.name, each.description, each.params] for each in operations([system])]


def _with_files(settings: Mapping[str, Any], project: Path) -> dict[str, Any]:
    """A model's or a service's settings, its prompt or its command with what their files say."""
    found = dict(settings)
    if "prompt" in found:
        found["prompt"] = _prompt_hash(found["prompt"], project) or found["prompt"]
    if found.get("start"):
        found["start"] = _command_of(found["start"], project)
    return found


def _command_of(command: str, project: Path) -> list[str]:
    """The words of a command; one that names a file as what stands in it, but for `/usr/bin/x`."""
    words = command.removeprefix("exec:").removeprefix("mcp:").split()
    installed = words[:1] if words and words[0].startswith("/") else []
    own = [*installed, *(_content(project / word) or word for word in words[len(installed) :])]
    return [command.partition(words[0])[0].strip(), *own] if words else [command]


def _content(path: Path) -> str | None:
    try:
        return digest_file(path) if path.is_file() else None
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return None  # a word of a script that stands in the command, not the name of a file


def _prompt_hash(name: str, project: Path) -> str | None:
    return _content(project / name)


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
