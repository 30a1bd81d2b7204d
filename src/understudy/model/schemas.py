"""The JSON Schemas of every file that people write or other tools read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import pydantic

__all__ = ["json_schemas", "schema_of"]

_DRAFT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def json_schemas() -> dict[str, dict[str, Any]]:
    """All schemas by name: YAML dialects (`campaign`, `policy`, …) and JSON forms (`case`, …)."""
    from understudy.model.baseline import Baseline
    from understudy.model.campaign import Campaign
    from understudy.model.case import Case
    from understudy.model.cost import CostSummary
    from understudy.model.finding import Finding
    from understudy.model.gates import Gates
    from understudy.model.interaction import Interaction
    from understudy.model.manifest import RecordingManifest, RunManifest, WorldManifest
    from understudy.model.policy import Policy
    from understudy.model.proposal import CaseRecord, Proposal
    from understudy.model.suite import Suite
    from understudy.model.system_settings import SystemSettings
    from understudy.model.verdict import Verdict

    written: dict[str, type[pydantic.BaseModel]] = {
        "campaign": Campaign,
        "policy": Policy,
        "gates": Gates,
        "suite": Suite,
        "systems": SystemSettings,
    }
    kept = {
        "baseline": Baseline,
        "case": Case,
        "case-record": CaseRecord,
        "cost": CostSummary,
        "finding": Finding,
        "interaction": Interaction,
        "proposal": Proposal,
        "recording-manifest": RecordingManifest,
        "run-manifest": RunManifest,
        "verdict": Verdict,
        "world-manifest": WorldManifest,
    }
    schemas = {name: schema_of(model) for name, model in written.items()}
    schemas |= {name: {**_DRAFT, **msgspec.json.schema(kind)} for name, kind in kept.items()}
    return {name: schemas[name] for name in sorted(schemas)}


def schema_of(model: type[pydantic.BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a YAML file, with what each key is, for editors to show."""
    from understudy.model.field_texts import field_texts, models_in

    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    for each in models_in(model):
        texts = field_texts(each)
        for part in parts:
            properties = part.get("properties", {})
            if part.get("title") == each.__name__ and properties.keys() == texts.keys():
                for key, text in texts.items():
                    properties[key].setdefault("description", text)
    return {**_DRAFT, **schema}
