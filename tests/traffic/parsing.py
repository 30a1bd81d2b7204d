"""Every parser of recorded traffic as one function from a file to what is found in it."""

from __future__ import annotations

from contextlib import suppress

from understudy.model.errors import RecordingError
from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.traffic.exports.vendors import VENDORS
from understudy.traffic.http.bodies import decoded_body
from understudy.traffic.http.importing import GOR, HAR, JSONL, KEPLOY, MITMPROXY, VCR
from understudy.traffic.json_stream import Broken
from understudy.traffic.raw_record import LeftOut, Malformed, fit
from understudy.traffic.replaying import UNLIKE
from understudy.traffic.source_file import Limits
from understudy.traffic.traces.langfuse import read_langfuse
from understudy.traffic.traces.langsmith import read_langsmith
from understudy.traffic.traces.otlp import read_otlp
from understudy.traffic.traces.spans import trace_documents
from understudy.world.export_file import Broken as NoRecord
from understudy.world.export_file import ExportFile

LIMITS = Limits(record_bytes=1 << 20, unpacked_bytes=1 << 22, file_bytes=1 << 22)
KEY = RedactionKey(material=b"k" * 32)
KINDS = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
)


def exchanges(format):
    """The exchanges of a file of recorded HTTP, their bodies decoded."""

    def parse(path):
        for entry in format.entries(path, LIMITS) or ():
            if not isinstance(entry, Broken):
                try:
                    record, _ = fit(entry.record, LIMITS, openings=entry.openings)
                    one = format.read(record, entry.offset)
                    for message in filter(None, (one.request, one.response)):
                        decoded_body(message.body, message.headers, [])
                except (Malformed, LeftOut):
                    pass
            yield entry

    return parse


def spans(read):
    """The steps of an agent's trace."""

    def parse(path):
        for entry in trace_documents(path, LIMITS) or ():
            if not isinstance(entry, Broken):
                with suppress(Malformed, LeftOut):
                    yield from read(fit(entry.record, LIMITS)[0])

    return parse


def happenings(vendor):
    """What a vendor's export tells."""

    def parse(path):
        redactor = Redactor(KEY)
        for item in ExportFile(path, vendor.lists).records():
            if not isinstance(item, NoRecord):
                try:
                    hidden = vendor.redact(redactor, item.kind, fit(item.value, LIMITS)[0])
                    yield from vendor.read(item.kind, hidden, path.name)
                except (Malformed, LeftOut, *UNLIKE):
                    pass

    return parse


def bodies(path):
    """A body of any kind, decoded and redacted."""
    data, redactor = path.read_bytes(), Redactor(KEY)
    for kind in KINDS:
        try:
            body = decoded_body(data, {"content-type": kind}, [])
        except Malformed:
            continue
        clean = redactor.redact_value(body)
        again = Redactor(KEY)
        again.redact_value(clean)
        assert not again.counts, again.counts
        yield clean


def texts(path):
    """A text, a URL and headers, redacted; nothing is left that would be redacted again."""
    text, redactor = path.read_bytes().decode("utf-8", "surrogateescape"), Redactor(KEY)
    clean = redactor.redact_text(text)
    again = Redactor(KEY)
    assert again.redact_text(clean) == clean
    yield clean
    yield redactor.redact_url(text)
    yield redactor.redact_headers({"authorization": text, "cookie": text, "x": text})


def _promised(parse):
    """A file that nothing can be made of is a `RecordingError`, and nothing else."""

    def run(path):
        try:
            yield from parse(path)
        except RecordingError:
            return

    return run


PARSERS = {
    **{each.name: _promised(exchanges(each)) for each in (GOR, HAR, JSONL, KEPLOY, MITMPROXY, VCR)},
    "otlp": _promised(spans(read_otlp)),
    "langfuse": _promised(spans(read_langfuse)),
    "langsmith": _promised(spans(read_langsmith)),
    **{name: _promised(happenings(vendor)) for name, vendor in VENDORS.items()},
    "bodies": bodies,
    "texts": texts,
}
