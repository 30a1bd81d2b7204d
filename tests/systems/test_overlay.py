"""The overlay: reads see own writes, the world never changes, every step can be undone."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from understudy.model.world import World
from understudy.systems.overlay import Overlay

ROWS = {str(n): {"id": str(n), "owner": f"o{n % 2}", "left": n} for n in range(4)}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "patch", "delete"]),
        st.sampled_from([str(n) for n in range(6)]),
        st.integers(0, 3),
    ),
    max_size=12,
)


def _apply(overlay, model, steps):
    for step, row_id, number in steps:
        row = {"id": row_id, "owner": f"o{number % 2}", "left": number}
        if step == "put" or (step == "patch" and row_id in model):
            (overlay.put if step == "put" else lambda t, r: overlay.patch(t, r["id"], r))("t", row)
            model[row_id] = row
        elif step == "delete":
            overlay.delete("t", row_id)
            model.pop(row_id, None)


def _agrees(overlay, model):
    assert {row["id"]: row for row in overlay.rows("t")} == model
    assert all(overlay.get("t", str(n)) == model.get(str(n)) for n in range(6))
    for owner in ("o0", "o1"):
        found = {row["id"] for row in overlay.find("t", "owner", owner)}
        assert found == {row_id for row_id, row in model.items() if row["owner"] == owner}


@given(STEPS, STEPS)
def test_an_overlay_is_a_plain_dict_with_undo(first, second):
    """Under any steps it reads as a dict would, and a rollback restores what was there."""
    world = World({"t": copy.deepcopy(ROWS)})
    overlay, model = Overlay(world), copy.deepcopy(ROWS)
    _apply(overlay, model, first)
    _agrees(overlay, model)
    kept, mark, effect = dict(model), overlay.mark(), overlay.diff()
    _apply(overlay, dict(model), second)
    overlay.rollback(mark)
    _agrees(overlay, kept)
    assert overlay.diff() == effect
    assert world.tables["t"] == ROWS


@given(STEPS)
def test_the_diff_is_exactly_what_changed(steps):
    """Applied to the world's rows, the diff gives the case's rows; equal values are no change."""
    overlay, model = Overlay(World({"t": ROWS})), copy.deepcopy(ROWS)
    _apply(overlay, model, steps)
    changed = overlay.diff()
    for row_id in {*ROWS, *model}:
        before, after = ROWS.get(row_id, {}), model.get(row_id, {})
        expected = {
            name: (before.get(name), after.get(name))
            for name in {*before, *after}
            if before.get(name) != after.get(name)
        }
        assert changed.get(("t", row_id), {}) == expected
