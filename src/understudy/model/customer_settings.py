"""Who answers where a candidate asks the customer."""

from __future__ import annotations

from pydantic import Field

from understudy.model.configuration import Configuration

__all__ = ["CustomerSettings"]


class CustomerSettings(Configuration):
    """Who answers where the candidate asks the customer something that was not recorded."""

    model: str | None = Field(
        None, min_length=1, description="a model that plays them; without it they are scripted"
    )
    most_turns: int = Field(8, ge=0, description="how many questions of one case are answered")
