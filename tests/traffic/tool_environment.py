"""Environments in which other people's tools run, made once, apart from the project's own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

__all__ = ["TOOLS", "tool_python"]

TOOLS = {
    "mitmproxy": ("mitmproxy>=11",),
    "traces": ("opentelemetry-sdk>=1.38", "opentelemetry-exporter-otlp-proto-common>=1.38",
               "langsmith>=0.4", "langfuse>=3"),
}  # fmt: skip
"""What is installed into each of them; none of it fits beside what understudy needs."""
_LONGEST = 600


def tool_python(name: str) -> Path:
    """The Python of an environment with a tool; skips the test where it does not install.

    It lies in the project's own environment, so that `make clean` removes it and a later run finds
    it again.
    """
    home = Path(sys.prefix) / "tools" / name
    if not home.exists():
        home.parent.mkdir(exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=home.parent, prefix=f".{name}-"))
        _make(aside)
        try:
            aside.rename(home)
        except OSError:
            if not home.exists():  # Else another worker was sooner.
                raise
    return home / "bin" / "python"


def _make(folder: Path) -> None:
    name = folder.name.strip(".").partition("-")[0]
    for command in (
        [sys.executable, "-m", "venv", folder],
        [folder / "bin" / "python", "-m", "pip", "install", "--quiet", *TOOLS[name]],
    ):
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=_LONGEST
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"{name} does not install: no end after {_LONGEST} s")
        if done.returncode:
            last = done.stderr.strip().rpartition("\n")[2]
            pytest.skip(f"{name} does not install: {last}")
