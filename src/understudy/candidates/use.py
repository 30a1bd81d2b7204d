"""How a candidate is reached: the `use:` of a campaign, taken apart."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from understudy.model.candidate_use import BareModel, ModelUse
from understudy.model.errors import CandidateError
from understudy.model.http_use import Delivery, HttpService, ServiceUse

__all__ = ["CommandUse", "HttpUse", "PythonUse", "Use", "parse_use", "stands_outside"]

_PYTHON = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
_ADDRESS = re.compile(r"([a-z]{3,6}://)?[\w.-]+:\d+(/\S*)?")
_FORMS = (
    "`module:callable`, `http://host:port/path`, `exec: COMMAND`, `mcp: COMMAND`, `http: {…}` or "
    "`openai: {…}`"
)


@dataclass(frozen=True, slots=True)
class PythonUse:
    """A Python callable `handle(case, systems)`, sync or async."""

    module: str
    attribute: str


@dataclass(frozen=True, slots=True)
class HttpUse:
    """A service that takes events by POST."""

    url: str
    webhooks: bool = False
    """Whether it is sent what the vendors would send it, signed, in place of the case."""
    paths: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    """What starts it; nothing where it runs already."""
    ports: Mapping[str, int] = field(default_factory=dict)
    quiet: float = 2.0
    """Seconds without a call after which an event that is worked on later is done."""
    ends_on: tuple[str, ...] = ()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, for the wall to let through."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


@dataclass(frozen=True, slots=True)
class CommandUse:
    """A process that takes a case as one JSON line and answers with one.

    With `tools` it is offered the systems as tools of the Model Context Protocol as well.
    """

    command: tuple[str, ...]
    tools: bool = False


Use = PythonUse | HttpUse | CommandUse | BareModel


def parse_use(use: str | dict[str, Any]) -> Use:
    """What a spec says; raises `CandidateError` where it is of no known form.

    >>> parse_use("my_bot.agent:handle")
    PythonUse(module='my_bot.agent', attribute='handle')
    >>> parse_use("exec: node bot.js --fast")
    CommandUse(command=('node', 'bot.js', '--fast'), tools=False)
    """
    if isinstance(use, dict) and "http" in use:
        return _described_service(ServiceUse.model_validate(use).http)
    if isinstance(use, dict):
        return ModelUse.model_validate(use).openai
    text = use.strip()
    form, _, rest = text.partition(":")
    if form in ("exec", "mcp"):
        return _command(form, rest)
    if text.startswith(("http://", "https://")):
        return _service(text)
    if _PYTHON.match(text):
        module, _, attribute = text.partition(":")
        return PythonUse(module, attribute)
    raise _unknown(use, _guess(text))


def stands_outside(use: Use) -> bool:
    """Whether the candidate is a process that runs already, in a network of its own choice."""
    return isinstance(use, HttpUse) and not use.command


def _command(form: str, text: str) -> CommandUse:
    try:
        command = tuple(shlex.split(text))
    except ValueError as error:
        raise _unknown(f"{form}: {text}", f" ({error})") from None
    if not command:
        raise _unknown(f"{form}:", "; there is no command behind it")
    return CommandUse(command, tools=form == "mcp")


def _described_service(given: HttpService) -> HttpUse:
    return replace(
        _service(given.url),
        webhooks=given.deliver is Delivery.WEBHOOK,
        paths=given.paths,
        command=_command("start", given.start).command if given.start else (),
        ports=given.ports,
        quiet=given.quiet.total_seconds(),
        ends_on=given.ends_on,
    )


def _service(text: str) -> HttpUse:
    try:
        use = HttpUse(text)
        named = bool(use.address[0])
    except ValueError as error:
        raise _unknown(text, f" ({error})") from None
    if not named:
        raise _unknown(text, "; it names no host")
    return use


def _guess(text: str) -> str:
    if " " in text and shutil.which(text.split(maxsplit=1)[0]):
        return f"; a command is named as one: `exec: {text}`"
    if text.endswith(".py") or ".py:" in text:
        name = text.partition(".py")[0].strip("./").replace("/", ".")
        return f"; a file is named as a module: `{name}:handle`"
    if re.fullmatch(r"[A-Za-z_][\w.]*", text):
        return f"; name the callable too: `{text}:handle`"
    if _ADDRESS.fullmatch(text):
        return f"; an address begins with its scheme: `http://{text.partition('://')[2] or text}`"
    return ""


def _unknown(use: object, more: str) -> CandidateError:
    return CandidateError(
        f"`{use}` does not name a candidate; expected {_FORMS}{more}",
        code="U201",
        hint="a project of any form to start from: understudy init DIR --candidate "
        "python|async|exec|http|webhooks|mcp|openai",
    )
