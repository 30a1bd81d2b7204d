"""The rollback drill: every accepted write of every case taken back, the last one first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import ceil

import msgspec

from understudy.campaign.judging.replays import WorldReplay, replay_of
from understudy.campaign.runs.files import RunFiles
from understudy.cost.price_list import PriceList
from understudy.model.action import DESK, Action, Effect
from understudy.model.drill import DrillReport, Rollback, Stuck
from understudy.model.proposal import Proposal
from understudy.systems.undoing import Undoing, Undone

__all__ = ["with_rollback"]


def with_rollback(end: RunFiles) -> DrillReport | None:
    """What the drills have shown, with the rollback drill, which needs no candidate.

    None where the campaign asks for no drill.
    """
    asked, found = end.manifest.drills, end.folder.read_drills()
    if not asked.get("rollback"):
        return found
    found = found or DrillReport()
    replay = replay_of(end.manifest)
    if not isinstance(replay, WorldReplay):
        why = "rollback: there is no world to undo anything on"
        return msgspec.structs.replace(found, skipped=(*found.skipped, why))
    return msgspec.structs.replace(found, rollback=_rolled_back(end, replay))


def _rolled_back(end: RunFiles, replay: WorldReplay) -> Rollback:
    count = _Count(PriceList.from_policy(end.rules.policy))
    begun = {case.case_id: case.received_at for case in end.evidence.cases}
    for proposal in end.evidence.proposals:
        actions = _to_undo(proposal)
        if not actions:
            continue
        undoing = Undoing(replay.engine(), proposal.case_id, begun.get(proposal.case_id))
        undoing.go(actions)
        count.add(undoing)
    return count.report()


def _to_undo(proposal: Proposal) -> list[Action]:
    """What was accepted; what lies at the desk is people's business and no system of record's."""
    return [
        action
        for action in proposal.actions
        if action.effect is not Effect.READ and not action.refused and action.system != DESK
    ]


@dataclass(slots=True)
class _Count:
    """What has come of it so far."""

    prices: PriceList
    cases: int = 0
    emptied: int = 0
    writes: int = 0
    undone: int = 0
    traces: int = 0
    unplayed: int = 0
    _stuck: dict[tuple[str, str | None, str], list[tuple[str, Undone]]] = field(
        default_factory=dict
    )

    def add(self, undoing: Undoing) -> None:
        """One case more."""
        self.unplayed += undoing.refused > 0
        if not undoing.outcomes:
            return
        self.cases += 1
        self.emptied += undoing.empty
        self.traces += undoing.traces
        self.writes += len(undoing.outcomes)
        for one in undoing.outcomes:
            self.undone += not one.stuck
            if one.stuck:
                key = one.action.operation, one.inverse, one.reason
                self._stuck.setdefault(key, []).append((undoing.case_id, one))

    def report(self) -> Rollback:
        """All of it, the dearest first."""
        return Rollback(
            cases=self.cases,
            emptied=self.emptied,
            writes=self.writes,
            undone=self.undone,
            traces=self.traces,
            unplayed=self.unplayed,
            stuck=tuple(sorted(self._groups(), key=lambda one: (-one.exposure_minor, -one.writes))),
        )

    def _groups(self) -> Iterator[Stuck]:
        for (operation, inverse, reason), found in self._stuck.items():
            yield Stuck(
                operation=operation,
                inverse=inverse,
                reason=reason,
                writes=len(found),
                cases=len({case_id for case_id, _ in found}),
                first_case=found[0][0],
                exposure_minor=self._exposure(one.action for _, one in found),
            )

    def _exposure(self, actions: Iterable[Action]) -> int:
        """Their amounts in the policy's currency, rounded up."""
        return sum(
            ceil(self.prices.in_own_minor(abs(action.amount_minor), action.currency))
            for action in actions
            if action.amount_minor
        )
