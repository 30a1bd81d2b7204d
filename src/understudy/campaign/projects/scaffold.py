"""A project to start from: a candidate of one form, cases by hand, and a campaign.

It works as it is but for one case, which fails on purpose: the candidate overlooks something that
costs money, and the place where that is to be mended says so.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from understudy.campaign.projects.file_models import every_schema
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.jsonl import write_json
from understudy.model.package import package_file

__all__ = ["FORMS", "scaffold"]

_FOLDER = "scaffold"
_TEXT = ".txt"
"""What the templates end in, so that nobody takes one for a file of its own kind."""
_DIALECTS = ("campaign", "gates", "policy", "suite")
"""The schemas that editors complete and check by, as the first line of a file says."""
_SUITE, _CAMPAIGN = "scenarios/refunds.yaml", "campaign.yaml"
_HOOKED = "{http: {url: http://127.0.0.1:8790, deliver: webhook, start: python UP/agent.py 8790}}"

_SCRIPT = """# Scripted, so that no key is needed. With one: `models: record` at the candidate.
models:
  script: [{text: '{"outcome": "escalated", "rationale": "I am only a script"}'}]
"""
_SCRIPTED = (
    "# The models are scripted, so that no key is needed; with `models: record` a real one is "
    "asked.\n"
)
_MARK = re.compile(r"^ +SCRIPT(?: (\d+) (\w+))?\n", re.MULTILINE)
"""Where a case's script goes: ticket and charge of a refund, or neither."""


@dataclass(frozen=True, slots=True)
class _Form:
    """One way in: its `use`, with `UP` where the project's folder is, and what goes with that."""

    use: str
    files: tuple[str, ...] = ("shared/refunds.py", "agent.py")
    mend: str = "refunds.py"
    more: str = ""
    """Further keys of the candidate."""
    models: str = ""
    """What the campaign says of models; where it says anything, they are scripted in each case."""


FORMS: Mapping[str, _Form] = {
    "python": _Form('"agent:handle"'),
    "async": _Form('"agent:handle"'),
    "exec": _Form('"exec: python UP/agent.py"'),
    "http": _Form("{http: {url: http://127.0.0.1:8790/case, start: python UP/agent.py 8790}}"),
    "webhooks": _Form(_HOOKED, more=", isolation: serial"),
    "mcp": _Form('"mcp: python UP/agent.py"', files=("agent.py",), mend="agent.py"),
    "openai": _Form(
        '{openai: {model: gpt-5-mini, prompt: UP/prompt.md, tools: ["zendesk.tickets.*", '
        '"zendesk.users.get", "stripe.charges.*", "stripe.customers.*", "stripe.refunds.*"]}}',
        files=("prompt.md",), mend="prompt.md",
        more=", models: scripted", models=_SCRIPT,
    ),
}  # fmt: skip
"""The ways in that a project can be started with, by name."""


def scaffold(folder: Path, form: str) -> str:
    """Write the project into a folder; what was written, and exactly three commands to go on with.

    Raises `ConfigurationError` for a form that is not known, and where a file is there already.
    """
    made = FORMS.get(form)
    if made is None:
        raise ConfigurationError(
            f"there is no form of candidate `{form}`{nearest(form, FORMS)}",
            hint=f"known: {', '.join(FORMS)}",
        )
    files = dict(_files(form, made))
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise ConfigurationError(
            f"`{folder}` has {', '.join(f'`{name}`' for name in there)} already",
            hint="name an empty folder: understudy init NAME",
        )
    for name in _DIALECTS:
        write_json(folder / f".understudy/{name}.schema.json", every_schema()[name])
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return _told(folder, list(files), made)


def _files(form: str, made: _Form) -> Iterator[tuple[str, str]]:
    for name in made.files:
        place = name if "/" in name else f"{form}/{name}"
        yield name.rpartition("/")[2], _read(place)
    suite = _suite(made).replace("FILE", made.mend)
    yield _SUITE, suite.replace("CANDIDATE", _candidate(made, "", ".."))
    yield (
        _CAMPAIGN,
        _read("shared/campaign.yaml")
        .replace("MODELS", made.models)
        .replace("CANDIDATE", _candidate(made, "name: agent, ", ".")),
    )


def _suite(made: _Form) -> str:
    text = _read("shared/refunds.yaml").replace("MODELS", _SCRIPTED if made.models else "")
    return _MARK.sub(_script if made.models else "", text)


def _script(mark: re.Match[str]) -> str:
    """What the model says in a case: it refunds the charge of a ticket, or hands it over."""
    ticket, charge = mark.groups()
    if ticket is None:
        return _read("openai/escalated.yaml")
    return _read("openai/acted.yaml").replace("TICKET", ticket).replace("CHARGE", charge)


def _candidate(made: _Form, name: str, up: str) -> str:
    use = made.use.replace("UP/", "" if up == "." else f"{up}/")
    return f"{{{name}use: {use}{made.more}}}"


def _read(name: str) -> str:
    return package_file(_FOLDER, *f"{name}{_TEXT}".split("/")).read_text(encoding="utf-8")


def _told(folder: Path, files: list[str], made: _Form) -> str:
    here = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    return "\n".join(
        [
            f"Written: {', '.join(files)}",
            "",
            f"  {here}pytest scenarios",
            "      12 cases; the last one fails on purpose, and says what it would have cost",
            f"  {here}pytest scenarios --last-failed",
            f"      when you have mended it in {made.mend}",
            f"  {here}understudy run campaign.yaml",
            "      60 generated cases, priced, with a verdict and a report",
        ]
    )
