"""The pytest plugin: YAML suites are collected, and each scenario is a test; fixtures for others.

In: `pytest scenarios --understudy-candidate my_bot.agent:handle`. Out: ids that can be pasted back,
line numbers, tags as markers, and a failure as a few lines instead of a traceback. Nothing heavy is
imported before a suite is collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from understudy.campaign.scenarios import LoadedSuite
    from understudy.doors.in_tests import MockedSystems, Rows
    from understudy.model.suite import Scenario
    from understudy.model.world import World

__all__ = ["ScenarioItem", "SuiteFile"]

_HEAD = 65_536


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the plugin, on the command line and in the configuration file."""
    group = parser.getgroup("understudy")
    group.addoption("--understudy-candidate", help="the candidate that scenarios are run through")
    group.addoption("--understudy-policy", help="the policy that differences are priced by")
    parser.addini("understudy_world", "the folder of the world that `mocked_systems` serves")
    parser.addini("understudy_candidate", "the candidate that scenarios are run through")
    parser.addini(
        "understudy_policy", "the policy that differences are priced by", default="standard"
    )


@pytest.fixture(scope="session")
def understudy_world(pytestconfig: pytest.Config) -> World | Rows:
    """What `mocked_systems` serves: the world that `understudy_world` names, else nothing.

    Override it with a world of your own, or with rows by table.
    """
    folder = pytestconfig.getini("understudy_world")
    if not folder:
        return {}
    from understudy.world.store import load_world

    return load_world(pytestconfig.rootpath / folder)


@pytest.fixture
def mocked_systems(
    understudy_world: World | Rows, request: pytest.FixtureRequest
) -> Iterator[MockedSystems]:
    """HubSpot, Stripe and Zendesk at their own hosts, behind httpx and httpx2, for one test."""
    from understudy.doors.in_tests import mocked_systems

    with mocked_systems(understudy_world, case_id=request.node.name) as systems:
        yield systems


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take YAML files that look like suites."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    with file_path.open("rb") as file:
        lines = file.read(_HEAD).splitlines()
    keys = {line.partition(b":")[0] for line in lines}
    if {b"version", b"cases"} <= keys:
        return SuiteFile.from_parent(parent, path=file_path)
    return None


class SuiteFile(pytest.File):
    """A suite; each of its scenarios is an item."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Read the suite; what is wrong with it is told with its lines."""
        from understudy.campaign.scenarios import load_suite
        from understudy.model.errors import UnderstudyError

        try:
            loaded = load_suite(self.path)
        except UnderstudyError as error:
            raise self.CollectError(error.describe()) from None
        for scenario in loaded.suite.cases:
            item: ScenarioItem = ScenarioItem.from_parent(self, name=scenario.id)
            item.loaded, item.scenario = loaded, scenario
            item.line = loaded.lines[scenario.id] - 1
            for tag in scenario.tags:
                name = tag.replace("-", "_").replace(" ", "_")
                self.config.addinivalue_line("markers", f"{name}: scenarios tagged `{tag}`")
                item.add_marker(name)
            yield item


class ScenarioItem(pytest.Item):
    """One scenario."""

    loaded: LoadedSuite
    scenario: Scenario
    line: int = 0

    def runtest(self) -> None:
        """Run the scenario through the candidate."""
        from understudy.campaign.scenarios import try_scenario

        use = None if self.loaded.suite.candidate.use else self._option("candidate")
        asked = self.config.getoption("--understudy-candidate")
        tried = try_scenario(self.loaded, self.scenario, asked or use, self._option("policy"))
        for note in tried.notes:
            self.warn(pytest.PytestWarning(f"scenario {self.name}: {note}"))
        if not tried.passed:
            raise ScenarioBroken(tried)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A failure in a few lines; an error of the harness as its message."""
        from understudy.model.errors import UnderstudyError
        from understudy.model.printable import printable

        if isinstance(excinfo.value, ScenarioBroken):
            return printable(str(excinfo.value))
        if isinstance(excinfo.value, pytest.UsageError):
            return str(excinfo.value)
        if isinstance(excinfo.value, UnderstudyError):
            return printable(excinfo.value.describe())
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """File, line and id, as a person finds them."""
        return self.path, self.line, f"scenario {self.name}"

    def _option(self, name: str) -> str:
        given = self.config.getoption(f"--understudy-{name}") or self.config.getini(
            f"understudy_{name}"
        )
        if not given:
            raise pytest.UsageError(
                "no candidate to run scenarios through; give "
                "--understudy-candidate=my_bot.agent:handle, or set `understudy_candidate` in the "
                "pytest configuration"
            )
        return str(given)


class ScenarioBroken(Exception):
    """What did not hold, line by line."""

    def __init__(self, tried: Any) -> None:
        often = f"held in {tried.held} of {tried.runs} runs, needed in {tried.needed}"
        super().__init__("\n".join([often, *(f"  {line}" for line in tried.broken)]))
