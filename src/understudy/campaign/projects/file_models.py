"""Every YAML file that people write, by name, with the model that reads it; and their schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.campaign.recordings.column_map import ColumnMap
from understudy.model.campaign import Campaign
from understudy.model.field_texts import Model
from understudy.model.gates import Gates
from understudy.model.policy import Policy
from understudy.model.schemas import json_schemas, schema_of
from understudy.model.suite import Suite
from understudy.model.system_settings import SystemSettings
from understudy.workflows.recipe import Recipe as Workflow
from understudy.world.profile import Profile
from understudy.world.recipe import Recipe

__all__ = ["FILES", "every_schema"]

FILES: Mapping[str, Model] = {
    "campaign": Campaign,
    "policy": Policy,
    "gates": Gates,
    "suite": Suite,
    "recipe": Recipe,
    "profile": Profile,
    "systems": SystemSettings,
    "map": ColumnMap,
    "workflow": Workflow,
}


def every_schema() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of every file, written by people or by us, by name."""
    written = {name: schema_of(model) for name, model in FILES.items()}
    return dict(sorted({**json_schemas(), **written}.items()))
