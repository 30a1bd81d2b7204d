"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["describe", "load"]

_PACKAGES = (
    "understudy", "httpx", "httpx2", "msgspec", "numpy", "orjson", "pyarrow", "respx", "uvicorn",
)  # fmt: skip


def describe() -> dict[str, str]:
    """Processor, cores, memory, system and the versions that matter, by name."""
    found = {
        "processor": _line("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": _line("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
    return found | {name: text for name in _PACKAGES if (text := _version(name))}


def load() -> float:
    """The load of the last minute."""
    return os.getloadavg()[0]


def _line(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
