"""Recording while people work: proxies on loopback until Ctrl-C, then a recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from understudy.campaign.operations import parse_ports
from understudy.doors.loopback import environment
from understudy.doors.serving import check_ports, open_world, refused_ports, wait_for_the_end
from understudy.doors.variables import assignments
from understudy.model.errors import ConfigurationError
from understudy.traffic.http.recorder import record_traffic
from understudy.world.store import load_world

__all__ = ["record"]


def record(
    upstreams: Sequence[str],
    world: Path | None,
    ports: Sequence[str],
    out: Path,
    say: Callable[[str], None],
) -> None:
    """Record what passes to the upstreams, or to the mocked systems over a world."""
    if bool(upstreams) == bool(world):
        raise ConfigurationError(
            "name what is to be recorded: your own systems, or a world for the mocked ones",
            code="U124",
            hint="--upstream stripe=http://127.0.0.1:12111, or --world WORLD",
        )
    if world is None:
        _record(dict(map(_upstream, upstreams)), ports, out, say, {})
        return
    with open_world(load_world(world)) as served:
        _record(dict(served.urls), ports, out, say, dict(served.variables))


def _record(
    upstreams: dict[str, str],
    ports: Sequence[str],
    out: Path,
    say: Callable[[str], None],
    variables: dict[str, str],
) -> None:
    chosen = parse_ports(ports)

    def work(urls: Mapping[str, str]) -> None:
        for name, url in sorted(urls.items()):
            say(f"# {name}: {url} -> {upstreams[name]}")
        say("# what passes is redacted and recorded; end with Ctrl-C")
        for line in assignments({**variables, **environment(urls)}):
            say(line)
        wait_for_the_end()

    check_ports(chosen, upstreams)
    with refused_ports(chosen):
        report = record_traffic(upstreams, out, chosen, work)
    say(report.summary() if report else "nothing passed, so no recording was written")


def _upstream(text: str) -> tuple[str, str]:
    name, sign, url = text.partition("=")
    if not sign or not name or not url:
        raise ConfigurationError(
            f"`--upstream {text}` is not a name and a URL",
            code="U124",
            hint="--upstream stripe=http://127.0.0.1:12111",
        )
    return name, url
