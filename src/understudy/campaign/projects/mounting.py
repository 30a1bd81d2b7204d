"""The systems that a campaign or a suite names, as a run mounts them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from understudy.campaign.projects.project import project_folder
from understudy.model.campaign import SystemUse
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError
from understudy.model.system_settings import SystemSettings
from understudy.systems.recorded import RECORDED, Recorded

__all__ = ["mounted_systems", "named_systems", "own_places", "settings_of"]

Systems = Mapping[str, str | SystemUse]


def named_systems(systems: Systems) -> dict[str, str]:
    """The systems by role, each by its name or as `module:Class`."""
    return {role: each if isinstance(each, str) else each.use for role, each in systems.items()}


def mounted_systems(
    systems: Systems, folder: Path, recording: Path | None = None
) -> dict[str, str]:
    """The systems by role; one that is answered from a recording with where that lies.

    `recording` is the one that is meant where none is named.
    """
    found = named_systems(systems)
    for role, each in systems.items():
        if isinstance(each, SystemUse) and each.host is not None:
            named = recording if each.recording is None else folder / each.recording
            if named is None:
                raise ConfigurationError(
                    f"the system `{role}` is answered from a recording, and none is named",
                    code="U176",
                    hint=f"systems: {{{role}: {{use: recorded, host: …, recording: FOLDER}}}}",
                )
            found[role] = f"{RECORDED}{role}@{each.host.lower()}@{named.resolve()}"
            Recorded.of(found[role])
    return found


def own_places(systems: Systems, folder: Path) -> tuple[Path, ...]:
    """Where the modules of the user's own systems lie."""
    own = (name for name in named_systems(systems).values() if ":" in name)
    return tuple(dict.fromkeys(project_folder(name, folder) for name in own))


def settings_of(files: Iterable[str], folder: Path) -> tuple[SystemSettings, ...]:
    """What a company has defined in its systems, from the files that say it."""
    return tuple(load_document(folder / file, SystemSettings) for file in files)
