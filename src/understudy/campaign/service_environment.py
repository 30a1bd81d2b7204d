"""What a service of the user's own is started with, so that a campaign's run can shadow it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from understudy.campaign.mounting import mounted_systems
from understudy.campaign.settings import load_settings
from understudy.candidates.use import HttpUse, parse_use
from understudy.candidates.vendor_signature import secret_variables, signing_secrets
from understudy.doors.loopback import environment
from understudy.doors.variables import assignments, credential_variables
from understudy.model.campaign import CandidateSpec, Isolation
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.world import World
from understudy.shadow.serial import WORKER
from understudy.systems.engine import Engine

__all__ = ["service_environment"]


def service_environment(campaign: Path, wanted: str | None) -> str:
    """The variables as a shell takes them: addresses, the static key, the webhooks' secrets.

    Raises `ConfigurationError` where the candidate is no service with `ports` of its own.
    """
    settings = load_settings(campaign)
    candidate = _chosen(settings.campaign.candidates, wanted)
    use = parse_use(candidate.spec)
    if not isinstance(use, HttpUse) or not use.ports:
        raise ConfigurationError(
            f"the candidate `{candidate.name}` is no service that runs already with `ports` named",
            where=str(campaign),
            hint="use: {http: {url: …, ports: {stripe: 8101, hubspot: 8102, zendesk: 8103}}}",
        )
    mounted = mounted_systems(settings.campaign.systems, settings.folder)
    engine = Engine(World({}, now=0), systems=mounted, seed=settings.campaign.seed)
    found = environment({name: f"http://127.0.0.1:{port}" for name, port in use.ports.items()})
    if candidate.isolation is Isolation.SERIAL:
        found |= credential_variables(engine.open_worker(WORKER))
    if use.webhooks:
        found |= secret_variables(signing_secrets(settings.campaign.seed))
    return "\n".join(assignments(found))


def _chosen(candidates: Sequence[CandidateSpec], wanted: str | None) -> CandidateSpec:
    by_name = {each.name: each for each in candidates}
    if wanted is None:
        return candidates[0]
    if wanted not in by_name:
        raise ConfigurationError(
            f"the campaign has no candidate `{wanted}`{nearest(wanted, by_name)}",
            code="U111",
            hint=f"known: {', '.join(by_name)}",
        )
    return by_name[wanted]
