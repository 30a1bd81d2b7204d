"""What a verdict stands on, fact by fact: scope, prices, wall, recording, sign-off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from understudy.model.manifest import RecordingManifest
from understudy.model.verdict import Verdict
from understudy.report.input import ReportInput
from understudy.report.phrases import (
    amount,
    counted,
    log_agreement,
    oversight_told,
    plain,
    reviewers_told,
    vendor_likeness,
    wall_held,
)

__all__ = ["provenance"]

_MOST_REASONS = 6


def provenance(facts: ReportInput) -> Iterator[tuple[str, str]]:
    """Each fact by its name, in the order in which they are read."""
    verdict, manifest = facts.verdict, facts.manifest
    owner = facts.policy.owner
    yield "Scope", verdict.scope
    yield "Attempt", f"{verdict.attempt} on this recording"
    yield "Intended use", _intended(facts)
    yield "Model and prompt", _model(verdict)
    yield "Cases", _funnel(verdict)
    yield (
        "Prices",
        f"owned by {owner.name}, {owner.role}, since {owner.date}"
        if owner
        else "illustrative prices: nobody owns them yet, so no verdict above shadow can be GO",
    )
    currency = verdict.error_cost.currency
    yield (
        "Largest exposure",
        f"{amount(verdict.largest_uncapped_minor, currency)} in one finding, before any cap",
    )
    yield "Wall", wall_held(verdict.wall)
    yield "Sent to model providers", _model_traffic(verdict)
    yield "Recording", _recording(facts)
    yield from _records(facts.recording)
    yield "Mocks like the vendors", vendor_likeness(facts.likeness, facts.recording)
    if verdict.oversight:
        yield "Oversight", oversight_told(verdict.oversight)
    if facts.reviewers:
        yield "Reviewers", reviewers_told(facts.reviewers)
    if verdict.external:
        yield "The log's own verdict", log_agreement(verdict.external)
    yield "Run", f"{manifest.run_id}, seed {manifest.seed}, started {manifest.started_at}"
    yield "Valid until", verdict.expires or "no expiry set"
    yield "Sign-off", facts.governance.sign_off
    for waiver in facts.governance.waivers:
        yield "Waiver", waiver


def _intended(facts: ReportInput) -> str:
    verdict = facts.verdict
    told = (
        f"{verdict.candidate.name} at stage {plain(verdict.stage.value)}, for cases as in the "
        "scope; a GO speaks for nothing else"
    )
    return "; ".join(filter(None, (facts.manifest.intended_use, told)))


def _model(verdict: Verdict) -> str:
    hashes = verdict.hashes
    if not hashes.model and not hashes.prompt:
        return "the candidate names neither, so a change of either would go unseen"
    return f"model {hashes.model or 'not named'}, prompt {hashes.prompt or 'not named'}"


def _funnel(verdict: Verdict) -> str:
    funnel, cases = verdict.funnel, verdict.cases
    text = (
        f"{funnel.imported:,} imported → {funnel.cases:,} cases → {funnel.quarantined:,} "
        f"quarantined → {funnel.judged:,} judged ({cases.planned:,} planned, {cases.run:,} run"
    )
    failed = f", {cases.failed:,} failed and counted with their cost" if cases.failed else ""
    contested = f", {cases.contested:,} contested" if cases.contested else ""
    return f"{text}{failed}{contested})"


def _model_traffic(verdict: Verdict) -> str:
    if not verdict.model_traffic:
        return "nothing"
    return ", ".join(
        f"{one.provider}: {counted(one.requests, 'request')}, {one.bytes_out:,} bytes"
        for one in verdict.model_traffic
    )


def _recording(facts: ReportInput) -> str:
    recording = facts.recording
    if recording is None:
        return facts.manifest.recording
    kind = "synthetic" if recording.synthetic else "recorded"
    start, end = recording.period
    period = f", {start} to {end}" if start and end else ""
    return f"{kind}, {counted(recording.records, 'record')}{period}"


def _records(recording: RecordingManifest | None) -> Iterator[tuple[str, str]]:
    """What became of the records of the import, and why not all of them were kept as they were."""
    if recording is None or recording.kept == recording.records:
        return
    kinds = ("dropped", "repaired", "quarantined")
    counts = [(getattr(recording, kind), kind) for kind in kinds]
    told = ", ".join(f"{count:,} {kind}" for count, kind in counts if count)
    ranked = Counter(recording.reasons).most_common()
    why = [f"{count:,} {reason}" for reason, count in ranked[:_MOST_REASONS]]
    if len(ranked) > _MOST_REASONS:
        why.append(f"{counted(len(ranked) - _MOST_REASONS, 'further reason')} in its manifest.json")
    reasons = f": {'; '.join(why)}" if why else ", for reasons that it does not name"
    yield (
        "Records",
        f"{recording.records:,} read, {recording.kept:,} kept as they were, {told}{reasons}",
    )
