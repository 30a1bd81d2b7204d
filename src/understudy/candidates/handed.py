"""What a candidate is handed: the case as an inbound event, and nothing that names the harness."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from understudy.model.case import Case, Trigger, Turn

__all__ = ["Handed", "Inbound", "Opened", "handed_case", "inbound"]


_MODELS = "openai"


class Inbound(msgspec.Struct, frozen=True, kw_only=True, tag="case"):
    """The part of a case that goes to the candidate's process: no scenario, tags or segment."""

    case_id: str
    trigger: Trigger
    turns: tuple[Turn, ...] = ()
    received_at: datetime | None = None
    repeat: int = 0
    model_key: str = ""
    """The case's key for the model gateway, where there is one."""


class Opened(Protocol):
    """What is needed of a case that is open in the engine."""

    @property
    def credentials(self) -> Mapping[str, Mapping[str, str]]:
        """Credentials by system."""

    @property
    def base_urls(self) -> Mapping[str, str]:
        """Where each system is found."""


class Handed(dict[str, Any]):
    """A mapping whose keys are attributes too, so that it is as easily read as sent as JSON.

    >>> Handed(id="c-1", trigger=Handed(type="ticket")).trigger.type
    'ticket'
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def inbound(case: Case, repeat: int = 0) -> Inbound:
    """What of a case may be known where the candidate runs."""
    return Inbound(
        case_id=case.case_id,
        trigger=case.trigger,
        turns=case.opening,
        received_at=case.received_at,
        repeat=repeat,
    )


def handed_case(case: Inbound, opened: Opened, models_url: str = "") -> Handed:
    """The case for the candidate, a copy of its own; the payload is plain dicts and lists.

    `models_url` is where its models are found, under the case's own key.
    """
    keys = {_MODELS: {"api_key": case.model_key}} if models_url else {}
    urls = {_MODELS: models_url} if models_url else {}
    trigger = case.trigger
    return Handed(
        id=case.case_id,
        trigger=Handed(
            system=trigger.system, type=trigger.type, payload=copy.deepcopy(trigger.payload)
        ),
        turns=[Handed(role=turn.role, text=turn.text, at=turn.at) for turn in case.turns],
        received_at=case.received_at,
        credentials=_by_system({**opened.credentials, **keys}),
        base_urls=Handed({**opened.base_urls, **urls}),
    )


def _by_system(credentials: Mapping[str, Mapping[str, str]]) -> Handed:
    return Handed({system: Handed(given) for system, given in credentials.items()})
