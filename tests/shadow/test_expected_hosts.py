"""Hosts that a candidate is known to try by itself."""

from __future__ import annotations

TELLS = """
import contextlib


def tell(case, systems):
    for host in ("telemetry.example.net", "telemetry.example.net.evil.example", "other.example"):
        with contextlib.suppress(httpx.HTTPError, OSError):
            httpx.post(f"https://{host}/v1/traces", json={})
    return handle(case, systems)
"""


def test_expected_hosts_are_blocked_and_counted_apart(project, run):
    """They are no attempts to get out, and stop no run; a name that only begins alike is one."""
    project.candidate(TELLS)
    plan = project.plan(2, use="bot:tell", expect_blocked=["telemetry.example.net"], most_blocked=5)
    report, records = run(plan)
    assert report.stopped is None
    assert report.complete
    assert report.failures == {}
    assert (report.expected_attempts, report.network_attempts) == (2, 4)
    assert not any("telemetry.example.net:" in place for place in report.places)
    assert [record.wall.expected for record in records] == [1, 1]
    evidence = report.evidence()
    assert (evidence.expected, evidence.attempts) == (2, 4)


def test_without_the_word_the_same_hosts_are_attempts(project, run):
    """Nothing is expected unless the campaign says so."""
    project.candidate(TELLS)
    report, _ = run(project.plan(1, use="bot:tell"))
    assert (report.expected_attempts, report.network_attempts) == (0, 3)
