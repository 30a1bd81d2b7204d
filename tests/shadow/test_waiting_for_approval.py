"""Programs that wait for an approval, in a process whose waiting the case's clock does not see."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest

POLLING = """
import json, sys, time, urllib.request

def asked(case, path, body=None):
    headers = {"Authorization": "Bearer " + case["credentials"]["desk"]["token"],
               "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(case["base_urls"]["desk"] + path, data, headers)
    return json.load(urllib.request.urlopen(request))

for line in sys.stdin:
    case = json.loads(line)
    row = asked(case, "/approvals", {"action": "a refund of 80 EUR"})
    seen = [row["status"]]
    while row["status"] == "pending" and len(seen) < 5:
        time.sleep(0.05)
        row = asked(case, "/approvals/" + row["id"])
        seen.append(row["status"])
    print(json.dumps({"outcome": "escalated", "rationale": " ".join(seen)}), flush=True)
"""


@pytest.mark.parametrize(
    ("longest", "reason"), [(timedelta(hours=3), None), (timedelta(hours=1), "timeout")]
)
def test_a_program_that_polls_finds_the_decision_after_the_reviewers_delay(
    project, run, longest, reason
):
    """Its second look finds it, and the case took those two hours; a case may take no longer."""
    project.write("polling.py", POLLING)

    def decide(case_id, repeat, number, row):
        return {"status": "approved", "after_seconds": 7200}

    use = f"exec: {sys.executable} polling.py"
    plan = project.plan(1, use=use, decide=decide, virtual_timeout=longest)
    (record,) = run(plan)[1]
    failure = record.proposal.failure
    assert (failure and failure.reason) == reason
    if reason is None:
        assert record.trace.rationale == "pending pending approved"
        assert 7_200_000 <= record.proposal.cycle_time_ms < 7_260_000
        assert record.proposal.wall_time_ms < 60_000
