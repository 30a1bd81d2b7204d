"""What a finished run hands back to the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from understudy.campaign.runs.folder import RunFolder
from understudy.model.manifest import RunManifest
from understudy.model.verdict import Verdict

__all__ = ["Finished", "Part", "parts_json", "summary_json"]


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that ended in a verdict: its folder, the verdict, and the text for the terminal."""

    folder: RunFolder
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """A shard that has been run: its folder, its manifest, and the text for the terminal."""

    folder: RunFolder
    manifest: RunManifest
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
    return _indented({"runs": runs})


def parts_json(parts: Sequence[Part]) -> str:
    """The shards as one JSON document; there is no verdict in it."""
    told = [
        {"run": str(one.folder.path), "run_id": one.manifest.run_id, "shard": one.manifest.shard}
        for one in parts
    ]
    return _indented({"shards": told})


def _indented(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
