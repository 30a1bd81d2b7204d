"""What a run's verdict rests on, byte for byte, in a chain that shows any later change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from understudy.campaign.pilot.log import heads_of, pilot_file
from understudy.campaign.pilot.people import people_file, people_of, strangers
from understudy.campaign.pilot.signature import SIGNED, signature_problem
from understudy.campaign.runs.folder import RunFolder
from understudy.campaign.runs.identity import harness_hash
from understudy.model.canonical import digest_file
from understudy.model.chain import NOTHING, Link, check_chain, open_chain
from understudy.model.manifest import RunManifest
from understudy.model.people import People
from understudy.model.verdict import Verdict
from understudy.shadow.seal import store_files

__all__ = [
    "Audit",
    "audit_file",
    "check_run",
    "judged_by",
    "last_reported",
    "note_judged",
    "note_priced",
    "note_reported",
    "signature_problems",
]

JUDGED, PRICED, REPORTED = "judged", "priced", "reported"
_TRUTH = (
    "manifest.json", "SEALED", "drills.json", "decisions.jsonl", "findings.jsonl", "cost.json",
    "verdict.json",
)  # fmt: skip
_RECORDED = ("manifest.json", "cases.jsonl", "interactions.jsonl", "baselines.jsonl")


@dataclass(frozen=True, slots=True)
class Audit:
    """What a check of one run found: the head of its chain, what was checked, what is wrong."""

    head: str
    files: int
    signatures: int
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"PROBLEM {each}" for each in self.problems]
        lines += [f"note: {each}" for each in self.notes]
        lines.append(f"{self.files:,} files and {self.signatures:,} signatures checked")
        lines.append(f"chain head {self.head}")
        if not self.problems:
            lines.append("everything is as it was judged and signed")
        return "\n".join(lines)


def audit_file(folder: RunFolder) -> Path:
    """The chain of one run."""
    return folder.path / "audit.jsonl"


def note_judged(folder: RunFolder, manifest: RunManifest, verdict: Verdict) -> None:
    """Add what the run's files are now, and what it was judged from, to its chain."""
    body = {
        "files": _own_files(folder),
        "inputs": _inputs(manifest),
        "verdict": verdict.verdict.value,
        "hashes": manifest.hashes,
        "gates": verdict.hashes.gates,
        "cases": verdict.cases.run,
        "harness": harness_hash(),
    }
    with open_chain(audit_file(folder)) as chain:
        chain.append(JUDGED, body, datetime.now(UTC))


def judged_by(links: Sequence[Link]) -> str | None:
    """The hash of the understudy that gave the verdict; None where findings are newer than it."""
    own = [link for link in links if link.kind in (JUDGED, PRICED)]
    return own[-1].body.get("harness", "") if own and own[-1].kind == JUDGED else None


def note_priced(folder: RunFolder) -> None:
    """Add what the files of a run are after its differences were priced again."""
    with open_chain(audit_file(folder)) as chain:
        chain.append(PRICED, {"files": _own_files(folder)}, datetime.now(UTC))


def note_reported(folder: RunFolder, governance: object, run: str) -> None:
    """Add what stood on a report beside the run's own files, so that it can be made again.

    A report that says what the one before it said adds nothing.
    """
    body = {"governance": msgspec.to_builtins(governance), "run": run}
    with open_chain(audit_file(folder)) as chain:
        if body != last_reported(chain.links):
            chain.append(REPORTED, body, datetime.now(UTC))


def last_reported(links: Sequence[Link]) -> Mapping[str, Any] | None:
    """What stood on the last report beside the run's own files."""
    return next((link.body for link in reversed(links) if link.kind == REPORTED), None)


def check_run(folder: RunFolder, reports: Path, head: str | None = None) -> Audit:
    """Check chain, files and signatures of a run; `head` is one that somebody noted before."""
    links, problems = check_chain(audit_file(folder))
    people = people_of(reports)
    files, inputs = _last_files(links)
    if not files:
        problems.append("audit.jsonl holds no judgement, so nothing says what the files were")
    problems += _changed(folder, files)
    changed, missing = _changed_inputs(inputs)
    signed = [link for link in links if link.kind in SIGNED]
    problems += changed
    problems += _wrong_signatures(links, folder, people)
    problems += _cut_off(links, folder, reports, head)
    return Audit(
        head=links[-1].hash if links else NOTHING,
        files=len(files) + len(inputs) - len(missing),
        signatures=len(signed),
        problems=tuple(problems),
        notes=(*missing, *(_nobodys(reports) if signed and people is None else ())),
    )


def signature_problems(folder: RunFolder, reports: Path | None = None) -> list[str]:
    """What is wrong with the signed lines of a run's chain, and with whose keys they carry."""
    links, _ = check_chain(audit_file(folder))
    return _wrong_signatures(links, folder, people_of(reports))


def _wrong_signatures(links: Iterable[Link], folder: RunFolder, people: People | None) -> list[str]:
    return [
        f"audit.jsonl:{link.seq + 1}: {problem}"
        for link in links
        if link.kind in SIGNED
        for problem in (
            signature_problem(link, folder), *(strangers(link, people) if people else ()),
        )
        if problem is not None
    ]  # fmt: skip


def _nobodys(reports: Path) -> tuple[str]:
    told = (
        f"nothing says whose keys signed: `{people_file(reports)}` would, with `version: 1` and "
        "`keys: {NAME: [PUBLIC KEY]}`"
    )
    return (told,)


def _own_files(folder: RunFolder) -> dict[str, str]:
    stores = [path.name for path in store_files(folder.path)]
    present = [name for name in (*_TRUTH, *stores) if (folder.path / name).is_file()]
    return {name: digest_file(folder.path / name) for name in present}


def _inputs(manifest: RunManifest) -> dict[str, str]:
    """What lies elsewhere and was judged by or from; where it lies is told by its path."""
    recording = Path(manifest.recording)
    paths = [recording / name for name in _RECORDED]
    paths += [Path(each) for each in (manifest.policy, manifest.gates, manifest.proposals) if each]
    paths += [Path(each) for each in manifest.settings]
    return {str(path): digest_file(path) for path in paths if path.is_file()}


def _last_files(links: list[Link]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The newest digest that the chain names for each file."""
    files: dict[str, str] = {}
    inputs: dict[str, str] = {}
    for link in links:
        if link.kind == JUDGED:
            files, inputs = dict(link.body.get("files", {})), dict(link.body.get("inputs", {}))
        elif link.kind == PRICED:
            files |= link.body.get("files", {})
    return files, inputs


def _changed(folder: RunFolder, files: Mapping[str, str]) -> Iterator[str]:
    now = _own_files(folder)
    for name, before in files.items():
        if name not in now:
            yield f"{name}: this file was there when the run was judged, and is not any more"
        elif now[name] != before:
            yield f"{name}: this file was changed after the run was judged"
    yield from (
        f"{name}: this file was not there when the run was judged"
        for name in (now.keys() - files.keys() if files else ())
    )


def _changed_inputs(inputs: Mapping[str, str]) -> tuple[list[str], list[str]]:
    changed, missing = [], []
    for name, before in inputs.items():
        path = Path(name)
        if not path.is_file():
            missing.append(f"`{name}` is not here, so it was not checked")
        elif digest_file(path) != before:
            changed.append(f"{name}: this file was changed after the run was judged")
    return changed, missing


def _cut_off(
    links: list[Link], folder: RunFolder, reports: Path, head: str | None
) -> Iterator[str]:
    """Whether heads that are known from elsewhere stand in the chain still."""
    known = {NOTHING, *(link.hash for link in links)}
    noted = [(each, pilot_file(reports).name) for each in heads_of(folder, reports)]
    noted += [(head, "--head")] if head else []
    for each, where in noted:
        if each not in known:
            yield (
                f"audit.jsonl: the head {each[:16]}… that {where} names is not in the chain: its "
                "end was cut off, or it was written anew"
            )
