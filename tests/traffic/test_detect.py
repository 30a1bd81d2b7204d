"""Formats are recognised by content."""

from __future__ import annotations

import gzip

import pytest

from understudy.model.errors import ConfigurationError, RecordingError
from understudy.traffic.detect import Wishes, detect_format, import_traffic
from understudy.traffic.source_file import Limits, read_text


def test_both_tau_schemas_are_recognised_whatever_the_file_is_called(logs):
    """The name says nothing; the content does."""
    one = logs.write([logs.run1()], "holiday.har")
    two = logs.write({"simulations": [logs.run2()]}, "notes.txt")
    three = logs.write([logs.run2()], "x")
    assert {detect_format(path).name for path in (one, two, three)} == {"tau"}


def test_auto_imports_what_it_recognises(logs, tmp_path):
    """`auto` ends in the same recording as naming the format."""
    path = logs.tau2([logs.run2()], [logs.task2("5")])
    auto = import_traffic(
        "auto", [path], tmp_path / "auto", Wishes(proposed=tmp_path / "auto.jsonl")
    )
    named = import_traffic("tau", [path], tmp_path / "named")
    assert auto.manifest.digest == named.manifest.digest
    assert (auto.proposals, named.proposals) == (1, 0)


def test_logs_and_dialogues_are_unpacked_on_the_way(logs, tmp_path):
    """A log that was packed to be sent is the same log."""
    path = logs.tau2([logs.run2()], [logs.task2("5")])
    packed = tmp_path / "log.json.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    plain = import_traffic("auto", [path], tmp_path / "plain")
    made = import_traffic("auto", [packed], tmp_path / "made")
    assert made.manifest.digest == plain.manifest.digest
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b" " * 10**5))
    with pytest.raises(RecordingError, match="unfolds to more than 1,000 bytes"):
        read_text(tmp_path / "bomb.gz", Limits(file_bytes=1000))
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(RecordingError, match="its compression is damaged"):
        import_traffic("tau", [packed], tmp_path / "cut")


def test_a_har_without_requests_is_one(tmp_path):
    """Saved before the page was loaded: known as what it is, and nothing is in it."""
    path = tmp_path / "page.har"
    path.write_text('{"log": {"version": "1.2", "creator": {}, "pages": [], "entries": []}}')
    report = import_traffic("auto", [path], tmp_path / "out")
    assert (report.format, report.manifest.records) == ("har", 0)


def test_an_unknown_format_says_what_was_looked_for_and_seen(tmp_path):
    """The first bytes are shown safely, whatever they are."""
    path = tmp_path / "log.json"
    path.write_bytes(b"\x1b[31mPK\x03\x04 nothing known")
    with pytest.raises(RecordingError) as caught:
        detect_format(path)
    told = caught.value.describe()
    assert "\x1b" not in told
    assert r"begins with `\x1b[31mPK\x03\x04 nothing known`" in told
    assert 'tau: JSON with "traj"' in told


def test_files_that_cannot_be_opened_or_are_empty_are_told(tmp_path):
    """One clear error each."""
    with pytest.raises(RecordingError, match="No such file"):
        detect_format(tmp_path / "none.json")
    (tmp_path / "empty").touch()
    with pytest.raises(RecordingError, match="is empty"):
        detect_format(tmp_path / "empty")


def test_wrong_uses_are_told(logs, tmp_path):
    """No file, several logs of one agent each, and a misspelt format."""
    path = logs.write([logs.run1()])
    with pytest.raises(ConfigurationError, match="no file to import"):
        import_traffic("auto", [], tmp_path / "out")
    with pytest.raises(ConfigurationError, match="import them one by one"):
        import_traffic("auto", [path, path], tmp_path / "out")
    with pytest.raises(ConfigurationError, match="did you mean `tau`") as caught:
        import_traffic("tua", [path], tmp_path / "out")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("formats: auto, tau")
