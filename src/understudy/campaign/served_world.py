"""A world served to a person at a terminal: the environment first, at the end the writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from understudy.cost.wording import action_line
from understudy.doors.serving import Served, open_world, wait_for_the_end
from understudy.doors.variables import assignments
from understudy.model.printable import printable
from understudy.model.world import World
from understudy.report.phrases import counted
from understudy.systems.session import CaseSession, CoverageGap
from understudy.systems.system import System

__all__ = ["serve_world"]


def serve_world(
    world: World,
    ports: Mapping[str, int] | None,
    say: Callable[[str], None],
    warn: Callable[[str], None],
    *,
    systems: Mapping[str, str | System] | None = None,
    any_key: bool = False,
) -> None:
    """Serve a world until Ctrl-C or a request to end; then tell what was written.

    What is said can be sourced by a shell: assignments, and comments for people. `warn` is told
    at once what nothing serves.
    """
    with open_world(
        world, ports, systems=systems, any_key=any_key,
        warn=lambda gap: warn(f"not served: {_called(gap)}"),
    ) as served:  # fmt: skip
        for line in (*_introduction(world, served), *assignments(served.variables)):
            say(line)
        wait_for_the_end()
        for line in _farewell(served.session):
            say(f"# {line}")


def _introduction(world: World, served: Served) -> list[str]:
    now = datetime.fromtimestamp(world.now, UTC).isoformat()
    return [
        f"# one open case; its present is {now}",
        *(f"# {name:<10} {url}" for name, url in sorted(served.urls.items())),
        "# every write is applied to this case only and told at the end; end with Ctrl-C",
    ]


def _farewell(session: CaseSession) -> list[str]:
    with session.lock:
        # What nothing serves is told as such, and not as a write that was refused.
        writes = [each for each in session.actions if not each.operation.endswith(".unserved")]
        refused = sum(action.refused for action in writes)
        told = [
            counted(sum(session.reads.values()), "read"),
            f"{counted(len(writes) - refused, 'write')} applied",
            f"{refused:,} refused",
            f"{counted(len(session.gaps), 'call')} that nothing serves",
        ]
        gaps = dict.fromkeys(map(_called, session.gaps))
    return [", ".join(told), *map(action_line, writes), *(f"not served: {gap}" for gap in gaps)]


def _called(gap: CoverageGap) -> str:
    return printable(f"{gap.method} {gap.path} at {gap.system}", 200)
