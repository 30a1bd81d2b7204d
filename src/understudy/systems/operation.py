"""One operation of a mocked system: the row of the table that feeds everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from understudy.model.action import Action, ActionClass, AmountSource, Effect, Target
from understudy.model.world import Row
from understudy.systems.message import Request

if TYPE_CHECKING:
    from understudy.systems.session import CaseSession

__all__ = ["Amount", "Call", "Operation", "Refusal", "Reply", "Wire", "set_aside"]


class Reply(msgspec.Struct, frozen=True):
    """What a handler answers: a payload to be written as JSON, or bytes that already are.

    `created` names the (table, id) of the object that the call made, if it made one. `left` are
    rows, by table, that the vendor keeps of what it refused: seen by the case, not its effect.
    """

    status: int
    payload: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    created: tuple[str, str] | None = None
    left: tuple[tuple[str, Row], ...] = ()


class Refusal(Exception):
    """A vendor-shaped error answer; whatever the handler wrote before it is undone."""

    def __init__(
        self,
        status: int,
        payload: Any,
        headers: tuple[tuple[str, str], ...] = (),
        left: tuple[tuple[str, Row], ...] = (),
    ) -> None:
        super().__init__(f"{status}: {payload}")
        self.reply = Reply(status, payload, headers, left=left)


class Amount(msgspec.Struct, frozen=True):
    """What a write puts at stake, and where the number was taken from."""

    minor: int
    currency: str | None
    source: AmountSource = AmountSource.EXPLICIT


class Call(msgspec.Struct):
    """One request on its way through an operation: decoded, and bound to its case."""

    session: CaseSession
    request: Request
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any
    version: str = ""
    """The version of the API that the answer is to look like, where it is not the usual one."""

    @property
    def fields(self) -> dict[str, Any]:
        """The body where it is an object, else nothing."""
        return self.body if isinstance(self.body, dict) else {}


@dataclass(frozen=True, slots=True)
class Wire:
    """A query and a body as the system's encoding takes them."""

    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None


def _no_fields(call: Call) -> dict[str, Any]:
    return dict(call.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing a system can be asked to do.

    `params` is a JSON Schema of everything a caller may give, path parameters included. Several
    operations may share method and template; the first whose `when` holds is meant. `escalate`
    gives a stricter class where body or state ask for one, `effect_of` another effect. `target`,
    `amount` and `gist` describe the write for the captured action and must accept any body.
    `wire` turns `params` into a query and a body where they are not simply passed on.
    `replay` gives the parameters that an action was made with, where its fields are not they.
    `answers` are the JSON Schemas of what is answered, by status below 400, None where there is no
    body; they may refer to the system's `shapes`. `accepts` are further parameter names that the
    vendor knows and the tool list leaves out. An operation that stands `aside` is offered to a
    model only where it is asked for by name: batches, and what few agents need.
    """

    name: str
    system: str
    method: str
    template: str
    description: str
    params: Mapping[str, Any]
    handler: Callable[[Call], Reply]
    effect: Effect = Effect.READ
    action_class: ActionClass = ActionClass.READ_ONLY
    escalate: Callable[[Call], ActionClass | None] | None = None
    effect_of: Callable[[Call], Effect | None] | None = None
    target: Callable[[Call], Target | None] | None = None
    amount: Callable[[Call], Amount | None] | None = None
    gist: Callable[[Call], dict[str, Any]] = _no_fields
    reversible_by: str | None = None
    customer_visible: bool = False
    destructive: bool = False
    when: Callable[[Call], bool] | None = None
    wire: Callable[[dict[str, Any]], Wire] | None = None
    replay: Callable[[Action], dict[str, Any]] | None = None
    answers: Mapping[int, Mapping[str, Any] | None] = field(default_factory=dict)
    accepts: frozenset[str] = frozenset()
    aside: bool = False

    @property
    def writes(self) -> bool:
        """Whether a call is captured as an action."""
        return self.effect is not Effect.READ


def set_aside(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """The same operations, offered to a model only where they are asked for by name."""
    return tuple(replace(each, aside=True) for each in operations)
