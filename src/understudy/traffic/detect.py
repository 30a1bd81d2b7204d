"""Recognises a file's format by what is in it, never by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from understudy.model.errors import ConfigurationError, RecordingError, nearest
from understudy.model.printable import printable
from understudy.traffic.dialogues.abcd import ABCD
from understudy.traffic.dialogues.importing import Dialect, import_dialogues
from understudy.traffic.dialogues.star import STAR
from understudy.traffic.dialogues.tau import import_tau
from understudy.traffic.exports.grouping import DEFAULT_GAP
from understudy.traffic.exports.importing import ExportOptions, import_exports
from understudy.traffic.exports.marks import is_export
from understudy.traffic.exports.vendors import VENDORS
from understudy.traffic.format import Format, Reader, Sample, Wishes, samples_of
from understudy.traffic.format_marks import (
    is_abcd,
    is_gor,
    is_har,
    is_jsonl,
    is_keploy,
    is_langfuse,
    is_langsmith,
    is_mitmproxy,
    is_otlp,
    is_star,
    is_tau,
    is_vcr,
)
from understudy.traffic.http.importing import (
    GOR,
    HAR,
    JSONL,
    KEPLOY,
    MITMPROXY,
    VCR,
    HttpFormat,
    HttpOptions,
    import_http,
)
from understudy.traffic.report import ImportReport
from understudy.traffic.traces.importing import (
    LANGFUSE,
    LANGSMITH,
    OTLP,
    TRACES,
    TraceFormat,
    import_traces,
)

__all__ = [
    "FORMATS",
    "UNKNOWN_FORMAT",
    "Format",
    "Sample",
    "Wishes",
    "detect_format",
    "import_traffic",
    "trace_format",
]

UNKNOWN_FORMAT = "U421"
_SHOWN_BYTES = 60


def _trace_reader(format: TraceFormat) -> Reader:
    def read(files: Sequence[Path], out: Path, wishes: Wishes) -> ImportReport:
        _no_bases(format.name, wishes)
        return import_traces(
            format, files, out, wishes.proposed, tools=wishes.tools, finder=wishes.finder
        )

    return read


def _http_reader(format: HttpFormat) -> Reader:
    def read(files: Sequence[Path], out: Path, wishes: Wishes) -> ImportReport:
        _no_proposals(format.name, wishes)
        hours = wishes.gap_hours
        options = HttpOptions(
            bases=wishes.bases,
            gap=DEFAULT_GAP if hours is None else timedelta(hours=hours),
            synthetic=wishes.synthetic,
            key_of=wishes.key_of,
            finder=wishes.finder,
            progress=wishes.progress,
        )
        return import_http(format, files, out, options)

    return read


def _no_proposals(name: str, wishes: Wishes) -> None:
    if wishes.proposed is not None:
        raise ConfigurationError(
            f"{name} records no agent's proposals, so there are none to write",
            code="U120",
            hint="leave out --proposed",
        )


def _dialogue_reader(dialect: Dialect) -> Reader:
    def read(files: Sequence[Path], out: Path, wishes: Wishes) -> ImportReport:
        _one_file(dialect.name, files)
        _no_proposals(dialect.name, wishes)
        _no_bases(dialect.name, wishes)
        return import_dialogues(dialect, files[0], out)

    return read


def _no_bases(name: str, wishes: Wishes) -> None:
    if wishes.bases or wishes.key_of:
        option, lacking = (
            ("--map", "base URLs to map") if wishes.bases else ("--by", "calls to group")
        )
        raise ConfigurationError(
            f"{name} records no HTTP, so there are no {lacking}",
            code="U120",
            hint=f"leave out {option}",
        )


def _export_reader(*names: str) -> Reader:
    """The reader of files of these vendors, one name for each file or one for all."""

    def read(files: Sequence[Path], out: Path, wishes: Wishes) -> ImportReport:
        _no_proposals(" and ".join(dict.fromkeys(names)), wishes)
        _no_bases(names[0], wishes)
        hours = wishes.gap_hours
        gap = DEFAULT_GAP if hours is None else timedelta(hours=hours)
        every = names if len(names) == len(files) else names * len(files)
        chosen = [(VENDORS[name], file) for name, file in zip(every, files, strict=True)]
        options = ExportOptions(
            synthetic=wishes.synthetic, gap=gap, zone=wishes.zone, finder=wishes.finder,
            progress=wishes.progress,
        )  # fmt: skip
        return import_exports(chosen, out, options)

    return read


def _is_export(vendor: str) -> Callable[[Sample], bool]:
    return lambda sample: is_export(vendor, sample)


def _one_file(name: str, files: Sequence[Path]) -> None:
    if len(files) != 1:
        raise ConfigurationError(
            f"{len(files)} {name} logs were named; a recording is made of one, so import them "
            "one by one",
            code="U120",
        )


def _read_tau(files: Sequence[Path], out: Path, wishes: Wishes) -> ImportReport:
    _one_file("tau", files)
    _no_bases("tau", wishes)
    return import_tau(files[0], out, wishes.proposed)


FORMATS: tuple[Format, ...] = (
    Format(
        "tau",
        'JSON with "traj" and "task_id", or with "simulations" and "messages"',
        is_tau,
        _read_tau,
    ),
    Format(
        "star",
        'JSON with "DialogueID", "Scenario" and "Events"',
        is_star,
        _dialogue_reader(STAR),
    ),
    Format(
        "abcd",
        'JSON with "convo_id", "original" and "delexed"',
        is_abcd,
        _dialogue_reader(ABCD),
    ),
    Format("otlp", 'JSON with "resourceSpans"', is_otlp, _trace_reader(OTLP)),
    Format(
        "langfuse",
        'JSON with "traceId" and "startTime", or "observations" and "sessionId"',
        is_langfuse,
        _trace_reader(LANGFUSE),
    ),
    Format(
        "langsmith",
        'JSON or Parquet with "run_type"',
        is_langsmith,
        _trace_reader(LANGSMITH),
    ),
    Format("har", 'JSON with "log", "entries" and "request"', is_har, _http_reader(HAR)),
    Format("gor", "records apart by three monkeys", is_gor, _http_reader(GOR)),
    Format(
        "mitmproxy",
        "flows, each behind its length, with their version",
        is_mitmproxy,
        _http_reader(MITMPROXY),
    ),
    Format("keploy", "YAML with version: api.keploy.io", is_keploy, _http_reader(KEPLOY)),
    Format("vcr", "YAML or JSON with interactions, uri and response", is_vcr, _http_reader(VCR)),
    Format(
        "jsonl",
        'JSON lines with "request" of "method" and "url"',
        is_jsonl,
        _http_reader(JSONL),
    ),
    *(
        Format(name, known_by, _is_export(name), _export_reader(name))
        for name, known_by in (
            ("zendesk", "JSON of ticket audits, ticket events, tickets or users"),
            ("hubspot", 'JSON of objects with "properties" and their histories, or of owners'),
            ("stripe", 'JSON of events or objects, each with its "object"'),
        )
    ),
)
"""Every format, in the order in which a file is tried against them."""


def import_traffic(
    format: str, files: Sequence[Path], out: Path, wishes: Wishes | None = None
) -> ImportReport:
    """Import files of one format, or of the one that they are recognised as where it is `auto`.

    Vendors' exports may be of several vendors: they become one recording, joined across systems.
    """
    wishes = wishes or Wishes()
    if not files:
        raise ConfigurationError("no file to import was named", code="U120")
    if format == "auto":
        found = {file: detect_format(file) for file in files}
        names = sorted({item.name for item in found.values()})
        if VENDORS.keys() >= set(names):
            return _export_reader(*(item.name for item in found.values()))(files, out, wishes)
        if len(names) > 1:
            listed = ", ".join(f"`{file}` is {item.name}" for file, item in found.items())
            raise ConfigurationError(f"the files are of several formats: {listed}", code="U120")
        return found[files[0]].read(files, out, wishes)
    return _named(format).read(files, out, wishes)


def trace_format(format: str, files: Sequence[Path]) -> TraceFormat:
    """The format of an agent's traces, by name or as `auto` recognises the first of them."""
    if not files:
        raise ConfigurationError("no file to import was named", code="U120")
    name = (detect_format(files[0]) if format == "auto" else _named(format)).name
    if name not in TRACES:
        raise ConfigurationError(
            f"{name} is no agent's trace, so it holds no proposals",
            code="U120",
            hint=f"formats: {', '.join(TRACES)}",
        )
    return TRACES[name]


def detect_format(file: Path) -> Format:
    """The format of a file; raises `RecordingError` that names what was looked for and seen."""
    head = b""
    try:
        for sample in samples_of(file):
            head = sample.head
            for format in FORMATS:
                if format.recognises(sample):
                    return format
    except OSError as error:
        raise RecordingError(f"`{file}` cannot be read: {error.strerror}", code="U420") from error
    raise _unknown(file, head)


def _named(name: str) -> Format:
    for format in FORMATS:
        if format.name == name:
            return format
    known = ["auto", *(format.name for format in FORMATS)]
    raise ConfigurationError(
        f"`{name}` is not a format{nearest(name, known)}",
        code="U121",
        hint=f"formats: {', '.join(known)}",
    )


def _unknown(file: Path, head: bytes) -> RecordingError:
    if not head:
        return RecordingError(f"`{file}` is empty", code="U420")
    text = head[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
    shown = printable(text.replace("\n", "\\n").replace("\t", "\\t"))
    looked = "; ".join(f"{format.name}: {format.known_by}" for format in FORMATS)
    return RecordingError(
        f"`{file}` is of no known format; it begins with `{shown}`",
        code=UNKNOWN_FORMAT,
        hint=f"what was looked for: {looked}",
    )
