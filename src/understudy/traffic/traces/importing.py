"""Imports agents' traces: a case for each conversation, and what the agent did as proposals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from understudy.model.canonical import digest_file
from understudy.model.errors import ConfigurationError, RecordingError, nearest
from understudy.model.manifest import SourceFile
from understudy.model.world import World
from understudy.redact.key import RedactionKey
from understudy.redact.people import Finder
from understudy.redact.redactor import Redactor
from understudy.traffic.json_stream import Broken, Entry
from understudy.traffic.pairs import parse_pairs
from understudy.traffic.proposals import write_proposals
from understudy.traffic.raw_record import Malformed, fit, without_secrets
from understudy.traffic.recording import Provenance, write_recording
from understudy.traffic.report import ImportReport, Tally
from understudy.traffic.source_file import Limits, unreadable
from understudy.traffic.traces.cases import ToolTable, TraceCase, trace_case
from understudy.traffic.traces.langfuse import read_langfuse
from understudy.traffic.traces.langsmith import read_langsmith
from understudy.traffic.traces.otlp import read_otlp
from understudy.traffic.traces.spans import Span, trace_documents

__all__ = [
    "LANGFUSE",
    "LANGSMITH",
    "OTLP",
    "TRACES",
    "TraceFormat",
    "TraceReading",
    "import_traces",
    "parse_tools",
    "tool_table",
]

_UNWRITTEN = "what the agent did was not written; name a file with --proposed to judge it"
_EXAMPLE = "--tool issue_refund=stripe.refunds.create"


@dataclass(frozen=True, slots=True)
class TraceFormat:
    """One way of exporting traces: the spans of one of its documents."""

    name: str
    read: Callable[[Any], list[Span]]


OTLP = TraceFormat("otlp", read_otlp)
LANGFUSE = TraceFormat("langfuse", read_langfuse)
LANGSMITH = TraceFormat("langsmith", read_langsmith)
TRACES = {each.name: each for each in (OTLP, LANGFUSE, LANGSMITH)}
"""By name."""


def import_traces(
    format: TraceFormat,
    files: Sequence[Path],
    out: Path,
    proposed: Path | None = None,
    *,
    tools: Mapping[str, str] | None = None,
    key: RedactionKey | None = None,
    limits: Limits | None = None,
    finder: Finder | None = None,
) -> ImportReport:
    """Write cases without baselines, and the agent's actions to `proposed`.

    Traces of one session are one case of several turns. `tools` maps the agent's tools to
    operations; `finder` finds people in prose. Each span of the source is counted once.
    """
    redactor = Redactor(key or RedactionKey(), finder=finder)
    table = tool_table(tools or {})
    work = TraceReading(format, limits or Limits(), redactor, table)
    for file in files:
        work.take(file)
    made = list(work.cases())
    manifest = write_recording(
        out, cases=[each.case for each in made], baselines=[], provenance=work.provenance()
    )
    written = write_proposals(proposed, [each.proposal for each in made]) if proposed else 0
    return ImportReport(
        format=format.name,
        recording=out,
        manifest=manifest,
        proposals=written,
        quarantined=work.tally.quarantined,
        notes=dict(+work.tally.notes),
        remarks=() if proposed else (_UNWRITTEN,),
    )


def parse_tools(given: Sequence[str]) -> dict[str, str]:
    """Tools with the operations that they are, from `TOOL=OPERATION` each.

    >>> parse_tools(["issue_refund=stripe.refunds.create"])
    {'issue_refund': 'stripe.refunds.create'}
    """
    return parse_pairs(given, "TOOL=OPERATION", _EXAMPLE)


def tool_table(named: Mapping[str, str], world: World | None = None) -> ToolTable:
    """The user's tools; raises `ConfigurationError` where one is to be no known operation."""
    table = ToolTable(named) if world is None else ToolTable(named, world)
    for tool, operation in named.items():
        if table.operation(tool) is None:
            known = table.names
            raise ConfigurationError(
                f"the tool `{tool}` is to be `{operation}`, which is no operation"
                f"{nearest(operation, known)}",
                code="U125",
                hint="understudy systems operations",
            )
    return table


@dataclass(slots=True)
class TraceReading:
    """Traces on their way in: spans by their conversation, until all are there."""

    format: TraceFormat
    limits: Limits
    redactor: Redactor
    tools: ToolTable
    tally: Tally = field(init=False)
    sources: list[SourceFile] = field(default_factory=list)
    _spans: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    _sessions: dict[str, str] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tally = Tally(self.redactor)

    def take(self, path: Path) -> None:
        """Read one file."""
        try:
            documents = trace_documents(path, self.limits)
            if documents is None:
                raise RecordingError(f"`{path}` is no {self.format.name} export", code="U421")
            source = SourceFile(file=path.name, sha256=digest_file(path), format=self.format.name)
        except OSError as error:
            raise unreadable(path, error.strerror or "unknown reason") from None
        self.sources.append(without_secrets(source, self.redactor))
        for document in documents:
            self._one(document, f"{self.sources[-1].file}, document {document.offset}")

    def _one(self, document: Entry | Broken, place: str) -> None:
        if isinstance(document, Broken):
            self.tally.quarantine(place, document.reason)
            return
        try:
            clean, repairs = fit(document.record, self.limits)
            spans = self.format.read(clean)
        except Malformed as reason:
            self.tally.quarantine(place, str(reason))
            return
        for span in spans:
            if span.id and (span.trace, span.id) in self._seen:
                self.tally.drop("the same span stands twice")
                continue
            self._seen.add((span.trace, span.id))
            self._spans[span.trace].append(span)
            if span.session:
                self._sessions[span.trace] = span.session
            self.tally.keep(repairs)

    def cases(self) -> Iterator[TraceCase]:
        """The case of every conversation that can be one, in the order of their beginnings."""
        for name, spans in self.talks():
            try:
                made = trace_case(name, spans, self.tools)
            except Malformed as reason:
                self.tally.notes[f"conversations left out: {reason}"] += 1
                continue
            self.tally.notes.update(made.notes)
            yield made

    def talks(self) -> Iterator[tuple[str, list[Span]]]:
        """Each conversation's name and steps, redacted."""
        talks: dict[str, list[Span]] = defaultdict(list)
        for trace, spans in self._spans.items():
            talks[self._sessions.get(trace, trace)] += spans
        for name, spans in talks.items():
            yield self.redactor.redact_text(name), [self._redacted(span) for span in spans]

    def _redacted(self, span: Span) -> Span:
        """The span without secrets and people."""
        return replace(
            span,
            name=self.redactor.redact_text(span.name),
            model=span.model and self.redactor.redact_text(span.model),
            input=self.redactor.redact_value(span.input),
            output=self.redactor.redact_value(span.output),
            error=span.error and self.redactor.redact_text(span.error),
        )

    def provenance(self) -> Provenance:
        """What was read, and what became of it."""
        return self.tally.provenance(
            format=self.format.name,
            source_files=tuple(self.sources),
        )
