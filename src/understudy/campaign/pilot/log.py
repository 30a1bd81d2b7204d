"""`reports/pilot.jsonl`: every run on every recording, in a chain that nobody shortens unseen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from understudy.campaign.runs.folder import RunFolder, runs_in
from understudy.model.canonical import digest
from understudy.model.chain import Link, open_chain, read_chain
from understudy.model.errors import EvidenceError
from understudy.model.manifest import RunManifest
from understudy.model.pilot import Move, PilotRun

__all__ = [
    "DEMOTED",
    "KILLED",
    "PROMOTED",
    "enter_run",
    "heads_of",
    "moves_in",
    "note_head",
    "note_move",
    "note_run",
    "note_waiver",
    "pilot_file",
    "pilot_runs",
    "waivers_of",
]

BEGUN, JUDGED, HEAD, WAIVER = "begun", "judged", "signed", "waived"
PROMOTED, DEMOTED, KILLED = "promoted", "demoted", "killed"


def pilot_file(reports: Path) -> Path:
    """The project's chain."""
    return reports / "pilot.jsonl"


def enter_run(reports: Path, manifest: RunManifest) -> int:
    """Enter a run before its first case; returns which look at its recording it is.

    Each run is a look at the same cases, of whatever candidate, and one that was given up counts as
    well. Recorded proposals that are judged again by the same rules are the same look. Shards are
    none: what they are merged to is one. Raises `EvidenceError` where the held-out part has been
    opened for this very candidate before.
    """
    recording = manifest.hashes.get("recording")
    look = _look(manifest)
    with open_chain(pilot_file(reports)) as chain:
        looks = _looks(chain.links, reports, recording)
        _refuse_second_opening(chain.links, manifest)
        attempt = looks.index(look) + 1 if look in looks else len(looks) + 1
        if manifest.shard is None:
            attempt = manifest.attempt if manifest.merged else attempt
            body = {
                "look": look,
                "run_id": manifest.run_id,
                "recording": recording,
                "candidate": manifest.candidate,
                "candidate_hash": manifest.hashes.get("candidate"),
                "campaign": manifest.campaign,
                "stage": manifest.stage,
                "planned": manifest.planned,
                "attempt": attempt,
                "held_out": manifest.part == "held_out",
            }
            chain.append(BEGUN, body, datetime.now(UTC))
    return attempt


def note_run(reports: Path, run: PilotRun, moves: Iterable[Move]) -> None:
    """Enter what came of a run, and the classes that it sends down."""
    with open_chain(pilot_file(reports)) as chain:
        chain.append(JUDGED, msgspec.to_builtins(run), datetime.now(UTC))
        for move in moves:
            chain.append(DEMOTED, msgspec.to_builtins(move), datetime.now(UTC))


def note_move(reports: Path, kind: str, move: Move) -> None:
    """Enter a promotion, a demotion by hand or the end of a pilot."""
    with open_chain(pilot_file(reports)) as chain:
        chain.append(kind, msgspec.to_builtins(move), datetime.now(UTC))


def note_head(reports: Path, folder: RunFolder, link: Link) -> None:
    """Keep the head of a run's chain outside of the run, so that a cut-off end is missed."""
    body = {"run_id": folder.read_manifest().run_id, "head": link.hash, "who": link.body["who"]}
    with open_chain(pilot_file(reports)) as chain:
        chain.append(HEAD, body, datetime.now(UTC))


def note_waiver(reports: Path, link: Link) -> None:
    """Keep a waiver where the next report finds it."""
    with open_chain(pilot_file(reports)) as chain:
        chain.append(WAIVER, link.body, datetime.now(UTC))


def heads_of(folder: RunFolder, reports: Path) -> list[str]:
    """The heads of a run's chain that were noted when it was signed."""
    run_id = folder.read_manifest().run_id
    links = read_chain(pilot_file(reports))
    return [
        link.body["head"] for link in links if _is(link, HEAD) and link.body["run_id"] == run_id
    ]


def waivers_of(reports: Path, campaign: str, run_id: str, today: date) -> list[str]:
    """What was waived in a campaign, as sentences for its reports; what has ended says so."""
    told = []
    for link in read_chain(pilot_file(reports)):
        body = link.body
        if _is(link, WAIVER) and body["campaign"] == campaign:
            own = "" if body["run_id"] == run_id else f" of run {body['run_id']}"
            over = date.fromisoformat(body["expires"]) < today
            told.append(
                f"gate {body['gate']}{own} was waived by {body['who']} ({body['role']}) and "
                f"{body['second']} ({body['second_role']}) until {body['expires']}"
                f"{', which is over' if over else ''}: {body['reason']}"
            )
    return told


def pilot_runs(links: Iterable[Link]) -> list[PilotRun]:
    """Every judged run, as it was judged last."""
    found = [msgspec.convert(link.body, PilotRun) for link in links if _is(link, JUDGED)]
    return list({run.run_id: run for run in found}.values())


def moves_in(links: Iterable[Link]) -> list[tuple[str, Move]]:
    """Every move, the oldest first."""
    kinds = (PROMOTED, DEMOTED, KILLED)
    return [
        (link.kind, msgspec.convert(link.body | {"at": link.at}, Move))
        for link in links
        if link.kind in kinds
    ]


def _is(link: Link, kind: str) -> bool:
    return link.kind == kind


def _look(manifest: RunManifest) -> str:
    if not manifest.proposals:
        return manifest.run_id
    return digest([manifest.hashes, manifest.stage])


def _looks(links: list[Link], reports: Path, recording: str | None) -> list[str]:
    """The looks at a recording; run folders that the chain does not know count as well."""
    begun = [link.body for link in links if _is(link, BEGUN)]
    entered = {body["run_id"] for body in begun}
    older = [
        manifest.run_id
        for manifest in (run.read_manifest() for run in runs_in(reports))
        if manifest.hashes.get("recording") == recording
        and manifest.shard is None
        and manifest.run_id not in entered
    ]
    looks = [body["look"] for body in begun if body["recording"] == recording]
    return list(dict.fromkeys([*older, *looks]))


def _refuse_second_opening(links: list[Link], manifest: RunManifest) -> None:
    if manifest.part != "held_out":
        return
    candidate, recording = manifest.hashes.get("candidate"), manifest.hashes.get("recording")
    before = next((body for body in _openings(links, recording, candidate)), None)
    if before is not None and before["run_id"] != manifest.run_id:
        raise EvidenceError(
            f"the held-out part of this recording was opened for this very candidate before, in "
            f"run {before['run_id']}; it is fresh evidence only once",
            code="U505",
            hint="change the candidate, or record anew; run without --held-out for the open part",
        )


def _openings(
    links: list[Link], recording: str | None, candidate: str | None
) -> Iterable[dict[str, Any]]:
    for link in links:
        body = link.body
        opened = _is(link, BEGUN) and body["held_out"]
        if opened and (body["recording"], body["candidate_hash"]) == (recording, candidate):
            yield body
