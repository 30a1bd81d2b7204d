"""What became of an import: every record of the source accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from understudy.model.manifest import RecordingManifest
from understudy.model.printable import printable
from understudy.redact.redactor import Redactor
from understudy.traffic.quarantine import Quarantine, Quarantined
from understudy.traffic.recording import QUARANTINE, Provenance

__all__ = ["ImportReport", "Tally"]

_SHOWN = 5


@dataclass(slots=True)
class Tally:
    """Counts records while they are read; each record counts once.

    Reasons may name what stands in a record, and so are redacted as it is.
    """

    redactor: Redactor
    kept: int = 0
    dropped: int = 0
    repaired: int = 0
    quarantined: Quarantine = field(default_factory=Quarantine)
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    @property
    def records(self) -> int:
        """How many records were accounted for."""
        return self.kept + self.dropped + self.repaired + len(self.quarantined)

    def provenance(self, **more: Any) -> Provenance:
        """These counts as a recording states them; `more` are the other fields.

        `records` is by default what was accounted for. A source that says how many it holds gives
        its own number, so that a lost record is an error.
        """
        facts = {
            "records": self.records,
            "kept": self.kept,
            "dropped": self.dropped,
            "repaired": self.repaired,
            "quarantined": len(self.quarantined),
            "quarantine": self.quarantined,
            "reasons": self.reasons,
            "redactions": self.redactor.counts,
        }
        return Provenance(**{**facts, **more})

    def keep(self, repairs: tuple[str, ...] = ()) -> None:
        """A record that became a case; `repairs` say what had to be recovered for it."""
        if repairs:
            self.repaired += 1
            self.reasons.update(f"repaired: {repair}" for repair in repairs)
        else:
            self.kept += 1

    def drop(self, reason: str) -> None:
        """A record that is left out on purpose."""
        self.dropped += 1
        self.reasons[f"dropped: {self.redactor.redact_text(reason)}"] += 1

    def quarantine(self, where: str, reason: str) -> None:
        """A record that cannot be used."""
        reason = self.redactor.redact_text(reason)
        self.quarantined.add(where, reason)
        self.reasons[f"quarantined: {reason}"] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """An import's result; `notes` counts what a reader should know of and nothing was lost by."""

    format: str
    recording: Path
    manifest: RecordingManifest
    proposals: int = 0
    quarantined: Sequence[Quarantined] = ()
    notes: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def summary(self) -> str:
        """The report for a terminal, in a few lines."""
        facts = self.manifest
        lines = [
            f"{self.format}: {facts.records} records = {facts.kept} kept + {facts.dropped} dropped"
            f" + {facts.repaired} repaired + {facts.quarantined} quarantined",
            f"{facts.cases} cases, {facts.baselines} baselines, {self.proposals} proposals"
            f" -> {self.recording}",
        ]
        lines += [f"  {count} x {reason}" for reason, count in sorted(facts.reasons.items())]
        lines += [f"  {item.where}: {item.reason}" for item in islice(self.quarantined, _SHOWN)]
        if len(self.quarantined) > _SHOWN:
            more = len(self.quarantined) - _SHOWN
            lines.append(f"  … and {more} more: {self.recording / QUARANTINE}")
        lines += [f"  {count} {note}" for note, count in sorted(self.notes.items())]
        redacted = sum(facts.redactions.values())
        lines.append(f"  {redacted} values redacted{_by_kind(facts.redactions)}")
        return printable("\n".join([*lines, *(f"  {remark}" for remark in self.remarks)]))


def _by_kind(redactions: Mapping[str, int]) -> str:
    named = ", ".join(f"{kind} {count}" for kind, count in sorted(redactions.items()))
    return f" ({named})" if named else ""
