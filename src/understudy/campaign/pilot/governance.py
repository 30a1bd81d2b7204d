"""Sign-off, waivers and ladder of one run, gathered for its report."""

from __future__ import annotations

from datetime import UTC, datetime

from understudy.campaign.pilot.audit import signature_problems
from understudy.campaign.pilot.log import waivers_of
from understudy.campaign.pilot.sign_off import approvals_of
from understudy.campaign.pilot.states import states_of
from understudy.campaign.pilot.status import lines_of
from understudy.campaign.runs.files import RunFiles
from understudy.report.governance import Governance

__all__ = ["governance_of"]


def governance_of(files: RunFiles) -> Governance:
    """What stands in the run's chain and in the pilot's; without a pilot, the former alone."""
    now, manifest = datetime.now(UTC), files.manifest
    if files.reports is None:
        return Governance(sign_off=_sign_off(files))
    own = [state for state in states_of(files.reports) if state.candidate == manifest.candidate]
    return Governance(
        sign_off=_sign_off(files),
        waivers=waivers_of(files.reports, manifest.campaign, manifest.run_id, now.date()),
        ladder=lines_of(own, now),
    )


def _sign_off(files: RunFiles) -> str:
    problems = signature_problems(files.folder, files.reports)
    if problems:
        return f"not to be relied on: {problems[0]}"
    told = [
        f"{body['decision']} by {body['who']} ({body['role']})"
        + (f": {body['reason']}" if body["reason"] else "")
        for body in approvals_of(files.folder)
    ]
    return "; ".join(told) or "none recorded"
