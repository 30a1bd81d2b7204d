"""The commands around the systems, worlds and schemas, as a person types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest


@pytest.fixture
def understudy(tmp_path):
    """The command, run in an empty folder."""

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "understudy", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return command


def test_the_operations_are_listed_with_class_and_undoing(understudy):
    """Every operation stands in the table with its class, its request and what undoes it."""
    lines = understudy("systems", "operations").stdout.splitlines()
    refund = next(line for line in lines if line.startswith("stripe.refunds.create "))
    assert "approval_required" in refund
    assert "POST /v1/refunds" in refund
    assert len(lines) > 70


def test_the_documentation_s_table_of_operations_is_current(understudy):
    """`docs/operations.md` is what the command prints; system, class, exposure, undoing in it."""
    page = Path(__file__).parents[2] / "docs" / "operations.md"
    printed = understudy("systems", "operations", "--markdown").stdout
    assert page.read_text(encoding="utf-8") == printed, (
        "understudy systems operations --markdown > docs/operations.md"
    )
    head = next(line for line in printed.splitlines() if line.startswith("| system |"))
    for column in ("operation", "action class", "exposure", "reversible by"):
        assert f"| {column} |" in head


def test_a_system_exports_its_openapi_document(understudy):
    """The document is OpenAPI 3.1 and holds the system's paths; unknown systems are told."""
    document = json.loads(understudy("systems", "openapi", "stripe").stdout)
    assert document["openapi"] == "3.1.0"
    assert "/v1/refunds" in document["paths"]
    wrong = understudy("systems", "openapi", "strype")
    assert wrong.returncode == 2
    assert "did you mean `stripe`?" in wrong.stderr


@pytest.mark.slow
def test_schemas_are_printed_and_written(understudy, tmp_path):
    """`schema NAME` prints one, `--write` puts all of them into a folder for editors."""
    campaign = json.loads(understudy("schema", "campaign").stdout)
    jsonschema.Draft202012Validator.check_schema(campaign)
    assert understudy("schema", "--write", "schemas").returncode == 0
    names = understudy("schema").stdout.split()
    assert {path.name for path in (tmp_path / "schemas").iterdir()} == {
        f"{name}.schema.json" for name in names
    }


@pytest.mark.slow
def test_a_world_in_shards_is_the_world_at_once(understudy):
    """Two shards give the digest of a single build, and the last one says that it is whole."""
    size = ("--customers", "80", "--seed", "4", "-q")
    whole = understudy("world", "build", "--out", "whole", *size).stdout.splitlines()
    first = understudy("world", "build", "--out", "parts", "--shard", "1/2", *size)
    assert "whole when the others are" in first.stdout
    parts = understudy("world", "build", "--out", "parts", "--shard", "2/2", *size)
    assert parts.stdout.splitlines()[-1] == whole[-1]
    shown = understudy("world", "show", "parts").stdout
    assert "stripe.charges" in shown
    assert "null_explicit" in shown


def test_a_folder_that_is_no_world_is_not_written_over(understudy, tmp_path):
    """What lies in the way is refused by name and left alone."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious", encoding="utf-8")
    for more in ((), ("--cases", "20")):
        refused = understudy("world", "build", "--out", "mine", "--customers", "60", "-q", *more)
        assert refused.returncode == 2
        assert "`mine`" in refused.stderr
    assert (tmp_path / "mine" / "thesis.txt").read_text(encoding="utf-8") == "precious"


def test_the_doctor_tells_versions_and_the_wall(understudy):
    """`doctor` names interpreter, packages and the wall's level; 0 where all is well."""
    told = understudy("doctor")
    assert told.returncode == 0, told.stdout
    assert "ways out tried and blocked" in told.stdout
    assert "httpx 0.28" in told.stdout


def test_a_base_url_is_mapped_on_the_command_line(understudy, tmp_path):
    """What is not URL=SYSTEM is refused with the form that is expected."""
    (tmp_path / "x").write_text('{"request": {"method": "GET", "url": "http://gw/s/v1/refunds"}}')
    command = ["traffic", "import", "auto", str(tmp_path / "x"), "--out", str(tmp_path / "r")]
    done = understudy(*command, "--map", "http://gw/s=stripe")
    assert "calls that no system serves" not in done.stdout
    wrong = understudy(*command, "--map", "stripe")
    assert wrong.returncode == 2
    assert "not of the form URL=SYSTEM" in wrong.stderr
