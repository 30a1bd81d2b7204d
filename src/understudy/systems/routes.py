"""The table of all operations, and the systems that serve them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from understudy.model.errors import ConfigurationError, nearest
from understudy.systems.desk.system import Desk
from understudy.systems.hubspot.system import HubSpot
from understudy.systems.operation import Operation
from understudy.systems.recorded import RECORDED, Recorded
from understudy.systems.stripe.system import Stripe
from understudy.systems.system import System
from understudy.systems.zendesk.system import Zendesk

__all__ = ["KNOWN", "mounted", "operation_names", "operations", "stray_table"]

KNOWN: dict[str, type[System]] = {
    "desk": Desk,
    "hubspot": HubSpot,
    "stripe": Stripe,
    "zendesk": Zendesk,
}


def mounted(systems: Mapping[str, str | System] | None = None) -> dict[str, System]:
    """The systems that a campaign names, by name; the desk is always among them.

    `systems` maps roles to names, as `{"crm": "hubspot"}`, to classes of the user's own, as
    `{"warehouse": "my_pkg.warehouse:Warehouse"}`, or to systems that are made already; without
    it all known ones are mounted.
    """
    asked = list(KNOWN) if systems is None else list(systems.values())
    if not any(isinstance(each, Desk) for each in asked):
        asked.append("desk")
    made = [each if isinstance(each, System) else _made(each) for each in dict.fromkeys(asked)]
    return {system.name: system for system in sorted(made, key=lambda system: system.name)}


def _made(name: str) -> System:
    if name in KNOWN:
        return KNOWN[name]()
    if name.startswith(RECORDED):
        return Recorded.of(name)
    if ":" in name:
        return _imported(name)
    raise ConfigurationError(
        f"`{name}` is no known system{nearest(name, KNOWN)}; known are {', '.join(sorted(KNOWN))},"
        " and your own as `module:Class`",
        hint="understudy systems operations",
    )


def _imported(name: str) -> System:
    module, _, attribute = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        # Last: nothing of the user's folder stands in for an installed package.
        sys.path.append(here)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # whatever a file of the user's raises
        raise ConfigurationError(
            f"the system `{name}` cannot be imported: {type(error).__name__}: {error}",
            hint=f'from the folder that holds it: python -c "import {module}"',
        ) from error
    if not (isinstance(found, type) and issubclass(found, System)):
        raise ConfigurationError(
            f"`{name}` is not a subclass of `understudy.systems.system.System`"
        )
    _check(name, found)
    return found()


def _check(name: str, found: type[System]) -> None:
    """What its author forgot is told before the first case, all at once."""
    wrong = [
        f"`{each}` is empty" for each in ("name", "host", "operations") if not getattr(found, each)
    ]
    if found.name in KNOWN:
        wrong.append(f"`name` is `{found.name}`, which is built in")
    for operation in found.operations:
        if operation.system != found.name or not operation.name.startswith(f"{found.name}."):
            wrong.append(f"`{operation.name}` is not an operation of `{found.name}`")
    if wrong:
        raise ConfigurationError(
            f"the system `{name}` cannot be mounted: {'; '.join(wrong)}",
            hint="see fixtures/systems/warehouse.py for a whole one",
        )


def operations(systems: Iterable[str] | Mapping[str, str] | None = None) -> tuple[Operation, ...]:
    """The one route table that feeds everything, restricted to some systems where named."""
    if isinstance(systems, Mapping):
        systems = systems.values()
    names = sorted(KNOWN) if systems is None else systems
    return tuple(operation for name in names for operation in _operations_of(name))


def operation_names(systems: Mapping[str, System]) -> set[str]:
    """What a policy may speak of: all that is mounted, and all that could be."""
    served = {name for system in systems.values() for name in system.by_name}
    return served | {operation.name for operation in operations()}


def stray_table(table: str) -> str | None:
    """What is wrong with the name of a world's table that a built-in system would not serve.

    >>> stray_table("stripe.charge")
    '`stripe` has no table `stripe.charge`; did you mean `stripe.charges`?'
    >>> stray_table("stripe.charges"), stray_table("warehouse.parcels")
    (None, None)
    """
    system, _, name = table.partition(".")
    served = KNOWN[system].tables if system in KNOWN else None
    if served is None or name in served:
        return None
    known = [f"{system}.{each}" for each in sorted(served)]
    return f"`{system}` has no table `{table}`{nearest(table, known)}"


def _operations_of(name: str) -> tuple[Operation, ...]:
    return KNOWN[name].operations if name in KNOWN else _made(name).operations
