"""Whether the candidates of a campaign can be reached from here, with what they need beside."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from understudy.campaign.models import ModelPlan, model_service
from understudy.campaign.projects.mounting import mounted_systems, own_places
from understudy.campaign.projects.project import project_folder
from understudy.campaign.projects.settings import Settings
from understudy.candidates.needs import parse_need
from understudy.model.campaign import CandidateSpec, ModelMode
from understudy.model.errors import UnderstudyError
from understudy.shadow.plan import ShadowPlan
from understudy.shadow.protocol import Stage
from understudy.shadow.trial import try_start

__all__ = ["reach"]

_PAID = (ModelMode.RECORD, ModelMode.LIVE)
_SECONDS = 5
_NOW = 1_790_000_000


def reach(settings: Settings) -> Iterator[tuple[str, bool]]:
    """A line for each thing that was tried, and whether it did not work.

    Each candidate is started and sealed as for a run, on systems that hold nothing, and is given
    no case. What it `needs:` and the provider of its models are connected to, and asked nothing.
    """
    for candidate in settings.campaign.candidates:
        told = f"candidate {candidate.name}"
        try:
            level = try_start(_plan(settings, candidate, Path(tempfile.gettempdir())))
        except UnderstudyError as error:
            yield f"{told} CANNOT BE REACHED: {error.describe()}", True
        else:
            yield f"{told} starts, inside of wall {level}", False
        for what, address in _beside(settings, candidate):
            problem = _no_answer(*address)
            state = f"DOES NOT ANSWER: {problem}" if problem else "answers"
            yield f"{told}: {what} {state}", problem is not None


def _plan(settings: Settings, candidate: CandidateSpec, place: Path) -> ShadowPlan:
    campaign, folder = settings.campaign, settings.folder
    recording = folder / campaign.recording if campaign.recording else None
    return ShadowPlan(
        world=None,
        stage=Stage(rows={}, now=_NOW),
        cases=(),
        candidate=candidate,
        systems=mounted_systems(campaign.systems, folder, recording),
        paths=own_places(campaign.systems, folder),
        equipment=tuple(each.model_dump(mode="json") for each in settings.equipment),
        run_folder=place,
        project=project_folder(candidate.spec, folder),
        seed=campaign.seed,
        models=model_service(_models(settings, candidate)),
    )


def _models(settings: Settings, candidate: CandidateSpec) -> ModelPlan:
    """What would answer its model calls; nothing is recorded, since nothing is asked."""
    if candidate.models is ModelMode.RECORD:
        candidate = candidate.model_copy(update={"models": ModelMode.LIVE})
    return replace(ModelPlan.of(settings.campaign, settings.folder), candidate=candidate)


def _beside(settings: Settings, candidate: CandidateSpec) -> Iterator[tuple[str, tuple[str, int]]]:
    for need in candidate.needs:
        yield f"need {need}", parse_need(need)
    models = replace(ModelPlan.of(settings.campaign, settings.folder), candidate=candidate)
    if models.serves_any and candidate.models in _PAID:
        provider = models.served.provider
        parts = urlsplit(provider.base_url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
        yield f"model provider {provider.name} at {parts.netloc}", (parts.hostname or "", port)


def _no_answer(host: str, port: int) -> str | None:
    """Why nothing could be connected to; None where something was."""
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        return error.strerror or str(error)
    return None
