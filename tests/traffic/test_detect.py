"""Formats are recognised by content."""

from __future__ import annotations

import pytest

from understudy.model.errors import ConfigurationError, RecordingError
from understudy.traffic.detect import Wishes, detect_format, import_traffic


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
