"""Environments of peers: each of its own, in a folder outside of the project's environment."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["MissingPeer", "home", "install", "python_of"]

_MINUTES = 10


class MissingPeer(Exception):
    """A peer that cannot be measured here, and why."""


def home() -> Path:
    """Where environments are kept: `UNDERSTUDY_BENCH_HOME`, or the user's cache folder."""
    named = os.environ.get("UNDERSTUDY_BENCH_HOME")
    return Path(named) if named else Path.home() / ".cache" / "understudy-bench"


def python_of(needs: tuple[str, ...]) -> Path:
    """The interpreter of the environment that holds these requirements."""
    digest = hashlib.sha256("\n".join(sorted(needs)).encode()).hexdigest()[:12]
    return home() / digest / "bin" / "python"


def install(needs: tuple[str, ...]) -> None:
    """Make the environment if there is none; `MissingPeer` where it cannot be made."""
    python = python_of(needs)
    ready = python.parents[1] / ".ready"
    if ready.exists():
        return
    made = _ran([sys.executable, "-m", "venv", "--clear", str(python.parents[1])])
    made = made or _ran([str(python), "-m", "pip", "install", "--quiet", *needs])
    if made:
        raise MissingPeer(f"{', '.join(needs)} does not install here: {made}")
    ready.touch()


def _ran(command: list[str]) -> str:
    """The last line of what a command complained about; empty where it did not."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60 * _MINUTES, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = [*done.stderr.strip().splitlines(), "no reason was given"]
    return "" if done.returncode == 0 else lines[-2 if len(lines) > 1 else -1]
