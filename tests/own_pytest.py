"""pytest as a developer runs it in a folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["own_pytest"]

_ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": ""}
_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""What is rewritten for its assertions once need not be rewritten by the next run."""
_IN_CI = {"CI", "BUILD_NUMBER"}


def own_pytest(
    folder: Path, *arguments: str, beside_others: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run it with understudy's plugin as it is installed.

    Other packages' plugins, which take seconds to load, are left out unless it stands beside them.
    """
    # As in an environment that is activated: `python` is the one that understudy is installed in.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    plugins = () if beside_others else ("-p", "understudy")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugins, *arguments],
        cwd=folder, capture_output=True, text=True, check=False, timeout=110,
        env={**_terminal(), **_COMPILED, "PATH": path, **({} if beside_others else _ALONE)},
    )  # fmt: skip


def _terminal() -> dict[str, str]:
    """The environment as at a terminal: in CI, pytest's summary repeats each failure whole."""
    return {name: value for name, value in os.environ.items() if name not in _IN_CI}
