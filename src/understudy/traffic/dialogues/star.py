"""The STAR dialogues: crowd workers who served customers by flow charts, with every query timed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from understudy.model.action import Action, ActionClass, Effect, Origin
from understudy.model.baseline import Baseline, BaselineSource, Outcome
from understudy.model.case import Case, Trigger, Turn
from understudy.model.interaction import Interaction, RecordedRequest, RecordedResponse
from understudy.traffic.dialogues.importing import Dialect, Dialogue
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import LeftOut, Malformed, text_of

__all__ = ["STAR"]

# The interfaces that change something; of all others only bookings do.
_WRITES = frozenset({"bank_fraud_report", "party_rsvp", "ride_change", "hotel_service_request"})
_SPEAKERS = {("User", "utter"): "user", ("Wizard", "utter"): "assistant",
             ("Wizard", "pick_suggestion"): "assistant"}  # fmt: skip
_REFUSED = "writes that the system refused, no part of the baseline"
_OVERRULED = "suggested next steps that the person overruled"
_ANSWERED, _REFUSAL = 200, 400
_WHOLE = "Complete"


def _records(content: Any) -> Sequence[Any] | None:
    if not isinstance(content, list):
        return None
    known = any(isinstance(item, dict) and "DialogueID" in item for item in content)
    return content if known else None


_SILENT = "dialogues without any action, complete or not: no system was asked for anything"
_SILENT_CASES = "of these are complete: cases whose person rightly did nothing at all"


def _read(record: Any) -> Dialogue:
    if not isinstance(record, dict) or record.get("DialogueID") is None:
        raise Malformed("no dialogue id")
    level = record.get("CompletionLevel")
    if level != _WHOLE:
        raise LeftOut(f"incomplete: {level}")
    events = record.get("Events")
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise Malformed("no events")
    case_id = f"star-{record['DialogueID']}"
    interactions = tuple(_interactions(case_id, events))
    return Dialogue(
        _case(case_id, record, events),
        _baseline(case_id, record, events, interactions),
        interactions,
        _notes(events, interactions),
    )


def _told(record: Any) -> Counter[str]:
    events = record.get("Events") if isinstance(record, dict) else None
    found = events if isinstance(events, list) else ()
    asked = any(isinstance(event, dict) and event.get("Action") == "query" for event in found)
    if asked or not isinstance(record, dict):
        return Counter()
    return Counter({_SILENT: 1, _SILENT_CASES: int(record.get("CompletionLevel") == _WHOLE)})


STAR = Dialect("star", "Events", _records, _read, _told)
"""STAR's schema (RasaHQ/STAR): a list of dialogues, each a list of events."""


def _case(case_id: str, record: Mapping[str, Any], events: Sequence[Any]) -> Case:
    turns = tuple(_turns(events))
    first = next((turn for turn in turns if turn.role == "user"), None)
    if first is None:
        raise Malformed("the customer says nothing")
    scenario, happy = _scenario(record)
    return Case(
        case_id=case_id,
        scenario=scenario,
        cluster_id=case_id,
        trigger=Trigger(
            system=scenario.partition("_")[0], type="conversation", payload={"text": first.text}
        ),
        segment={"happy": happy},
        received_at=first.at,
        turns=turns,
        observed_systems=(scenario.partition("_")[0],),
    )


def _scenario(record: Mapping[str, Any]) -> tuple[str, str]:
    """The task that the customer came with, and whether the flow chart's happy path leads on."""
    scenario = record.get("Scenario")
    if not isinstance(scenario, dict):
        raise Malformed("no scenario")
    tasks = scenario.get("WizardCapabilities")
    names = [text_of(task, "Task") for task in tasks] if isinstance(tasks, list) else []
    if not any(names):
        raise Malformed("no task")
    return "+".join(sorted(filter(None, names))), str(scenario.get("Happy") is True).lower()


def _turns(events: Sequence[Any]) -> Iterator[Turn]:
    for event in events:
        role = _SPEAKERS.get((str(event.get("Agent")), str(event.get("Action"))))
        text = text_of(event, "Text")
        if role and text:
            yield Turn(role=role, text=text, at=_moment(event))


def _interactions(case_id: str, events: Sequence[Any]) -> Iterator[Interaction]:
    """Each query with the answer that was recorded for it; it is replayed, never recomputed."""
    for place, event in enumerate(events):
        if event.get("Action") != "query":
            continue
        name = text_of(event, "APIName")
        if not name:
            raise Malformed("a query names no interface")
        system = name.partition("_")[0]
        yield Interaction(
            interaction_id=f"{case_id}-{place}",
            correlation_id=case_id,
            seq=place,
            system=system,
            operation=f"{system}.{name}",
            actor="wizard",
            started_at=_moment(event),
            request=RecordedRequest(
                method="POST" if _writes(name, event) else "GET",
                url=f"star:{name}",
                body=_constraints(event.get("Constraints")),
            ),
            response=_response(events[place + 1] if place + 1 < len(events) else None),
        )


def _writes(name: str, event: Mapping[str, Any]) -> bool:
    return name in _WRITES or event.get("RequestType") == "Book"


def _response(event: Any) -> RecordedResponse | None:
    """An answer with a message instead of a result is the system's refusal."""
    if not isinstance(event, dict) or event.get("Action") != "return_item":
        return None
    item = event.get("Item")
    refused = isinstance(item, dict) and "Message" in item
    return RecordedResponse(status=_REFUSAL if refused else _ANSWERED, body=item)


def _constraints(value: Any) -> dict[str, Any]:
    """The query's fields; a name that stands several times keeps all its values."""
    fields: dict[str, Any] = {}
    for pair in value if isinstance(value, list) else []:
        for name, text in pair.items() if isinstance(pair, dict) else ():
            meant = _literal(text)
            if name in fields:
                earlier = fields[name]
                meant = [*(earlier if isinstance(earlier, list) else [earlier]), meant]
            fields[name] = meant
    return fields


def _literal(text: Any) -> Any:
    """What a person typed into a query: a JSON literal, or an expression kept as text."""
    try:
        return json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return text


def _baseline(
    case_id: str,
    record: Mapping[str, Any],
    events: Sequence[Any],
    interactions: Sequence[Interaction],
) -> Baseline:
    writes = [item for item in interactions if item.request.method == "POST"]
    actions = tuple(
        _action(item, seq)
        for seq, item in enumerate((each for each in writes if not _refused(each)), 1)
    )
    return Baseline(
        case_id=case_id,
        baseline_id="person",
        source=BaselineSource.HUMAN,
        actor=text_of(record, "AnonymizedWizardWorkerID") or None,
        outcome=Outcome.ACTED if actions else Outcome.ABSTAINED,
        cycle_time_ms=_cycle_time(events),
        actions=actions,
    )


def _action(item: Interaction, seq: int) -> Action:
    return Action(
        seq=seq,
        at=item.started_at,
        system=item.system,
        operation=str(item.operation),
        fields=dict(item.request.body),
        effect=Effect.WRITE,
        action_class=ActionClass.APPROVAL_REQUIRED,
        response_status=item.response.status if item.response else None,
        origin=Origin.RECORDED,
    )


def _refused(item: Interaction) -> bool:
    return item.response is not None and item.response.status >= _REFUSAL


def _notes(events: Sequence[Any], interactions: Sequence[Interaction]) -> Counter[str]:
    refused = sum(_refused(item) and item.request.method == "POST" for item in interactions)
    picked = [event for event in events if isinstance(event.get("ActionLabelOptions"), list)]
    overruled = sum(
        event["ActionLabelOptions"][:1] != [event.get("ActionLabel")] for event in picked
    )
    return Counter({_REFUSED: refused, _OVERRULED: overruled})


def _moment(event: Mapping[str, Any]) -> datetime | None:
    seconds = event.get("UnixTime")
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return None
    found = moment_of(seconds)
    if found is None:
        raise Malformed("a time that no calendar has")
    return found


def _cycle_time(events: Sequence[Any]) -> int | None:
    """From the customer's first word to the end of the dialogue."""
    spoken = [_moment(event) for event in events if event.get("Agent") == "User"]
    times = [moment for moment in spoken if moment is not None]
    return round((max(times) - times[0]).total_seconds() * 1000) if times else None
