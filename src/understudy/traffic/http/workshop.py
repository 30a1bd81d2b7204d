"""One case of recorded exchanges in the making: played again, and described."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case, LinkConfidence, Trigger
from understudy.traffic.exports.cases import outcome_of, ticket_payload
from understudy.traffic.exports.colleagues import Colleagues
from understudy.traffic.exports.customers import Customers
from understudy.traffic.http.group import Group, Handling
from understudy.traffic.http.replaying import HttpReplayer
from understudy.traffic.moment_world import MomentWorlds
from understudy.traffic.replaying import Replayed

__all__ = ["Finished", "Workshop"]

_LINKS = tuple(LinkConfidence)
_UNSEEN = "handlings with objects that the recording does not show, judged by actions only"


class Finished(NamedTuple):
    """A case with what people did about it, or none; and what is to be counted of the work."""

    case: Case | None
    baselines: list[Baseline]
    unnamed: bool
    """Whether the case goes by what it is about, which an earlier case may do as well."""
    notes: Counter[str]


@dataclass(frozen=True, slots=True)
class Workshop:
    """What cases are made with."""

    worlds: MomentWorlds
    replayer: HttpReplayer
    staff: Colleagues
    customers: Customers

    def work(self, group: Group) -> Finished:
        """The case of a group with its baselines; without them where none of them works."""
        notes = Counter[str]()
        found = [pair for one in group.handlings() if (pair := self._played(group, one, notes))]
        if not found:
            return Finished(None, [], False, notes)
        case = group.case or self._case(group, found)
        made = []
        for number, (handling, played) in enumerate(found, 1):
            plain = self._baseline(case, handling, played, number, len(found))
            made.append(group.labels.whole(handling.name, plain) if group.labels else plain)
        return Finished(case, made, group.case is None, notes)

    def _played(
        self, group: Group, handling: Handling, notes: Counter[str]
    ) -> tuple[Handling, Replayed] | None:
        world = self.worlds.at(group.received_at, group.places(), group.named())
        played = self.replayer.replay(world, group.received_at, handling.steps, handling.reads)
        _count(notes, played)
        genuine = group.labels is not None and not handling.steps
        reason = played.broken or ("it does nothing" if not played.actions else None)
        if reason is None and len(played.actions) == played.idle:
            reason = "it changes nothing"
        if reason is None or genuine:
            return handling, played
        notes[f"baselines quarantined: {reason}"] += 1
        return None

    def _baseline(
        self, case: Case, handling: Handling, played: Replayed, number: int, of: int
    ) -> Baseline:
        began, last = case.received_at, handling.last
        spent = None if began is None or last is None else (last - began).total_seconds()
        return Baseline(
            case_id=case.case_id, baseline_id=f"{case.case_id}/{number}",
            actor=handling.actor, weight=1 / of,
            outcome=outcome_of(played.actions) if played.actions else Outcome.ABSTAINED,
            cycle_time_ms=None if spent is None else max(0, round(spent * 1000)),
            actions=tuple(played.actions),
        )  # fmt: skip

    def _case(self, group: Group, found: list[tuple[Handling, Replayed]]) -> Case:
        trigger = self._trigger(group)
        links = [action.link for _, played in found for action in played.actions if action.link]
        payload = trigger.payload
        return Case(
            case_id=_name(group.entity),
            scenario=f"{trigger.system}.{trigger.type}",
            cluster_id=self.customers.of(group.customer or group.entity),
            trigger=trigger,
            segment={"channel": str(payload["channel"])} if "channel" in payload else {},
            received_at=group.received_at,
            turns=group.turns(self.staff),
            observed_systems=group.observed(),
            link_confidence=max(links, key=_LINKS.index, default=LinkConfidence.EXPLICIT_ID),
        )  # fmt: skip

    def _trigger(self, group: Group) -> Trigger:
        came, table = group.inbound, group.entity.partition("/")[0]
        if group.ticket is not None and (came is None or came.system == "zendesk"):
            kind = came.type if came else ("ticket.comment" if group.again else "ticket.created")
            row = self._ticket(group)
            payload = ticket_payload(group.ticket, row)
            return Trigger(system="zendesk", type=kind, payload=payload)
        if came is not None:
            return Trigger(system=came.system, type=came.type, payload=came.payload)
        system, _, kind = table.partition(".")
        payload = {"object": kind, "object_id": group.entity.partition("/")[2]}
        return Trigger(system=system, type=f"{kind}.touched", payload=payload)

    def _ticket(self, group: Group) -> Mapping[str, Any]:
        place = ("zendesk.tickets", group.ticket or "")
        return self.worlds.row(place, group.received_at) or {}


def _name(entity: str) -> str:
    """The system and the id of what a case is about.

    >>> _name("zendesk.tickets/7"), _name("stripe.charges/ch_1")
    ('zendesk-7', 'stripe-charges-ch_1')
    """
    table, _, row_id = entity.partition("/")
    system, _, kind = table.partition(".")
    return f"{system}-{row_id}" if kind == "tickets" else f"{system}-{kind}-{row_id}"


def _count(notes: Counter[str], played: Replayed) -> None:
    for operation in played.unserved:
        notes[f"writes that no operation serves: {operation}"] += 1
    if played.unseen:
        notes[_UNSEEN] += 1
    if played.idle:
        notes["writes that change nothing when played again"] += played.idle
