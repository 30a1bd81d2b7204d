"""A company's own fields and forms taken over from its vendors' exports, for a person to review."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from understudy.model.document import load_document
from understudy.model.errors import RecordingError, one_error
from understudy.model.system_settings import SystemSettings
from understudy.systems.hubspot import learn as hubspot
from understudy.systems.stripe import learn as stripe
from understudy.systems.zendesk import learn as zendesk

__all__ = ["learn_settings"]

_TEACHERS = {"hubspot": hubspot.learn, "zendesk": zendesk.learn, "stripe": stripe.learn}
_KNOWN = (
    "known are HubSpot's answers of schemas, properties, pipelines, owners and objects (or an"
    " export of objects in CSV), Zendesk's of ticket_fields, ticket_forms, user_fields and"
    " organization_fields, and Stripe's lists"
)
_HEAD = """\
# What was learned of {systems}: {files}.
# Review it, then name it in a campaign:
#   systems: {{crm: {{use: hubspot, settings: {name}}}}}
"""


def learn_settings(exports: Sequence[str], out: Path) -> str:
    """Write what the exports tell as YAML; returns what was taken over, in words.

    An export is a file, or `TYPE=FILE` where it does not say of which type of object it is.
    Raises `RecordingError` with everything that is wrong, and then writes nothing.
    """
    made: dict[str, Any] = {"version": 1}
    wrong: list[RecordingError] = []
    for export in exports:
        try:
            system, part = _learned(export)
            made[system] = _merged(made.get(system, {}), part)
        except RecordingError as error:
            wrong.append(error)
    if wrong:
        raise one_error(wrong)
    _write(out, made, exports)
    load_document(out, SystemSettings)
    return "\n".join([*_counts(made), f"review it: {out}"])


def _learned(export: str) -> tuple[str, dict[str, Any]]:
    kind, _, rest = export.partition("=")
    path = Path(rest or export)
    name = kind if rest else path.name
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise RecordingError(f"`{path}` cannot be read: {reason}", code="U453") from error
    try:
        found = _by_columns(name, data) if path.suffix == ".csv" else _by_content(name, data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        told = f"`{error.args[0]}` is missing" if isinstance(error, KeyError) else str(error)
        raise RecordingError(
            f"nothing can be learned from `{path}`: {told}", code="U454", hint=_KNOWN
        ) from error
    if found is None:
        raise RecordingError(
            f"`{path}` is no export that anything can be learned from", code="U454", hint=_KNOWN
        )
    return found


def _by_columns(name: str, data: bytes) -> tuple[str, dict[str, Any]] | None:
    head = next(csv.reader(io.StringIO(data.decode("utf-8-sig"))), [])
    part = hubspot.learn_columns(name, head)
    return ("hubspot", part) if part is not None else None


def _by_content(name: str, data: bytes) -> tuple[str, dict[str, Any]] | None:
    document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    for system, learn in _TEACHERS.items():
        part = learn(name, document)
        if part is not None:
            return system, part
    return None


def _merged(known: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """Both, later ones last; what stands in both under one name stands once, as it came last."""
    made = dict(known)
    for key, value in part.items():
        if isinstance(value, Mapping):
            made[key] = _merged(made.get(key, {}), value)
        else:
            listed = [*made.get(key, ()), *value]
            made[key] = list({_name(each): each for each in listed}.values())
    return made


def _name(each: Any) -> Any:
    if not isinstance(each, Mapping):
        return each
    return next(each[key] for key in ("type_id", "name", "id") if key in each)


def _write(out: Path, made: dict[str, Any], exports: Sequence[str]) -> None:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.width = 100
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # its stub lacks it
    text = io.StringIO()
    yaml.dump(made, text)
    systems = ", ".join(key for key in made if key != "version")
    files = ", ".join(Path(each.partition("=")[2] or each).name for each in exports)
    out.parent.mkdir(parents=True, exist_ok=True)
    head = _HEAD.format(systems=systems, files=files, name=out.name)
    out.write_text(head + text.getvalue(), encoding="utf-8")


def _counts(made: Mapping[str, Any]) -> list[str]:
    lines = []
    for system, parts in made.items():
        for key, value in parts.items() if isinstance(parts, Mapping) else ():
            if isinstance(value, Mapping):
                lines += [f"{system}: {len(own):,} {key} of {of}" for of, own in value.items()]
            else:
                lines.append(f"{system}: {len(value):,} {key.replace('_', ' ')}")
    return lines
