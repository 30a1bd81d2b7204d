"""The table of operations that the mocked systems serve."""

from __future__ import annotations

from understudy.systems.routes import operations

__all__ = ["describe_operations"]


def describe_operations() -> str:
    """Every operation with its class, effect and what undoes it, as an aligned table."""
    rows = [("operation", "class", "effect", "request", "undone by")]
    rows += [
        (
            operation.name,
            str(operation.action_class),
            str(operation.effect),
            f"{operation.method} {operation.template}",
            operation.reversible_by or "-",
        )
        for operation in sorted(operations(), key=lambda operation: operation.name)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
