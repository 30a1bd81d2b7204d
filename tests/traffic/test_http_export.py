"""A recording written as recorded HTTP and imported again is the same recording."""

from __future__ import annotations

import json

import pytest
import requests
import vcr
from tests.traffic import exports as x

from understudy.campaign.recordings.imports import export_cassettes
from understudy.campaign.recordings.worlds import BuildRequest, build_world
from understudy.traffic.detect import detect_format
from understudy.traffic.http.importing import HAR, VCR, HttpOptions, import_http
from understudy.traffic.recording import read_recording


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A world with a recording of forty cases, and both exports of it."""
    folder = tmp_path_factory.mktemp("round")
    build_world(
        BuildRequest(folder / "world", "default", "mid_market", 45, 40, seed=11), lambda *_: None
    )
    export_cassettes(
        folder / "world" / "recording", {"har": folder / "a.har", "vcr": folder / "a.yaml"}
    )
    return folder


@pytest.mark.parametrize(("format", "name"), [(HAR, "a.har"), (VCR, "a.yaml")], ids=["har", "vcr"])
def test_cases_and_baselines_are_equal(world, tmp_path, format, name):
    """All forty cases and every answer to them, played again on the world that the file shows."""
    assert detect_format(world / name).name == format.name
    options = HttpOptions(key=x.KEY, synthetic=True)
    report = import_http(format, [world / name], tmp_path / "again", options)
    first, again = read_recording(world / "world" / "recording"), read_recording(tmp_path / "again")
    assert first.cases == again.cases
    assert len(first.cases) == 40
    for case in first.cases:
        assert first.baselines_of(case.case_id) == again.baselines_of(case.case_id)
    assert not report.quarantined
    assert not [note for note in report.notes if "quarantined" in note or "left over" in note]


def test_a_har_is_what_its_readers_expect(world):
    """Each entry has what HAR 1.2 obliges to, and custom fields begin with an underscore."""
    log = json.loads((world / "a.har").read_text())["log"]
    assert (log["version"], "name" in log["creator"]) == ("1.2", True)
    known = {"startedDateTime", "time", "request", "response", "cache", "timings"}
    needed = {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize",
              "bodySize"}  # fmt: skip
    for entry in log["entries"]:
        assert known <= entry.keys()
        assert all(name.startswith("_") for name in entry.keys() - known)
        assert needed <= entry["request"].keys()


def test_a_cassette_is_what_its_own_serializer_reads(world):
    """YAML of version 1 whose interactions have requests and responses in VCR.py's own form."""
    from ruamel.yaml import YAML

    cassette = YAML(typ="safe").load((world / "a.yaml").read_text())
    assert cassette["version"] == 1
    for each in cassette["interactions"]:
        assert {"method", "uri", "body", "headers"} == each["request"].keys()
        assert {"status", "headers", "body"} == each["response"].keys()
        assert isinstance(each["response"]["body"]["string"], str)


def test_vcr_itself_plays_the_cassette_back(world):
    """The tool loads every interaction, answers from them, and calls nobody."""
    path = str(world / "a.yaml")
    known = json.loads((world / "a.yaml").read_text())["interactions"]
    asked = next(each for each in known if each["request"]["method"] == "GET")
    with vcr.use_cassette(path, record_mode="none") as tape:
        answer = requests.get(asked["request"]["uri"], timeout=5)
    assert (len(tape), tape.play_count) == (len(known), 1)
    assert answer.text == asked["response"]["body"]["string"]


def test_what_was_exported_and_imported_is_exported_as_it_was(world, tmp_path):
    """The events that an export adds are made anew, and not added to those of the time before."""
    options = HttpOptions(key=x.KEY, synthetic=True)
    import_http(HAR, [world / "a.har"], tmp_path / "once", options)
    export_cassettes(tmp_path / "once", {"har": tmp_path / "b.har"})
    import_http(HAR, [tmp_path / "b.har"], tmp_path / "twice", options)
    first, second = read_recording(tmp_path / "once"), read_recording(tmp_path / "twice")
    assert first.manifest.records == second.manifest.records
    assert (first.cases, first.baselines) == (second.cases, second.baselines)
