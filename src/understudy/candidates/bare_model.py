"""A model with nothing around it: a prompt, the event, and the systems' operations as tools."""

from __future__ import annotations

import importlib
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import orjson

from understudy.candidates.failing import CandidateFailed
from understudy.candidates.toolbox import CallError, Toolbox
from understudy.doors.mcp_tools import offered, tool_name
from understudy.model.candidate_use import BareModel
from understudy.model.errors import CandidateError
from understudy.systems.operation import Operation
from understudy.systems.system import System

__all__ = ["ASK", "ModelCandidate", "offered_tools", "read_prompt"]

ASK = "customer.ask"
"""The tool by which a model asks the case's customer, offered and named as operations are."""
_CUSTOMER = "customer."
_ASK_NAME = ASK.replace(".", "_")

_MOST_TOOLS = 128
"""As many functions as the provider takes with one call."""
_MOST_READ = 100_000
"""Characters of one answer that the model is shown; no model's window is larger for many."""


class ModelCandidate:
    """Asks the model until it calls no more tools; its last words are its answer.

    A last message that is a JSON object is the answer as a Python candidate would return it;
    any other text is its rationale. What the customer says to a question of its own is the result
    of the call that asked.
    """

    def __init__(
        self, use: BareModel, prompt: str, tools: Mapping[str, Operation], models_url: str
    ) -> None:
        self._use = use
        self._prompt = prompt
        self._names = {name: operation.name for name, operation in tools.items()}
        self._tools = [_function(name, operation) for name, operation in tools.items()]
        if _asks(use.tools):
            self._tools.append(_ASK_TOOL)
        self._open: _Open | None = None
        self._client = _library().OpenAI(base_url=models_url, api_key="none")

    def answer(self, case: Any, systems: Any) -> Any:
        """What the model says when it is through with the case."""
        client = self._client.with_options(api_key=case.credentials.openai.api_key)
        said = self._begun(case)
        for _ in range(self._use.most_calls):
            message = self._asked(client, said)
            said.append(message.model_dump(exclude_none=True))
            if not message.tool_calls:
                return _answer(message.content or "")
            question = None
            for call in message.tool_calls:
                asked = _question(call) if question is None else None
                if asked is None:
                    said.append(_result(call, self._called(call, systems)))
                else:
                    question = asked
                    self._open = _Open(case.id, len(case.turns), said, call)
            if question is not None:
                return {"ask": question}
        raise CandidateFailed("endless", f"it calls tools after {self._use.most_calls} calls yet")

    def _begun(self, case: Any) -> list[Any]:
        """The conversation with the model: a new one, or that in which it asked and is answered."""
        before, self._open = self._open, None
        if before is not None and before.case_id == case.id and len(case.turns) > before.turns:
            told = {"answer": case.turns[-1].text}
            return [*before.said, _result(before.call, _told(told))]
        return [
            {"role": "system", "content": self._prompt},
            {"role": "user", "content": _event(case)},
        ]

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _asked(self, client: Any, said: list[Any]) -> Any:
        tools = {"tools": self._tools} if self._tools else {}
        try:
            answer = client.chat.completions.create(
                model=self._use.model, messages=said, **tools, **self._use.options
            )
        except _library().OpenAIError as error:
            raise CandidateFailed("model", f"{type(error).__name__}: {error}") from None
        if not answer.choices:
            raise CandidateFailed("model", "its answer has no choices")
        return answer.choices[0].message

    def _called(self, call: Any, systems: Toolbox) -> str:
        """What a tool answers; what is wrong with a call is told to the model, as it would be."""
        if call.function.name == _ASK_NAME:
            return _told({"error": "it takes one `question` at a time, a text that is not empty"})
        operation = self._names.get(call.function.name)
        if operation is None:
            return _told({"error": f"there is no tool {call.function.name}"})
        try:
            arguments = orjson.loads(call.function.arguments or "{}")
            if not isinstance(arguments, dict):
                raise ValueError("the arguments are no object")
            return _told(systems.call(operation, **arguments))
        except CallError as error:
            return _told({"status": error.status, "body": error.body})
        except ValueError as error:
            return _told({"error": str(error)})


def offered_tools(
    systems: Mapping[str, System], wanted: Collection[str] = ()
) -> dict[str, Operation]:
    """The operations for a model, by the name of their tool; none that stands aside by default.

    Raises `ConfigurationError` for a name that fits none, `CandidateError` for more tools than a
    provider takes.
    """
    named = [each for each in wanted if not each.startswith(_CUSTOMER)]
    found = offered(systems, named) if named or not wanted else []
    if len(found) > _MOST_TOOLS:
        raise CandidateError(
            f"{len(found)} operations would be offered to the model; {_MOST_TOOLS} are the most",
            code="U209",
            hint='name those that it needs: tools: ["zendesk.tickets.*", stripe.refunds.create]',
        )
    return {tool_name(operation): operation for operation in found}


def read_prompt(use: BareModel, project: Path) -> str:
    """The instructions; raises `CandidateError` where there are none."""
    path = project / use.prompt
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise CandidateError(
            f"the prompt `{use.prompt}` cannot be read: {reason}",
            code="U213",
            where=str(project),
            hint="write the instructions for the model into it: "
            f"$EDITOR {shlex.quote(str(project / use.prompt))}",
        ) from None
    if not text.strip():
        raise CandidateError(
            f"the prompt `{use.prompt}` is empty",
            code="U213",
            where=str(path),
            hint=f"write the instructions for the model into it: $EDITOR {shlex.quote(str(path))}",
        )
    return text


def _library() -> Any:
    try:
        return importlib.import_module("openai")
    except ModuleNotFoundError:
        raise CandidateError(
            "a candidate of the form `openai:` needs OpenAI's client, which is not installed",
            code="U211",
            hint="pip install 'understudy[openai]'",
        ) from None


def _function(name: str, operation: Operation) -> dict[str, Any]:
    about = {"name": name, "description": operation.description}
    return {"type": "function", "function": {**about, "parameters": dict(operation.params)}}


_ASK_TOOL = {
    "type": "function",
    "function": {
        "name": _ASK_NAME,
        "description": "Ask the customer of this case one question; the result is their answer.",
        "parameters": {
            "type": "object",
            "properties": {"question": {"type": "string", "minLength": 1}},
            "required": ["question"],
        },
    },
}


@dataclass(frozen=True, slots=True)
class _Open:
    """A conversation in which the model has asked the customer, and waits."""

    case_id: str
    turns: int
    said: list[Any]
    call: Any


def _asks(tools: Collection[str]) -> bool:
    return not tools or any(fnmatchcase(ASK, each) for each in tools)


def _question(call: Any) -> str | None:
    """What a call asks the customer, where it does."""
    if call.function.name != _ASK_NAME:
        return None
    try:
        question = orjson.loads(call.function.arguments or "{}").get("question")
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return question if isinstance(question, str) and question.strip() else None


def _event(case: Any) -> str:
    """The case as the model reads it: the event, and what was written until then."""
    shown = {
        "received_at": case.received_at,
        "event": case.trigger,
        "conversation": case.turns,
    }
    return orjson.dumps(shown, default=str, option=orjson.OPT_INDENT_2).decode()


def _result(call: Any, text: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call.id, "content": text}


def _told(answer: Any) -> str:
    text = orjson.dumps(answer, default=str).decode()
    return text if len(text) <= _MOST_READ else f"{text[:_MOST_READ]} [cut off]"


def _answer(text: str) -> dict[str, Any]:
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError:
        read = None
    return read if isinstance(read, dict) else {"rationale": text}
