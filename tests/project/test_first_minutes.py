"""The first five minutes of a developer, of QA and of a release manager, with the built wheel.

Each begins in an empty folder. The wheel lies in an environment of its own, in which the checkout's
source cannot be found; the packages that it depends on are those of the checkout's environment.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment with the wheel."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place / "env")], check=True)
    (packages,) = (place / "env" / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(next(place.glob("*.whl"))) as wheel:
        assert "understudy/py.typed" in wheel.namelist()
        wheel.extractall(packages)
    (packages / "others.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")
    return place / "env" / "bin" / "python"


@pytest.fixture
def run(python, tmp_path):
    """Run a module of that environment in an empty folder."""
    outside = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "PYTHON", "COV"))
    }

    def run(*arguments: str, cwd: str = ".", codes: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [python, "-m", *arguments],
            cwd=tmp_path / cwd,
            capture_output=True,
            text=True,
            check=False,
            env={**outside, "COLUMNS": "80"},
        )
        assert done.returncode in codes, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_wheel_is_what_is_tried(run, tmp_path):
    """The package is found in the environment of its own, not in the checkout."""
    (tmp_path / "where.py").write_text("import understudy; print(understudy.__file__)")
    assert "/env/lib/" in run("where")


def test_a_developer_has_a_failing_scenario_and_mends_it(run, tmp_path):
    """init, pytest: eleven hold and one fails on purpose, with its price, in ten CPU seconds."""
    written = run("understudy", "init", "refunds")
    assert len(re.findall(r"^  cd refunds && ", written, re.MULTILINE)) == 3
    assert (tmp_path / "refunds/.understudy/suite.schema.json").is_file()
    before = getrusage(RUSAGE_CHILDREN)
    shown = run("pytest", "scenarios", "-n", "2", cwd="refunds", codes=(1,))
    after = getrusage(RUSAGE_CHILDREN)
    assert "1 failed, 11 passed" in shown
    assert "EUR" in shown
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime <= 15


def test_own_exports_lead_to_a_first_verdict(run, tmp_path):
    """A company's exports are imported, looked at, scanned, and an agent is shadowed on them.

    The exports are those of a generated world, in the vendors' own forms. QA gets a verdict with
    its costliest cases; the manager a page that asks nobody for anything.
    """
    run("understudy", "world", "build", "--out", "w", "--customers", "80", "--cases", "30", "-q")
    folders = ["--zendesk", "exports/z", "--stripe", "exports/s", "--hubspot", "exports/h"]
    run("understudy", "traffic", "export", "w/recording", *folders)
    files = [str(each.relative_to(tmp_path)) for each in sorted(tmp_path.glob("exports/*/*"))]
    told = run(
        "understudy", "traffic", "import", "auto", *files, "--out", "july", "--synthetic", "-q"
    )
    assert "cases" in told
    assert "zendesk" in run("understudy", "traffic", "show", "july")
    run("understudy", "traffic", "scan", "july")
    (tmp_path / "bot.py").write_text("def handle(case, systems):\n    return {'ask': 'Which?'}\n")
    (tmp_path / "campaign.yaml").write_text(
        'version: 1\nname: first\nrecording: july\ncandidates: [{name: bot, use: "bot:handle"}]\n',
        encoding="utf-8",
    )
    shown = run("understudy", "run", "campaign.yaml", "-q", codes=(0, 1, 6))
    assert "VERDICT" in shown
    case_id = re.findall(r"understudy case \S+ (\S+)", shown)[0]
    assert "people" in run("understudy", "case", "latest", case_id)
    _page_for_the_manager(tmp_path)


def _page_for_the_manager(folder: Path) -> None:
    (report,) = folder.glob("reports/first/*/report.html")
    page = html.unescape(report.read_text(encoding="utf-8"))
    verdict = json.loads(report.with_name("verdict.json").read_text(encoding="utf-8"))
    assert "default-src 'none'" in page
    assert not re.search(r"<(?:script|img|link|iframe)[^>]+(?:src|href)=[\"']?https?:", page)
    assert verdict["verdict"] in page
    assert verdict["cases"]["run"] > 0
