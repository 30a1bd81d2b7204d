"""Worlds held to their contract by Great Expectations, in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from understudy.campaign.recordings.checks import _profile_of, check
from understudy.campaign.recordings.world_import import ImportWish, import_world
from understudy.campaign.recordings.worlds import BuildRequest, build_world
from understudy.model.errors import ConfigurationError, RecordingError
from understudy.world.imported import AS_FOUND
from understudy.world.integrity import orphans, unexplained
from understudy.world.validator import validate


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    out = tmp_path_factory.mktemp("world") / "w"
    build_world(BuildRequest(out, "default", "mid_market", 300, 12, 5), lambda *_: None)
    return out


@pytest.fixture
def broken(world, tmp_path):
    """A copy of the world, in which `change` rewrites a column of a table."""
    copy = tmp_path / "broken"
    shutil.copytree(world, copy)

    def change(side, table, column, how):
        file = copy / side / f"{table}.parquet"
        rows = pq.read_table(file)
        values = [how(number, value) for number, value in enumerate(rows[column].to_pylist())]
        index = rows.column_names.index(column)
        kind = rows.schema.field(column).type
        pq.write_table(rows.set_column(index, column, pa.array(values, kind)), file)

    return copy, change


def test_a_world_holds_its_contract_and_leaves_nothing(world, tmp_path, monkeypatch):
    """Core, references, ledger and frequency of the mess; home and temporary folder stay empty.

    Each table that is done is told, since this takes long.
    """
    places = {"HOME": tmp_path / "home", "TMPDIR": tmp_path / "tmp"}
    for name, place in places.items():
        place.mkdir()
        monkeypatch.setenv(name, str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    told = []
    report = check(world, progress=lambda *each: told.append(each))
    assert report.failed == ()
    count = len(told) - 1
    assert told == [("check", done, count) for done in range(count + 1)]
    tables = {each.table for each in report.outcomes}
    assert {"stripe.charges", "hubspot.contacts", "zendesk.tickets", "mess"} <= tables
    assert any("null_explicit" in each.column for each in report.outcomes)
    assert [list(place.iterdir()) for place in places.values()] == [[], []]


@pytest.mark.slow
def test_what_does_not_hold_is_named(broken, tmp_path):
    """Too little mess fails as too much does; each failure names table, column, both values."""
    world, change = broken
    change("dirty", "hubspot.contacts", "jobtitle", lambda n, value: value or "Clerk")
    change("dirty", "stripe.charges", "currency", lambda n, value: "gold" if n == 3 else value)
    change("dirty", "stripe.customers", "id", lambda n, value: "cus_same" if n < 2 else value)
    change("truth", "stripe.refunds", "charge", lambda n, value: "ch_nobody" if n == 0 else value)
    report = check(world, docs=tmp_path / "pages")
    failed = {(each.table, each.column): each for each in report.failed}
    words = failed["stripe.charges", "currency"]
    assert words.kind == "ExpectColumnValuesToBeInSet"
    assert "'gold'" in words.observed
    assert '"eur"' in words.expected
    assert ("stripe.customers", "id") in failed
    little = failed["hubspot.contacts", "jobtitle"]
    assert (little.kind, little.observed) == (
        "ExpectColumnProportionOfNonNullValuesToBeBetween", "1.0"
    )  # fmt: skip
    orphan = failed["mess", "stripe.refunds.charge (truth) to stripe.charges: orphans"]
    assert (orphan.expected, orphan.observed) == ("0", "1.0")
    assert any("without a ledger entry" in column for _, column in failed)
    assert "hubspot.contacts, jobtitle: ExpectColumnProportion" in report.summary()
    assert (tmp_path / "pages" / "index.html").is_file()


@pytest.mark.slow
def test_a_recording_is_checked_the_same_way(world):
    """Cases, actions and interactions, before anything is replayed."""
    report = check(world / "recording")
    assert report.failed == ()
    assert {each.table for each in report.outcomes} == {"actions", "cases", "interactions"}


@pytest.mark.slow
def test_the_command_exits_with_1_where_the_contract_fails(broken, tmp_path):
    """A pipeline stops on it, and the line says what to look at."""
    world, change = broken
    change("dirty", "stripe.charges", "status", lambda n, value: "odd")
    command = [sys.executable, "-m", "understudy", "world", "check", str(world)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "stripe.charges, status: ExpectColumnValuesToBeInSet expected" in done.stdout


@pytest.mark.slow
def test_a_company_s_own_data_is_reported_as_it_was_found(tmp_path):
    """References out of the exports fail nothing and are counted; laid-over mess is held."""
    rows = [
        {"id": f"ch_{n}", "object": "charge", "customer": f"cus_{n}", "livemode": True}
        for n in range(3)
    ]
    file = tmp_path / "stripe.ndjson"
    file.write_text("\n".join(map(json.dumps, [*rows, {"id": "cus_1", "object": "customer"}])))
    import_world(ImportWish([file], tmp_path / "found"), lambda *_: None)
    assert _profile_of(tmp_path / "found", None) == (AS_FOUND, ())
    import_world(ImportWish([file], tmp_path / "messy", profile="mid_market"), lambda *_: None)
    report = check(tmp_path / "messy")
    assert report.failed == ()
    assert report.remarks == (
        "as found: stripe.charges.customer names 2 of 3 times an object that "
        "stripe.customers has not",
    )
    assert report.remarks[0] in report.summary()


@pytest.mark.parametrize(
    "file", ["dirty/zendesk.users.parquet", "truth/stripe.charges.parquet", "ledger.parquet"]
)
def test_a_file_that_cannot_be_read_is_named(world, tmp_path, file):
    """A damaged file of a world is named with the command that builds it anew."""
    torn = shutil.copytree(world, tmp_path / "torn")
    (torn / file).write_bytes(b"x")
    with pytest.raises(RecordingError) as caught:
        check(torn)
    assert f"{torn / file}` cannot be read" in caught.value.describe()


def test_a_profile_that_is_not_the_world_s_is_refused(world):
    """Rates are held to the profile that made the mess and to no other."""
    with pytest.raises(ConfigurationError, match="is not the profile that"):
        check(world, "tidy")
    with pytest.raises(ConfigurationError, match="is a recording, which has no mess profile"):
        check(world / "recording", "tidy")


def test_an_unknown_profile_is_told(world, broken):
    """Without the profile the mess is held to the ledger, and the report says what is left out."""
    copy, _ = broken
    quality = copy / "quality.json"
    quality.write_text(quality.read_text().replace('"mid_market"', '"of_our_own"'))
    profile, remarks = _profile_of(copy, None)
    assert profile is None
    assert "the world's profile `of_our_own` is not at hand" in remarks[0]


def test_without_the_package_the_extra_is_named(monkeypatch):
    """The message holds the command to paste."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="not installed") as refused:
        validate([])
    assert refused.value.hint == "pip install 'understudy[quality]'"


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.getaddrinfo('example.com', 80)",
        "import subprocess; subprocess.run(['true'])",
    ],
)
def test_the_validator_s_process_reaches_nothing(attempt):
    """Whatever a library tries over the network is refused before it leaves the process."""
    code = (
        "import sys; from understudy.world import validator; "
        f"sys.addaudithook(validator._refuse); {attempt}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "PermissionError: a check reaches nothing" in done.stderr


def test_orphans_and_silent_damage_are_counted(broken):
    """The measures themselves, on damage whose size is known."""
    world, change = broken
    change("truth", "zendesk.comments", "ticket_id", lambda n, value: "x" if n < 3 else value)
    assert orphans(world / "truth", "zendesk.comments", "ticket_id", "zendesk.tickets") == 3
    assert unexplained(world, "hubspot.owners", 1000) == 0
    change("dirty", "hubspot.owners", "email", lambda n, value: "x@example.com")
    rows = pq.read_metadata(world / "dirty" / "hubspot.owners.parquet").num_rows
    assert unexplained(world, "hubspot.owners", 1000) == rows


def test_pages_are_not_written_among_other_things(world, tmp_path):
    """A folder that holds anything but earlier pages is refused before anything is checked."""
    (tmp_path / "letter.txt").write_text("dear")
    for folder in (tmp_path, tmp_path / "letter.txt", Path("/")):
        with pytest.raises(ConfigurationError, match="holds something else"):
            check(world, docs=folder)
