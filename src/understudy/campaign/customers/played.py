"""A customer whom a model plays, told the case's facts and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from understudy.model.errors import ConfigurationError
from understudy.shadow.models import ModelService
from understudy.shadow.protocol import Question

__all__ = ["played_by"]

_UNKNOWN = "UNKNOWN"
_ROLE = (
    "You are the customer who has written to a company's support. Answer the question that you "
    "are asked in one or two sentences, in the language in which you wrote, and only from the "
    "facts below. Invent nothing. Where the facts do not answer it, say exactly UNKNOWN."
)


class _Played:
    """Asks the model; what it says is None where it does not know, or cannot be asked."""

    def __init__(self, models: ModelService, model: str) -> None:
        self._models, self._model = models, model

    def __call__(self, question: Question, facts: Mapping[str, str]) -> str | None:
        told = orjson.dumps({"facts": facts, "question": question.text}).decode()
        messages = [{"role": "system", "content": _ROLE}, {"role": "user", "content": told}]
        asked = {"model": self._model, "messages": messages, "temperature": 0}
        said = self._models.ask(question.case_id, question.repeat, asked)
        return None if said is None or _UNKNOWN in said.upper() else said.strip() or None


def played_by(models: ModelService | None, model: str) -> _Played:
    """A customer played by this model; raises `ConfigurationError` where no models are served."""
    if models is None:
        raise ConfigurationError(
            f"`customer: {{model: {model}}}` needs the campaign's models, and none are served",
            hint="write `models: replay`, `record`, `live` or `scripted` at the candidate",
        )
    return _Played(models, model)
