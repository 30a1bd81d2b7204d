"""The pytest plugin: YAML suites are collected, and each scenario is a test; fixtures for others.

In: `pytest scenarios --understudy-candidate my_bot.agent:handle`. Out: ids that can be pasted back,
line numbers, tags as markers, and a failure as a small table instead of a traceback. Nothing heavy
is imported before a suite is collected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from understudy.campaign.suites.scenarios import LoadedSuite, Tried
    from understudy.candidates.in_tests import OpenSystems, RespxSystems, Rows
    from understudy.model.suite import Scenario
    from understudy.model.world import World
    from understudy.shadow.standing import StandingCrews

__all__ = ["ScenarioItem", "SuiteFile"]

_HEAD = 65_536
_OPTIONS = ("candidate", "policy")
_CREWS: pytest.StashKey[StandingCrews] = pytest.StashKey()
_MARKS: pytest.StashKey[dict[Path, dict[str, Any]]] = pytest.StashKey()
"""The sealed processes of this worker; they live on from scenario to scenario."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the plugin, on the command line and in the configuration file."""
    group = parser.getgroup("understudy")
    group.addoption("--understudy-candidate", help="the candidate that scenarios are run through")
    group.addoption("--understudy-policy", help="the policy that differences are priced by")
    group.addoption(
        "--understudy-pilot", help="the folder of reports whose pilot's history suites enter"
    )
    group.addoption("--understudy-whole", action="store_true", help="show failed cases in full")
    parser.addini("understudy_world", "the folder of the world that the fixture `world` reads")
    parser.addini("understudy_candidate", "the candidate that scenarios are run through")
    parser.addini(
        "understudy_policy", "the policy that differences are priced by", default="standard"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Count what holds, where it is to be entered; with xdist in the process that has the sum."""
    reports = config.getoption("--understudy-pilot")
    if reports and not hasattr(config, "workerinput"):
        from understudy.campaign.suites.session import SuiteSession

        config.pluginmanager.register(SuiteSession(config.invocation_params.dir / reports))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Mark the report of a scenario with its suite and its candidate, where that is asked for."""
    report = yield
    if isinstance(item, ScenarioItem) and item.config.getoption("--understudy-pilot"):
        report.suite_mark = item.mark()
    return report


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End the processes that scenarios were run in."""
    if _CREWS in config.stash:
        config.stash[_CREWS].dismiss()


@pytest.fixture(scope="session")
def world(pytestconfig: pytest.Config) -> World | Rows:
    """What the systems hold: the world that `understudy_world` names, else nothing.

    Override it with a world of your own, or with rows by table.
    """
    folder = pytestconfig.getini("understudy_world")
    if not folder:
        return {}
    from understudy.world.store import load_world

    return load_world(pytestconfig.rootpath / folder)


@pytest.fixture
def systems(world: World | Rows, request: pytest.FixtureRequest) -> OpenSystems:
    """HubSpot, Stripe, Zendesk and the desk with one open case of the test.

    `systems.call(operation, …)` as a candidate has it, the case's `credentials` and `base_urls`,
    its `actions` so far and their `effect()`.
    """
    from understudy.candidates.in_tests import open_systems

    return open_systems(world, case_id=request.node.name)


@pytest.fixture
def respx_systems(systems: OpenSystems) -> Iterator[RespxSystems]:
    """The same systems at their own hosts, behind httpx and httpx2, for one test.

    `respx_systems.router` takes routes of the test's own.
    """
    from understudy.candidates.in_tests import respx_systems

    with respx_systems(systems) as behind:
        yield behind


@pytest.fixture
def shadow_case(world: World | Rows, request: pytest.FixtureRequest) -> Callable[..., Tried]:
    """Run one case through the candidate in its sealed process: `shadow_case(trigger=…, expect=…)`.

    Keys are those of a scenario in YAML; rows stand in `world`, else the fixture's are taken.
    `candidate` is the one to run, else the configured one. What comes back says whether the case
    `passed`, shows as the table of what did not hold, and has the `proposals`.
    """
    from understudy.campaign.suites.scenarios import scenario_of, try_scenario

    config = request.config

    def run(*, candidate: str | None = None, policy: str | None = None, **written: Any) -> Tried:
        written = {"id": "case", "world": _written(world), **written}
        loaded = scenario_of(written, request.path.parent)
        use = candidate or _option(config, "candidate")
        crews = config.stash.setdefault(_CREWS, StandingCrews())
        (scenario,) = loaded.scenarios.values()
        return try_scenario(loaded, scenario, use, policy or _option(config, "policy"), crews)

    from understudy.shadow.standing import StandingCrews

    return run


def _written(world: World | Rows) -> dict[str, list[Any]]:
    """A world as a scenario writes its rows."""
    from understudy.model.world import World

    if isinstance(world, World):
        return {table: [*world.table(table).values()] for table in world.tables}
    return {table: [*rows] for table, rows in world.items()}


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
        from understudy.campaign.suites.scenarios import load_suite
        from understudy.model.errors import UnderstudyError

        try:
            loaded = load_suite(self.path)
        except UnderstudyError as error:
            raise self.CollectError(error.describe()) from None
        for scenario in loaded.scenarios.values():
            item: ScenarioItem = ScenarioItem.from_parent(self, name=scenario.id)
            item.loaded, item.scenario = loaded, scenario
            item.line = loaded.lines[scenario.id] - 1
            for tag in scenario.tags:
                name = re.sub(r"\W", "_", tag)
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
        from understudy.campaign.suites.scenarios import try_scenario, whole_case
        from understudy.shadow.standing import StandingCrews

        policy = _option(self.config, "policy")
        crews = self.config.stash.setdefault(_CREWS, StandingCrews())
        tried = try_scenario(self.loaded, self.scenario, self._use(), policy, crews)
        for note in tried.notes:
            self.warn(pytest.PytestWarning(f"scenario {self.name}: {note}"))
        if self.config.getoption("--understudy-whole"):
            whole = whole_case(self.loaded, self.scenario, tried, policy)
            self.add_report_section("call", "the whole case", whole)
        if not tried.passed:
            raise ScenarioBroken(tried, self._command())

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A failure in a few lines; an error of the harness as its message."""
        from understudy.model.errors import UnderstudyError
        from understudy.model.printable import printable

        if isinstance(excinfo.value, ScenarioBroken | pytest.UsageError):
            return str(excinfo.value)
        if isinstance(excinfo.value, UnderstudyError):
            return printable(excinfo.value.describe())
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """File, line and id, as a person finds them."""
        return self.path, self.line, f"scenario {self.name}"

    def mark(self) -> dict[str, Any]:
        """Which suite of how many scenarios it is of, and which candidate it is run through."""
        from understudy.campaign.suites.session import suite_mark

        # Once for all scenarios of a suite: it reads the files of the candidate.
        marks = self.config.stash.setdefault(_MARKS, {})
        if self.path not in marks:
            marks[self.path] = suite_mark(self.loaded, self._use(), self.path, self.config.rootpath)
        return marks[self.path]

    def _use(self) -> str | None:
        """The candidate that was asked for; None where the suite's own is meant."""
        asked = self.config.getoption("--understudy-candidate")
        own = self.loaded.suite.candidate.use
        return asked or (None if own else _option(self.config, "candidate"))

    def _command(self) -> str:
        """What shows the whole case, from where pytest was started."""
        import os
        import shlex

        here = self.config.invocation_params.dir
        given = ((name, self.config.getoption(f"--understudy-{name}")) for name in _OPTIONS)
        options = [f"--understudy-{name}={value}" for name, value in given if value]
        place = f"{os.path.relpath(self.path, here)}::{self.name}"
        return shlex.join(["pytest", place, "--understudy-whole", *options])


def _option(config: pytest.Config, name: str) -> str:
    given = config.getoption(f"--understudy-{name}") or config.getini(f"understudy_{name}")
    if not given:
        raise pytest.UsageError(
            "no candidate to run scenarios through; give "
            "--understudy-candidate=my_bot.agent:handle, or set `understudy_candidate` in the "
            "pytest configuration"
        )
    return str(given)


class ScenarioBroken(Exception):
    """What did not hold, as a table, and how the whole case is shown."""

    def __init__(self, tried: Tried, command: str) -> None:
        super().__init__(f"{tried}\nthe whole case:\n  {command}")
