"""What a service of the user's own is started with, so that a campaign's run can shadow it."""

from __future__ import annotations

from pathlib import Path

from understudy.campaign.projects.mounting import mounted_systems
from understudy.campaign.projects.settings import load_settings
from understudy.candidates.span_receiver import span_variables
from understudy.candidates.spans import SPANS
from understudy.candidates.use import HttpUse, parse_use
from understudy.candidates.vendor_signature import secret_variables, signing_secrets
from understudy.doors.loopback import environment
from understudy.doors.variables import assignments, credential_variables
from understudy.model.campaign import Isolation
from understudy.model.errors import ConfigurationError
from understudy.model.world import World
from understudy.shadow.serial import WORKER
from understudy.systems.engine import Engine

__all__ = ["service_environment"]


def service_environment(campaign: Path, wanted: str | None) -> str:
    """The variables as a shell takes them: addresses, the static key, the webhooks' secrets.

    Raises `ConfigurationError` where the candidate is no service with `ports` of its own.
    """
    settings = load_settings(campaign)
    candidate = settings.candidates(wanted)[0]
    use = parse_use(candidate.spec)
    if not isinstance(use, HttpUse) or not use.ports:
        raise ConfigurationError(
            f"the candidate `{candidate.name}` is no service that runs already with `ports` named",
            where=str(campaign),
            hint="use: {http: {url: …, ports: {stripe: 8101, hubspot: 8102, zendesk: 8103}}}",
        )
    mounted = mounted_systems(settings.campaign.systems, settings.folder)
    engine = Engine(World({}, now=0), systems=mounted, seed=settings.campaign.seed)
    urls = {name: f"http://127.0.0.1:{port}" for name, port in use.ports.items()}
    spans = urls.pop(SPANS, None)
    found = environment(urls)
    if spans is not None:
        found |= span_variables(spans)
    if candidate.isolation is Isolation.SERIAL:
        found |= credential_variables(engine.open_worker(WORKER))
    if use.webhooks:
        found |= secret_variables(signing_secrets(settings.campaign.seed))
    return "\n".join(assignments(found))
