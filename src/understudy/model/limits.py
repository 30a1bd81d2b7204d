"""What a case and a run may take before they are ended."""

from __future__ import annotations

from pydantic import Field

from understudy.model.configuration import Configuration, MoneyText, SizeText

__all__ = ["CaseLimits", "Drills", "Stop"]


class CaseLimits(Configuration):
    """The most that one case may take besides time; beyond it the case ends as a failure."""

    calls: int | None = Field(None, ge=1, description="calls of the systems, reads included")
    bytes: SizeText | None = Field(None, description="sent to and got from the systems")
    spend: MoneyText | None = Field(None, description="what its model calls may cost")


class Drills(Configuration):
    """What is rehearsed after the cases, with the same candidate on the first of them."""

    cases: int = Field(
        20, ge=1, description="on how many cases the kill switch and each fallback are rehearsed"
    )
    kill_switch: int | None = Field(
        None, ge=1, description="press the kill switch after so many accepted writes"
    )
    rollback: bool = Field(
        False, description="undo every accepted write of every case, and see what is left of it"
    )
    fallback: bool = Field(
        False, description="let the models and each system fail in turn, and see who gets the case"
    )

    @property
    def asked(self) -> bool:
        """Whether any drill is wanted."""
        return self.kill_switch is not None or self.rollback or self.fallback


class Stop(Configuration):
    """When the run is stopped early."""

    budget: MoneyText | None = None
    on_critical: int | None = Field(
        None, ge=1, description="so many critical findings: what came until then is judged"
    )
    on_streak: int | None = Field(
        None,
        ge=1,
        description="so many cases one after the other with a critical finding: a safety stop",
    )
    harm: bool = Field(False, description="stop at the look that shows the cost above its limit")
    futility: bool = Field(False, description="stop at the look that shows GO out of reach")
    on_egress: int | None = Field(
        None,
        ge=1,
        description="so many attempts to get out that the wall has refused: a safety stop",
    )
