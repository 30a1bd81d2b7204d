"""The page of the operators of mess profiles."""

from __future__ import annotations

from understudy.reference.table import table
from understudy.world.operators.registry import Operator, operators

__all__ = ["mess_page"]


def mess_page() -> str:
    """Every operator with what it works on and its options."""
    rows = [
        [f"`{name}`", operator.level.value, operator.kim.value, ", ".join(sorted(operator.fits)),
         _options(operator)]
        for name, operator in operators().items()
    ]  # fmt: skip
    return (
        "# Operators of mess\n\nA mess profile ([files.md](files.md#profile)) names them with a "
        "rate. The class is that of Kim et al. (2003).\n\n"
        + table(["operator", "works on", "class", "fits", "options"], rows)
    )


def _options(operator: Operator) -> str:
    return ", ".join(
        f"`{field.alias or name}`" for name, field in operator.parameters.model_fields.items()
    )
