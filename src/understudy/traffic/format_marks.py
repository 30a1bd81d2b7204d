"""By what the files of each format are known, never by their names."""

from __future__ import annotations

import re

from understudy.traffic.format import Sample
from understudy.traffic.http.gor import SEPARATOR

__all__ = [
    "is_abcd",
    "is_gor",
    "is_har",
    "is_jsonl",
    "is_keploy",
    "is_langfuse",
    "is_langsmith",
    "is_mitmproxy",
    "is_otlp",
    "is_star",
    "is_tau",
    "is_vcr",
]

_FLOW = re.compile(rb"\d{1,12}:\d{1,6}:")
_NO_ENTRIES = re.compile(rb'"entries"\s*:\s*\[\s*\]')


def is_tau(sample: Sample) -> bool:
    """A log of tau-bench or tau²-bench."""
    if sample.first not in (b"[", b"{"):
        return False
    runs = sample.contains(b'"traj"') and sample.contains(b'"task_id"')
    simulations = sample.contains(b'"messages"') and (
        sample.contains(b'"simulations"') or sample.contains(b'"reward_info"')
    )
    return runs or simulations


def is_star(sample: Sample) -> bool:
    """STAR's dialogues."""
    return sample.first == b"[" and all(
        sample.contains(mark) for mark in (b'"DialogueID"', b'"Events"', b'"Scenario"')
    )


def is_abcd(sample: Sample) -> bool:
    """ABCD's dialogues."""
    return sample.first in (b"[", b"{") and all(
        sample.contains(mark) for mark in (b'"convo_id"', b'"delexed"', b'"original"')
    )


def is_har(sample: Sample) -> bool:
    """A HAR; one that was saved too early has no request in it."""
    return (
        sample.first == b"{"
        and all(sample.contains(mark) for mark in (b'"log"', b'"entries"'))
        and (sample.contains(b'"request"') or _NO_ENTRIES.search(sample.head) is not None)
    )


def is_vcr(sample: Sample) -> bool:
    """A cassette of VCR.py, Ruby's VCR or betamax."""
    if sample.first == b"{":
        return sample.contains(b'interactions"') and sample.contains(b'"uri"')
    return all(sample.contains(mark) for mark in (b"interactions:", b"uri:", b"response:"))


def is_gor(sample: Sample) -> bool:
    """A capture of GoReplay."""
    return sample.contains(SEPARATOR.strip())


def is_mitmproxy(sample: Sample) -> bool:
    """Mitmproxy's flows."""
    return bool(_FLOW.match(sample.head)) and (
        sample.contains(b"7:version;") or sample.contains(b"7:version,")
    )


def is_keploy(sample: Sample) -> bool:
    """Keploy's test cases or mocks."""
    return sample.contains(b"api.keploy.io/") and sample.contains(b"kind:")


def is_jsonl(sample: Sample) -> bool:
    """Interactions as lines of JSON."""
    return sample.first == b"{" and all(
        sample.contains(mark) for mark in (b'"request"', b'"method"', b'"url"')
    )


def is_otlp(sample: Sample) -> bool:
    """OpenTelemetry's spans."""
    return sample.first == b"{" and sample.contains(b'"resourceSpans"')


def is_langfuse(sample: Sample) -> bool:
    """Langfuse's traces or observations."""
    if sample.first not in (b"{", b"["):
        return False
    observed = sample.contains(b'"traceId"') and sample.contains(b'"startTime"')
    observed = observed or sample.contains(b'"parent_observation_id"')
    return observed or (sample.contains(b'"observations"') and sample.contains(b'"sessionId"'))


def is_langsmith(sample: Sample) -> bool:
    """LangSmith's runs."""
    if sample.head.startswith(b"PAR1"):
        return sample.contains(b"run_type") and sample.contains(b"trace_id")
    return sample.first in (b"{", b"[") and sample.contains(b'"run_type"')
