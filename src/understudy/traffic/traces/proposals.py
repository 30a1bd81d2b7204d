"""What an agent's traces say that it did, as its proposals for the cases of a recording."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from understudy.model.case import Case, LinkConfidence
from understudy.model.errors import NoCasesError
from understudy.model.printable import printable
from understudy.model.proposal import Proposal
from understudy.model.world import World
from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.traffic.proposals import write_proposals
from understudy.traffic.recording import WORLD, Recording, read_recording
from understudy.traffic.source_file import Limits
from understudy.traffic.traces.cases import trace_proposal
from understudy.traffic.traces.importing import TraceFormat, TraceReading, tool_table
from understudy.traffic.traces.match import CaseFinder
from understudy.traffic.traces.spans import Span
from understudy.world.store import load_world

__all__ = ["MatchReport", "propose_for"]

_WAYS = {
    LinkConfidence.EXPLICIT_ID: "by an id that both name",
    LinkConfidence.METADATA: "by the customer's own words",
    LinkConfidence.CUSTOMER_AND_AMOUNT: "by an object that only one case is about",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchReport:
    """How many conversations belong to which cases, and why the others to none."""

    format: str
    proposed: Path
    spans: int
    quarantined: int
    conversations: int
    cases: int
    of: int
    links: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        """The report for a terminal, in a few lines."""
        matched = sum(self.links.values())
        lines = [
            f"{self.format}: {self.spans} spans and documents = "
            f"{self.spans - self.quarantined} read + {self.quarantined} quarantined",
            f"{self.conversations} conversations = {matched} matched"
            f" + {self.conversations - matched} not",
            *(f"  {count} {way}" for way, count in sorted(self.links.items())),
            *(f"  {count} {note}" for note, count in sorted(self.notes.items())),
            f"{self.cases} of {self.of} cases have a proposal -> {self.proposed}",
        ]
        return printable("\n".join(lines))


def propose_for(
    recording: Path,
    format: TraceFormat,
    files: Sequence[Path],
    proposed: Path,
    *,
    tools: Mapping[str, str] | None = None,
    key: RedactionKey | None = None,
) -> MatchReport:
    """Write what the agent did in the cases of a recording, under their ids.

    Conversations about the same case are one answer to it. The key is the recording's, so that
    words and addresses are the same on both sides. `NoCasesError` where nothing matches.
    """
    known = read_recording(recording)
    redactor = Redactor(key or RedactionKey(), personal=not known.manifest.synthetic)
    table = tool_table(tools or {}, _world(known))
    reading = TraceReading(format, Limits(), redactor, table)
    for file in files:
        reading.take(file)
    return _Matching(known, reading).run(proposed)


def _world(recording: Recording) -> World:
    folder = recording.path / WORLD
    return load_world(folder) if folder.is_dir() else World({})


@dataclass(slots=True)
class _Matching:
    """Conversations on their way to the cases that they were about."""

    recording: Recording
    reading: TraceReading
    links: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    conversations: int = 0
    _spans: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    _weakest: dict[str, LinkConfidence] = field(default_factory=dict)

    def run(self, proposed: Path) -> MatchReport:
        """Match, write, and account for every conversation."""
        finder = CaseFinder(self.recording)
        for name, spans in self.reading.talks():
            self.conversations += 1
            match = finder.find(name, spans)
            if match.case is None or match.link is None:
                self.notes[f"conversations left out: {match.reason}"] += 1
                continue
            self._keep(match.case, match.link, spans)
        made = [
            self._proposal(each) for each in self.recording.cases if each.case_id in self._spans
        ]
        if not made:
            raise NoCasesError(
                f"none of {self.conversations} conversations is about a case of"
                f" `{self.recording.path}`",
                hint="is it the same period, and were both imported with the same redaction key?",
            )
        write_proposals(proposed, made)
        tally = self.reading.tally
        return MatchReport(
            format=self.reading.format.name, proposed=proposed, spans=tally.records,
            quarantined=len(tally.quarantined), conversations=self.conversations,
            cases=len(made), of=len(self.recording.cases), links=self.links,
            notes=self.notes + tally.notes,
        )  # fmt: skip

    def _keep(self, case: Case, link: LinkConfidence, spans: list[Span]) -> None:
        self.links[_WAYS[link]] += 1
        self._spans[case.case_id] += spans
        order = list(LinkConfidence)
        found = self._weakest.get(case.case_id, link)
        self._weakest[case.case_id] = max(found, link, key=order.index)

    def _proposal(self, case: Case) -> Proposal:
        spans, link = self._spans[case.case_id], self._weakest[case.case_id]
        made = trace_proposal(case.case_id, spans, self.reading.tools, self.notes)
        actions = tuple(msgspec.structs.replace(each, link=link) for each in made.actions)
        return msgspec.structs.replace(made, actions=actions)
