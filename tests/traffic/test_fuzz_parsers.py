"""Every parser on what nobody ever wrote: no crash, no hang, no memory without bound."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from importlib.util import find_spec
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.traffic.parsing import PARSERS
from tests.traffic.test_fuzz import GOR, ODD, SEEDS, SPLICES

EXAMPLES = [pytest.param(5, id="few"), pytest.param(1000, id="many", marks=pytest.mark.fuzz)]
TEXT = 'Cookie: a=b; session=9f8e\r\nBearer sk-abc 4242 4242 4242 4242 ann@corp.com "token": "x"'
FORM = 'a=1&token=s%20e&a=2&=&email=a%40b.co {"a": [[[{"a": "eyJh"}]]]} --x\r\n\r\nv\r\n--x--'
TAME = {name: SEEDS.get(name, TEXT + FORM) for name in PARSERS}
SECONDS, MEGABYTES = 10, 400


@st.composite
def damaged(draw, seed):
    """A file that was whole, cut, spliced, doubled and swapped; or one that never was whole."""
    data = seed.encode()
    for _ in range(draw(st.integers(0, 4))):
        at, to = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        piece = draw(
            st.one_of(st.sampled_from(SPLICES), st.binary(max_size=20), st.just(data[at:to]))
        )
        data = draw(
            st.sampled_from(
                [data[:at], data[:at] + piece + data[to:], data[:to] + piece + data[at:]]
            )
        )
    return data


def values(inner=None):
    """JSON of any kind, with the odd values among it."""
    leaf = st.sampled_from(ODD) | st.text(max_size=8) | st.integers() | st.floats()
    names = st.sampled_from(
        ["request", "response", "headers", "body", "url", "id", "events", "name"]
    )
    return st.recursive(
        leaf, lambda each: st.lists(each, max_size=4) | st.dictionaries(names, each, max_size=4)
    )


@st.composite
def twisted(draw, seed):
    """A file whose values are of other types than they should."""
    lines = []
    for line in seed.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            return draw(damaged(seed))
        for _ in range(draw(st.integers(1, 3))):
            value = _replaced(draw, value)
        lines.append(json.dumps(value))
    return "\n".join(lines).encode()


def _replaced(draw, value):
    """The value with one place in it, at any depth, replaced."""
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 4)) == 0:
        return draw(values())
    key = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
    if isinstance(value, dict):
        return {**value, key: _replaced(draw, value[key])}
    return [*value[:key], _replaced(draw, value[key]), *value[key + 1 :]]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_gives_what_it_promises_and_nothing_else(tmp_path, name, examples):
    """Whatever the file holds: records, or what could not be read, or one error; and soon."""
    path = tmp_path / "file"

    def parses(data):
        path.write_bytes(data)
        began = time.process_time()
        for _ in islice(PARSERS[name](path), 100_000):
            pass
        assert time.process_time() - began < SECONDS

    files = st.one_of(damaged(TAME[name]), twisted(TAME[name]), st.binary(max_size=300))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))(
        given(files)(parses)
    )()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 1024


HUGE = {
    "jsonl": b'{"a":' * 300_000,
    "har": b'{"log":{"entries":[' + b'{"startedDateTime":"' * 60_000,
    "gor": b"1 " + b"a" * 1_500_000 + b"\n" + GOR.encode(),
    "mitmproxy": b"999999999:" + b"0:" * 700_000,
    "keploy": b"a: &a [x]\nb: [" + b"*a," * 300_000 + b"]",
    "vcr": b"interactions:\n" + b"- " * 100_000,
    "otlp": b'{"resourceSpans":[' * 50_000,
    "zendesk": b'{"tickets":[' + b'{"id":' * 200_000,
    "bodies": b"a=" + b"%40" * 400_000,
    "texts": b"Bearer " + b"a.b@" * 300_000 + b"4" * 300_000 + b"+" * 300_000,
}


@pytest.mark.parametrize("name", HUGE)
def test_what_is_huge_and_broken_is_not_slow(tmp_path, name):
    """A megabyte that was made to be slow takes seconds at most."""
    path = tmp_path / "file"
    path.write_bytes(HUGE[name])
    began = time.process_time()
    for _ in islice(PARSERS[name](path), 100_000):
        pass
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize(
    "data", [b"\xfe\xff" + b"\xff" * 6 + b"m", b"\xff\xfe\x00\xd8{", b"\xff\xfea\x00\n\x00b"]
)
def test_text_that_breaks_off_in_mid_character_is_read_or_refused(tmp_path, name, data):
    """A mark of UTF-16 and bytes that are none: records, or one error."""
    path = tmp_path / "file"
    path.write_bytes(data)
    list(islice(PARSERS[name](path), 100))


@pytest.mark.fuzz
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris does not install everywhere")
def test_a_fuzzer_that_sees_the_code_finds_nothing(tmp_path, name):
    """Inputs bred to reach other branches, as many from one seed: a failure comes again."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "whole").write_bytes(TAME[name].encode())
    done = subprocess.run(
        [sys.executable, "-m", "tests.traffic.fuzz_target", name, str(corpus),
         f"-artifact_prefix={tmp_path}/", "-runs=20000", "-max_total_time=20",
         "-timeout=10", "-seed=1",
         "-rss_limit_mb=2048", "-max_len=20000"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
