"""Which folder a candidate's module is imported from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["project_folder"]


def project_folder(use: str | dict[str, Any], folder: Path) -> Path:
    """The nearest folder from the campaign file upwards that holds the candidate's module.

    The working directory where none does: an installed module is found from anywhere. A prompt
    lies beside the campaign file, and there commands are run.
    """
    if not isinstance(use, str) or use.startswith(("exec:", "mcp:")):
        return folder
    top = use.partition(":")[0].partition(".")[0]
    for place in (folder, *folder.parents):
        if (place / top).is_dir() or (place / f"{top}.py").is_file():
            return place
    return Path.cwd()
