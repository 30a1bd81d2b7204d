"""The ABCD chats: people who served a shop's customers, each press of a button with its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from understudy.model.action import Action, ActionClass, AmountSource, Effect, Origin
from understudy.model.baseline import Baseline, BaselineSource, Outcome
from understudy.model.case import Case, Trigger, Turn
from understudy.model.money import to_minor
from understudy.traffic.dialogues.importing import Dialect, Dialogue
from understudy.traffic.raw_record import Malformed, text_of

__all__ = ["ABCD"]

_SYSTEM = "shop"
_ROLES = {"customer": "user", "agent": "assistant"}
# The buttons that change something; all others look something up or show a text.
_WRITES = {
    "enter-details": Effect.WRITE,
    "make-password": Effect.WRITE,
    "make-purchase": Effect.PAY,
    "notify-team": Effect.SEND,
    "offer-refund": Effect.PAY,
    "promo-code": Effect.SEND,
    "record-reason": Effect.WRITE,
    "send-link": Effect.SEND,
    "update-account": Effect.WRITE,
    "update-order": Effect.WRITE,
}
_TARGETS = 4


def _records(content: Any) -> Sequence[Any] | None:
    """A list of chats, or the full file's lists by split, one after the other."""
    if isinstance(content, dict):
        splits = [split for split in content.values() if isinstance(split, list)]
        content = [record for split in splits for record in split]
    if not isinstance(content, list):
        return None
    known = any(isinstance(item, dict) and "convo_id" in item for item in content)
    return content if known else None


def _read(record: Any) -> Dialogue:
    if not isinstance(record, dict) or record.get("convo_id") is None:
        raise Malformed("no conversation id")
    turns = record.get("delexed")
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise Malformed("no turns")
    case_id = f"abcd-{record['convo_id']}"
    actions = tuple(_actions(turns))
    baseline = Baseline(
        case_id=case_id,
        baseline_id="person",
        source=BaselineSource.HUMAN,
        outcome=Outcome.ACTED if actions else Outcome.ABSTAINED,
        actions=actions,
    )
    return Dialogue(_case(case_id, record), baseline)


ABCD = Dialect("abcd", "train", _records, _read)
"""ABCD's schema (asappresearch/abcd): chats with `original` words and `delexed` targets."""


def _case(case_id: str, record: Mapping[str, Any]) -> Case:
    scenario = record.get("scenario")
    flow, subflow = text_of(scenario, "flow"), text_of(scenario, "subflow")
    if not subflow:
        raise Malformed("no scenario")
    turns = tuple(_turns(record.get("original")))
    first = next((turn.text for turn in turns if turn.role == "user"), None)
    if first is None:
        raise Malformed("the customer says nothing")
    return Case(
        case_id=case_id,
        scenario=subflow,
        cluster_id=case_id,
        trigger=Trigger(system=_SYSTEM, type="conversation", payload={"text": first}),
        segment={"flow": flow} if flow else {},
        turns=turns,
        observed_systems=(_SYSTEM,),
    )


def _turns(original: Any) -> Iterator[Turn]:
    if not isinstance(original, list):
        raise Malformed("no turns")
    for pair in original:
        match pair:
            case [str(speaker), str(text)] if speaker in _ROLES and text.strip():
                yield Turn(role=_ROLES[speaker], text=text.strip())
            case [str(), str()]:
                continue
            case _:
                raise Malformed("a turn is not a speaker and a text")


def _actions(turns: Sequence[Mapping[str, Any]]) -> Iterator[Action]:
    seq = 1
    for turn in turns:
        if turn.get("speaker") != "action":
            continue
        button, values = _pressed(turn.get("targets"))
        if button in _WRITES:
            yield _action(button, values, seq)
            seq += 1


def _pressed(targets: Any) -> tuple[str, list[Any]]:
    """The button and its values: `[intent, step, button, values, …]`."""
    if not isinstance(targets, list) or len(targets) < _TARGETS:
        raise Malformed("an action has no targets")
    button, values = targets[2], targets[3]
    if not isinstance(button, str) or not isinstance(values, list):
        raise Malformed("an action names no button")
    return button, values


def _action(button: str, values: list[Any], seq: int) -> Action:
    amount = _cents(values[0]) if button == "offer-refund" and values else None
    return Action(
        seq=seq,
        system=_SYSTEM,
        operation=f"{_SYSTEM}.{button}",
        fields={"values": values},
        amount_minor=amount,
        currency=None if amount is None else "USD",
        amount_source=None if amount is None else AmountSource.EXPLICIT,
        effect=_WRITES[button],
        action_class=ActionClass.APPROVAL_REQUIRED,
        origin=Origin.RECORDED,
    )


def _cents(value: Any) -> int | None:
    try:
        return to_minor(Decimal(str(value).strip().lstrip("$")), "USD")
    except (InvalidOperation, ValueError):
        return None
