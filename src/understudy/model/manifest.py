"""What a world, a recording and a run say of themselves."""

from __future__ import annotations

from typing import Any

import msgspec

from understudy.model.verdict import ModelTraffic, WallEvidence

__all__ = [
    "MADE_HERE",
    "RUN_SCHEMA",
    "RecordingManifest",
    "RunManifest",
    "SourceFile",
    "WorldManifest",
]

RUN_SCHEMA = "understudy/run/1"

MADE_HERE = "workflows"
"""The format of a recording that simulated staff made on the mocked systems themselves."""


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that something was made from."""

    file: str
    sha256: str
    format: str = ""


class WorldManifest(msgspec.Struct, frozen=True, kw_only=True):
    """`WORLD/manifest.json`."""

    seed: int
    recipe_hash: str
    profile_hash: str
    pool_hashes: dict[str, str]
    row_counts: dict[str, int]
    content_digest: str
    now: int
    schema: str = "understudy/world/1"
    operators: dict[str, int] = msgspec.field(default_factory=dict)
    """How many ledger entries each mess operator left."""


class RecordingManifest(msgspec.Struct, frozen=True, kw_only=True):
    """`RECORDING/manifest.json`; `kept + dropped + repaired + quarantined == records`."""

    source_files: tuple[SourceFile, ...]
    records: int
    kept: int
    dropped: int = 0
    repaired: int = 0
    quarantined: int = 0
    cases: int = 0
    baselines: int = 0
    period: tuple[str | None, str | None] = (None, None)
    redactions: dict[str, int] = msgspec.field(default_factory=dict)
    reasons: dict[str, int] = msgspec.field(default_factory=dict)
    """Why records were dropped, repaired or quarantined, with counts."""
    notes: dict[str, int] = msgspec.field(default_factory=dict)
    """How the cases came about: grouping, links, what was left over, what cannot be rewound."""
    synthetic: bool = False
    format: str = ""
    digest: str = ""
    """The sha256 over cases and baselines, which a verdict is bound to."""
    schema: str = "understudy/recording/1"


class RunManifest(msgspec.Struct, frozen=True, kw_only=True):
    """`manifest.json` of a run: written first, so that a run can be resumed and redone."""

    campaign: str
    run_id: str
    candidate: str
    candidate_spec: str
    seed: int
    stage: str
    planned: int
    started_at: str
    harness_version: str
    recording: str
    hashes: dict[str, str | None]
    candidate_release: str | None = None
    world: str | None = None
    proposals: str | None = None
    """The file of recorded proposals, where no candidate was called."""
    policy: str = ""
    gates: str = ""
    settings: tuple[str, ...] = ()
    """The files that say what the company has defined in its systems."""
    mounted: dict[str, str] = msgspec.field(default_factory=dict)
    """The systems by role; without any, the built-in ones."""
    paths: tuple[str, ...] = ()
    """Where the modules of systems of one's own lie."""
    economics: dict[str, Any] = msgspec.field(default_factory=dict)
    needs: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    """The kinds of faults that were planned."""
    fault_plan: tuple[str, ...] = ()
    """The planned faults one by one, as the records of cases name them."""
    planned_faults: tuple[dict[str, Any], ...] = ()
    """The same as the campaign has them."""
    without_effect: tuple[str, ...] = ()
    """Settings of the campaign that nothing acts on yet; a report tells them."""
    model_traffic: tuple[ModelTraffic, ...] = ()
    """What went to model providers."""
    model_cost_minor: int = 0
    """What model calls have cost, in minor units of the currency of their prices."""
    drills: dict[str, Any] = msgspec.field(default_factory=dict)
    """What the campaign asks to be rehearsed."""
    unanswered: int = 0
    """Model calls that no recorded or scripted answer was there for."""
    case_ids_digest: str = ""
    selection: str = ""
    """Which cases were run, in words, where it was not all of the recording's."""
    intended_use: str = ""
    """What the campaign says that the candidate is to be used for."""
    authors: tuple[str, ...] = ()
    """Who made the candidate, and so cannot approve it."""
    part: str = ""
    """`open` or `held_out`, where a part of the recording is held out; empty where none is."""
    held_out: float | None = None
    """The share of the customers that is held out, where one is."""
    chosen: bool = False
    """Whether the cases were chosen by hand or by what came of them before."""
    shard: tuple[int, int] | None = None
    """Which part of how many this run is, counted from 1; a part has no verdict."""
    merged: tuple[str, ...] = ()
    """The ids of the runs that this one was put together from."""
    repeats: int = 1
    """How often each case is run, which `planned` counts each time."""
    attempt: int = 1
    """Which look at its recording this run is."""
    wall: WallEvidence | None = None
    stopped: str | None = None
    """Why the run ended before its last case: `kill_switch`, `egress`, … or None."""
    halted: int = 0
    """Writes that were refused because the kill switch was pressed."""
    halted_cases: int = 0
    """The cases that those were of; none of them has a record."""
    machine: dict[str, Any] = msgspec.field(default_factory=dict)
    schema: str = RUN_SCHEMA

    @property
    def planned_cases(self) -> int:
        """How many cases are planned, each counted once."""
        return self.planned // max(1, self.repeats)
