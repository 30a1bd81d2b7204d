"""Importing a Python candidate, with errors that say what to mend."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import re
import shlex
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from understudy.candidates.use import PythonUse
from understudy.model.errors import CandidateError, nearest
from understudy.model.printable import printable

__all__ = ["check_module", "load", "where_it_failed"]

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")
_SKIPPED = {"__pycache__", "node_modules", "site-packages", "reports", "build", "dist"}


def load(use: PythonUse, project: Path) -> Callable[[Any, Any], Any]:
    """Import the module from `project` or the installed packages and give the callable.

    Raises `CandidateError` where it is not there, raises, or does not take a case and the systems.
    """
    if str(project) not in sys.path:
        sys.path.insert(0, str(project))
    importlib.invalidate_caches()
    found = _attribute(_module(use, project), use)
    if not callable(found):
        raise CandidateError(
            f"`{use.module}:{use.attribute}` is a {type(found).__name__}, not a callable",
            code="U204",
            hint="name a function `def handle(case, systems): …`",
        )
    _check_signature(found, use)
    return found  # type: ignore[no-any-return]  # callable() narrows an object to `(...) -> object`


def check_module(use: PythonUse, project: Path) -> None:
    """Raise `CandidateError` where the module is nowhere; none of its code is run.

    Of a package that may find its parts by itself only the package is looked for.
    """
    places: list[str] | None = None
    parts = use.module.split(".")
    for number in range(1, len(parts) + 1):
        name = ".".join(parts[:number])
        found = _found(name, [str(project)] if places is None else places)
        if found is None and places is None:
            found = _found(name, None)
        if found is None:
            raise _no_module(use, name, project)
        if found.submodule_search_locations is None or _finds_by_itself(found):
            return
        places = list(found.submodule_search_locations)


def _found(name: str, places: list[str] | None) -> ModuleSpec | None:
    if name in sys.builtin_module_names:
        return importlib.util.find_spec(name)
    specs = (finder.find_spec(name, places) for finder in sys.meta_path)
    return next((spec for spec in specs if spec is not None), None)


def _finds_by_itself(package: ModuleSpec) -> bool:
    with contextlib.suppress(OSError, TypeError):
        text = Path(package.origin or "").read_text(encoding="utf-8", errors="replace")
        return "__path__" in text or "sys.modules" in text
    return False


def _module(use: PythonUse, project: Path) -> Any:
    try:
        return importlib.import_module(use.module)
    except ModuleNotFoundError as error:
        if error.name and _is_part_of(error.name, use.module):
            raise _no_module(use, error.name, project) from None
        raise _needs(use, error) from None
    except CandidateError as error:
        # A tool or its map, wrapped while the module is imported: told as it is, with its hint.
        place = where_it_failed(error, project)
        raise CandidateError(
            error.problem, code=error.code, where=error.where or place, hint=error.hint
        ) from None
    except (Exception, SystemExit) as error:
        raise _raises(use, error, project) from None


def _is_part_of(missing: str, module: str) -> bool:
    return module == missing or module.startswith(f"{missing}.")


def _no_module(use: PythonUse, missing: str, project: Path) -> CandidateError:
    guess = nearest(use.module, _modules(project))
    return CandidateError(
        f"there is no module `{missing}` in `{project}` or among the installed packages{guess}",
        code="U202",
        hint=f"name one that can be imported there: {_alone(use, project)}",
    )


def _alone(use: PythonUse, project: Path) -> str:
    """A command that imports the module as a run does: without the variables of the outside."""
    inside = f'cd {shlex.quote(str(project))} && env -i PATH="$PATH" {shlex.quote(sys.executable)}'
    return f'{inside} -c "import {use.module}"'


def _needs(use: PythonUse, error: ModuleNotFoundError) -> CandidateError:
    name = (error.name or str(error)).partition(".")[0]
    return CandidateError(
        f"`{use.module}` imports `{printable(error.name or error, 100)}`, which is not installed",
        code="U202",
        hint=f"install it where understudy is installed: {sys.executable} -m pip install {name}",
    )


def _raises(use: PythonUse, error: BaseException, project: Path) -> CandidateError:
    return CandidateError(
        f"importing `{use.module}` raises {type(error).__name__}: {printable(error, 300)}",
        code="U203",
        where=where_it_failed(error, project),
        hint=f"{_lacking(error)}see it alone: {_alone(use, project)}",
    )


def _lacking(error: BaseException) -> str:
    """What to write where a variable is missing: of the outside's a candidate sees none."""
    name = str(error.args[0]) if isinstance(error, KeyError) and error.args else ""
    if _VARIABLE.fullmatch(name):
        return f"give it the variable at the candidate, env: {{{name}: …}}; or "
    return ""


def _attribute(module: Any, use: PythonUse) -> Any:
    found = module
    for name in use.attribute.split("."):
        if not hasattr(found, name):
            known = [each for each in dir(found) if not each.startswith("_")]
            guess = nearest(name, [each for each in known if callable(getattr(found, each, None))])
            raise CandidateError(
                f"`{use.module}` has no `{use.attribute}`{guess}",
                code="U204",
                where=getattr(module, "__file__", None),
                hint="write the candidate as `module:callable`",
            )
        found = getattr(found, name)
    return found


def _check_signature(found: Callable[..., Any], use: PythonUse) -> None:
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return  # a callable without a readable signature is taken at its word
    try:
        signature.bind(None, None)
    except TypeError:
        raise CandidateError(
            f"`{use.module}:{use.attribute}{signature}` cannot be called with a case and the "
            "systems",
            code="U205",
            hint="a candidate is `def handle(case, systems): …`, sync or async",
        ) from None


def _modules(project: Path) -> Iterator[str]:
    """The modules in the project's root and in its packages, three levels deep."""
    for depth in ("*.py", "*/*.py", "*/*/*.py"):
        for path in sorted(project.glob(depth))[:2000]:
            parts = path.relative_to(project).with_suffix("").parts
            if not _SKIPPED.intersection(parts) and not parts[0].startswith("."):
                yield ".".join(part for part in parts if part != "__init__")


def where_it_failed(error: BaseException, project: Path) -> str | None:
    """`file:line` of the innermost frame in the project's own files."""
    frames = traceback.extract_tb(error.__traceback__)
    root = str(project.resolve())
    own = [frame for frame in frames if str(Path(frame.filename).resolve()).startswith(root)]
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    if not own:
        return None
    return f"{own[-1].filename}:{own[-1].lineno}"
