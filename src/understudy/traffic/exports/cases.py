"""From everything that the exports told: the world of versions, the cases and the baselines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from understudy.model.action import Action
from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case, LinkConfidence, Trigger
from understudy.model.world import Row, World
from understudy.systems.engine import Engine
from understudy.traffic.exports.chronicle import Chronicle
from understudy.traffic.exports.colleagues import Colleagues
from understudy.traffic.exports.customers import Customers
from understudy.traffic.exports.grouping import Act, Draft, Grouping, drafts_of, handlings
from understudy.traffic.exports.linking import Linker, link_deeds
from understudy.traffic.exports.vendors import all_habits
from understudy.traffic.progress import Progress, silent
from understudy.traffic.recording import WORLD
from understudy.traffic.replaying import Replayed, Replayer
from understudy.traffic.rewind import Rewinder
from understudy.world.versions import load_versions, write_versions

__all__ = ["CaseMaker", "Made", "outcome_of", "ticket_payload"]

_LINKS = tuple(LinkConfidence)
_STRIPE_UNTOLD = (
    "Stripe does not say who made a request: with an idempotency key it is taken as an "
    "integration's, without one as somebody's in the dashboard"
)


@dataclass(slots=True)
class Made:
    """What became of the exports, told in counts."""

    cases: int = 0
    notes: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class CaseMaker:
    """Makes cases and baselines of a filled chronicle; `systems` are those that were exported."""

    chronicle: Chronicle
    systems: tuple[str, ...]
    until: datetime
    gap: timedelta
    progress: Progress = silent
    _staff: Colleagues = field(default_factory=Colleagues)

    def make(self, folder: Path, made: Made) -> tuple[Iterable[Case], Iterable[Baseline]]:
        """Write `world/` into the folder, and give the cases with what people did about each."""
        self._staff = Colleagues(self.chronicle.people())
        world = self._world(folder / WORLD, made)
        grouping = drafts_of(
            self.chronicle.messages(), self.chronicle.deeds(), self._staff.works, self.gap,
            self.chronicle.keep_turns,
        )  # fmt: skip
        customers = Customers(self.chronicle.ties())
        linker = Linker(
            grouping.drafts, customers, world, self.chronicle.turns, self._staff.names(), self.gap
        )
        links = link_deeds(grouping, self.chronicle.deeds, linker)
        self._cases(grouping, customers, world, made)
        _report(made, grouping, links, made.cases)
        if "stripe" in self.systems:
            made.remarks.append(_STRIPE_UNTOLD)
        return self.chronicle.cases(), self.chronicle.baselines()

    def _world(self, folder: Path, made: Made) -> World:
        rewinder = Rewinder(all_habits(), self._staff.works)
        versions = (one for past in self.chronicle.past() for one in rewinder.versions(past))
        manifest = write_versions(folder, versions, self.until)
        made.notes["objects in the recording's world"] = rewinder.objects
        for reason, count in rewinder.unsure.items():
            made.notes[f"objects that cannot be rewound: {reason}"] = count
        return load_versions(folder, manifest)

    def _cases(self, grouping: Grouping, customers: Customers, world: World, made: Made) -> None:
        replayer, total = Replayer(Engine(world)), len(grouping.drafts)
        for number, draft in enumerate(grouping.drafts, 1):
            self.progress("cases", number, total)
            if not draft.acts:
                grouping.left["messages that nobody answered"] += 1
                continue
            found = list(self._baselines(draft, replayer, made))
            if not found:
                grouping.left["cases without a baseline that works"] += 1
                continue
            made.cases += 1
            self.chronicle.shelve(self._case(draft, customers, world, found), found)

    def _baselines(self, draft: Draft, replayer: Replayer, made: Made) -> Iterator[Baseline]:
        """Every handling that works when it is played again."""
        kept: list[tuple[list[Act], Replayed]] = []
        for acts in handlings(draft):
            deeds = [(self.chronicle.deed(act.key), act.link) for act in acts]
            result = replayer.replay(draft.received_at, deeds)
            _count(made.notes, result)
            if result.verified:
                kept.append((acts, result))
            else:
                reason = result.broken or "it changes nothing"
                made.notes[f"baselines quarantined: {reason}"] += 1
        for number, (acts, result) in enumerate(kept, 1):
            yield Baseline(
                case_id=draft.case_id, baseline_id=f"{draft.case_id}/{number}",
                actor=self._actor(acts), weight=1 / len(kept),
                outcome=outcome_of(result.actions),
                cycle_time_ms=round((acts[-1].at - draft.message.at).total_seconds() * 1000),
                actions=tuple(result.actions),
            )  # fmt: skip

    def _actor(self, acts: list[Act]) -> str | None:
        """Who did it, by name where the exports tell one."""
        names = [self._staff.name(act.actor) for act in acts if act.actor]
        return ", ".join(f"agent:{name}" for name in dict.fromkeys(names)) or None

    def _case(
        self, draft: Draft, customers: Customers, world: World, baselines: list[Baseline]
    ) -> Case:
        message = draft.message
        links = [a.link for b in baselines for a in b.actions if a.link is not None]
        payload = _payload(draft, world)
        first = message.system == "zendesk" and draft.number == 1
        kind = "ticket.created" if first else message.type
        owner = customers.of(message.customer or message.entity)
        return Case(
            case_id=draft.case_id,
            scenario=f"{message.system}.{kind}",
            cluster_id=owner,
            trigger=Trigger(system=message.system, type=kind, payload=payload),
            segment={"channel": str(payload["channel"])} if "channel" in payload else {},
            received_at=draft.received_at,
            turns=self.chronicle.turns(draft.talk),
            observed_systems=self.systems,
            link_confidence=max(links, key=_LINKS.index, default=LinkConfidence.EXPLICIT_ID),
        )  # fmt: skip


def _payload(draft: Draft, world: World) -> dict[str, Any]:
    """The trigger as it came in; a ticket's is filled from the ticket as it was then."""
    message = draft.message
    if message.system != "zendesk":
        return dict(message.payload)
    table, _, row_id = message.entity.partition("/")
    return ticket_payload(row_id, world.as_of(draft.received_at).get(table, row_id) or {})


def ticket_payload(row_id: str, row: Row) -> dict[str, Any]:
    """What an event about a ticket tells of it."""
    via = row.get("via")
    return {
        "ticket_id": row_id, "requester_id": row.get("requester_id"),
        "subject": row.get("subject"),
        "channel": via.get("channel", "web") if isinstance(via, dict) else "web",
    }  # fmt: skip


def outcome_of(actions: list[Action]) -> Outcome:
    """Whether somebody handed the case on, or dealt with it."""
    return Outcome.ESCALATED if any(a.escalates for a in actions) else Outcome.ACTED


def _count(notes: Counter[str], result: Replayed) -> None:
    for operation in result.unserved:
        notes[f"deeds that no operation serves: {operation}"] += 1
    counts: dict[str, int] = {
        "handlings with objects that the exports do not show, judged by actions only":
            int(result.unseen > 0),
        "deeds that change nothing when played again": result.idle,
        "deeds linked by time only that do not work, left out": result.misfits,
        "actions whose value before is another one in the export": result.other_before,
    }  # fmt: skip
    notes.update({name: count for name, count in counts.items() if count})


def _report(made: Made, grouping: Grouping, links: Counter[str], cases: int) -> None:
    made.notes["cases, by conversation and gap"] = cases
    made.notes.update({f"left over: {why}": count for why, count in grouping.left.items()})
    made.notes.update({f"kept apart, by {who}": n for who, n in grouping.apart.items()})
    made.notes.update({f"links by {name}": count for name, count in links.items()})
