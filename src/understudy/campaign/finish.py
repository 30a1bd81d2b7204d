"""What a finished run hands back to the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from understudy.campaign.run_folder import RunFolder
from understudy.model.verdict import Verdict

__all__ = ["Finished", "summary_json"]


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that ended in a verdict: its folder, the verdict, and the text for the terminal."""

    folder: RunFolder
    verdict: Verdict
    text: str


def summary_json(finished: Sequence[Finished]) -> str:
    """The runs as one JSON document, the form of `--json`."""
    runs = [
        {
            "run": str(one.folder.path),
            "report": str(one.folder.path / "report.html"),
            **msgspec.to_builtins(one.verdict),
        }
        for one in finished
    ]
    return msgspec.json.format(msgspec.json.encode({"runs": runs}), indent=2).decode()
