"""Signing a verdict, and waiving one of its gates: who may, and what is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from understudy.campaign.pilot.audit import audit_file
from understudy.campaign.pilot.log import note_head, note_waiver
from understudy.campaign.pilot.people import own_key
from understudy.campaign.pilot.signature import DECIDED, WAIVED, load_key, seal
from understudy.campaign.runs.folder import RunFolder, find_run
from understudy.model.canonical import digest_file
from understudy.model.chain import Link, open_chain, read_chain
from understudy.model.errors import ConfigurationError, EvidenceError, RecordingError, nearest
from understudy.model.manifest import RunManifest
from understudy.model.people import folded
from understudy.model.verdict import Stage, Verdict, VerdictWord

__all__ = ["DECISIONS", "Signer", "WaiverRequest", "approvals_of", "sign_run", "waive_gate"]

DECISIONS = ("approve", "modify", "reject", "terminate", "escalate")
_ABOVE = (Stage.LIMITED_AUTONOMY, Stage.FULL)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, as what, and with which key."""

    name: str
    role: str
    key: Path


@dataclass(frozen=True, slots=True)
class WaiverRequest:
    """A dated exception to one gate, and the second person who answers for it."""

    gate: str
    expires: date
    second: Signer


def sign_run(
    run: str, reports: Path, signer: Signer, decision: str, reason: str
) -> tuple[Link, Path]:
    """Write a signed decision on a run's verdict into its chain.

    Raises `ConfigurationError` for who may not sign, `EvidenceError` where there is no verdict to
    approve, `RecordingError` where the verdict is not the one that the chain names.
    """
    folder = find_run(run, reports)
    verdict, manifest = _verdict_of(folder), folder.read_manifest()
    _refuse_unknown(decision)
    if decision == "approve":
        _refuse_approval(verdict, folder)
        _refuse_author(signer, manifest, verdict)
    key = own_key(signer.name, load_key(signer.key, folder), reports)
    record = _record(folder, manifest, signer, reason) | {"decision": decision}
    with open_chain(audit_file(folder)) as chain:
        _refuse_changed(folder, chain.links)
        link = chain.append(DECIDED, seal(record | {"head": chain.head}, [key]), _now())
    note_head(reports, folder, link)
    return link, folder.path


def waive_gate(
    run: str, reports: Path, signer: Signer, request: WaiverRequest, reason: str
) -> tuple[Link, Path]:
    """Write an exception to one gate, which two people sign, and which ends at a date."""
    folder = find_run(run, reports)
    verdict, manifest = _verdict_of(folder), folder.read_manifest()
    if verdict.verdict is VerdictWord.INVALID:
        raise EvidenceError(
            f"run `{manifest.run_id}` is INVALID, and nothing can be waived where nothing is known",
            code="U503",
            hint="mend what the verdict names and run again",
        )
    _refuse_waiver(verdict, signer, request)
    for each in (signer, request.second):
        _refuse_author(each, manifest, verdict)
    keys = [
        own_key(each.name, load_key(each.key, folder), reports) for each in (signer, request.second)
    ]
    if keys[0].public_key() == keys[1].public_key():
        raise ConfigurationError("both people sign with one key", code="U483", where="--second-key")
    record = _record(folder, manifest, signer, reason) | {
        "gate": request.gate,
        "second": request.second.name,
        "second_role": request.second.role,
        "expires": request.expires.isoformat(),
        "candidate": manifest.candidate,
        "campaign": manifest.campaign,
    }
    with open_chain(audit_file(folder)) as chain:
        _refuse_changed(folder, chain.links)
        link = chain.append(WAIVED, seal(record | {"head": chain.head}, keys), _now())
    note_head(reports, folder, link)
    note_waiver(reports, link)
    return link, folder.path


def approvals_of(folder: RunFolder) -> list[Mapping[str, Any]]:
    """The decisions that stand on the verdict as it is now, the newest of each person."""
    digest = digest_file(folder.verdict)
    links = read_chain(audit_file(folder))
    fitting = [
        each.body for each in links if each.kind == DECIDED and each.body["verdict"] == digest
    ]
    return list({folded(body["who"]): body for body in fitting}.values())


def _now() -> datetime:
    return datetime.now(UTC)


def _record(
    folder: RunFolder, manifest: RunManifest, signer: Signer, reason: str
) -> dict[str, Any]:
    return {
        "run_id": manifest.run_id,
        "verdict": digest_file(folder.verdict),
        "who": signer.name,
        "role": signer.role,
        "reason": reason,
    }


def _verdict_of(folder: RunFolder) -> Verdict:
    if not folder.verdict.is_file():
        raise RecordingError(
            f"run `{folder.path}` has no verdict yet, so there is nothing to sign",
            code="U448",
            hint=f"understudy judge {folder.path}",
        )
    return folder.read_verdict()


def _refuse_unknown(decision: str) -> None:
    if decision not in DECISIONS:
        raise ConfigurationError(
            f"`{decision}` is no decision{nearest(decision, DECISIONS)}",
            code="U484",
            where="--decision",
            hint=f"one of {', '.join(DECISIONS)}",
        )


def _refuse_approval(verdict: Verdict, folder: RunFolder) -> None:
    """Approved is a GO, or what all failing gates of were waived."""
    if verdict.verdict is VerdictWord.GO:
        return
    waived = {
        link.body["gate"]
        for link in read_chain(audit_file(folder))
        if link.kind == WAIVED and date.fromisoformat(link.body["expires"]) >= _now().date()
    }
    open_gates = [gate.id for gate in verdict.gates if gate.outcome != "pass"]
    left = [gate for gate in open_gates if gate not in waived]
    if verdict.verdict is VerdictWord.INVALID or left or not open_gates:
        raise EvidenceError(
            f"the verdict is {verdict.verdict}, so it cannot be approved",
            code="U503",
            hint="--decision reject, or a waiver by two people for each of "
            f"{', '.join(left) or 'its gates'}: understudy sign RUN --waive GATE …",
        )


def _refuse_author(signer: Signer, manifest: RunManifest, verdict: Verdict) -> None:
    """Nobody lets through what they made."""
    if folded(signer.name) in {folded(name) for name in manifest.authors}:
        raise ConfigurationError(
            f"{signer.name} is named as an author of `{manifest.candidate}`, and nobody approves "
            "their own candidate",
            code="U485",
            hint="have somebody else sign; authors stand in the campaign's candidate",
        )
    if not manifest.authors and verdict.stage in _ABOVE:
        raise ConfigurationError(
            f"the campaign does not say who made `{manifest.candidate}`, so nobody can be told "
            f"from its author, and the stage {verdict.stage.value} asks for that",
            code="U486",
            hint="authors: [NAME] in the candidate of the campaign file, then run again",
        )


def _refuse_waiver(verdict: Verdict, signer: Signer, request: WaiverRequest) -> None:
    known = [gate.id for gate in verdict.gates]
    if request.gate not in known:
        raise ConfigurationError(
            f"the verdict has no gate `{request.gate}`{nearest(request.gate, known)}",
            code="U487",
            where="--waive",
            hint=f"one of {', '.join(known)}",
        )
    if folded(signer.name) == folded(request.second.name):
        raise ConfigurationError(
            "a waiver carries the names of two people", code="U483", where="--second"
        )
    if request.expires <= _now().date():
        raise ConfigurationError(
            f"a waiver ends on a day to come, and {request.expires} is none",
            code="U487",
            where="--expires",
        )


def _refuse_changed(folder: RunFolder, links: list[Link]) -> None:
    """Nobody signs a verdict that is not the one that was judged."""
    judged = [link for link in links if "files" in link.body]
    noted = judged[-1].body["files"].get("verdict.json") if judged else None
    if noted != digest_file(folder.verdict):
        raise RecordingError(
            f"the verdict of `{folder.path}` is not the one that was judged",
            code="U488",
            hint=f"understudy audit verify {folder.path} tells what was changed",
        )
