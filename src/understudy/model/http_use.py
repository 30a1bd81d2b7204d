"""A candidate that is a service: how events reach it, and when it is done with one."""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import Self

import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration, DurationText

__all__ = ["Delivery", "HttpService", "ServiceUse"]


class Delivery(enum.StrEnum):
    """What is sent to a service."""

    CASE = "case"
    """The case as JSON: event, conversation, credentials and addresses; it may answer at once."""
    WEBHOOK = "webhook"
    """The event as its vendor sends it, signed; credentials are those of the environment."""


class HttpService(Configuration):
    """A service that takes events by POST, running already or started with the run."""

    url: str = Field(pattern="^https?://")
    deliver: Delivery = Delivery.CASE
    paths: dict[str, str] = Field(
        default_factory=dict,
        description="where a system's events come in, if not at the address: {stripe: /hooks}",
    )
    start: str | None = Field(
        None, min_length=1, description="the command that serves it, started with the run"
    )
    ports: dict[str, int] = Field(
        default_factory=dict,
        description="the systems' ports, for a service that is running before: {stripe: 8101}; "
        "`otlp` is where it exports its spans to",
    )
    quiet: DurationText = Field(
        timedelta(seconds=2),
        json_schema_extra={"default": "2s"},
        description="an event that it works on later is done after so long without a call",
    )
    ends_on: tuple[str, ...] = Field(
        (), description="writes with which a case is over, by name or pattern, besides the usual"
    )

    @pydantic.model_validator(mode="after")
    def _ports_are_for_others(self) -> Self:
        if self.start and self.ports:
            raise ValueError("`ports` are for a service that runs already; leave out `start`")
        return self


class ServiceUse(Configuration):
    """A candidate that is a service, with more to say than its address."""

    http: HttpService
