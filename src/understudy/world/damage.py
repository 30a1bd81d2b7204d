"""From truth to what the systems hold: a profile's steps, block by block, with the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.columns import not_before
from understudy.world.draft import LEDGER, Draft, Source
from understudy.world.entropy import Stream, hits
from understudy.world.joint import draw_rows
from understudy.world.learned import Learned
from understudy.world.operators.changes import SetCells, View
from understudy.world.operators.registry import CellWork, RowWork
from understudy.world.profile import Profile, Signature, check_profile
from understudy.world.profile_check import PERSON
from understudy.world.schema import PEOPLE, TABLES
from understudy.world.step import Condition, Step
from understudy.world.table import Table, join_tables
from understudy.world.truth import Block, Truth

__all__ = ["Damaged", "damage", "damage_block", "damage_draft"]

Ints = npt.NDArray[np.int64]
_LANES = 4
_STEP = 1 << 42
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Damaged:
    """What the systems serve, and what is wrong with it, block by block as the truth."""

    profile: Profile
    drafts: tuple[Draft, ...]

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """The dirty tables of the whole world."""
        found = {name for draft in self.drafts for name in draft.tables}
        return {
            name: join_tables(
                name, [draft.tables[name] for draft in self.drafts if name in draft.tables]
            )
            for name in TABLES
            if name in found
        }

    @cached_property
    def ledger(self) -> pa.Table:
        """Every damage of the whole world."""
        entries = [entry for draft in self.drafts for entry in draft.entries]
        return pa.Table.from_batches(entries, schema=LEDGER)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a step stands: its table and column, its number in the profile, its random stream."""

    table: str
    column: str
    number: int
    stream: Stream
    block: int
    now: int

    @property
    def start(self) -> int:
        """The first group number of the step in this block."""
        return self.number * _STEP + (self.block + 2) * _BLOCK


def damage(truth: Truth, profile: Profile, seed: int) -> Damaged:
    """Damage a whole world; equal however its blocks are dealt out."""
    check_profile(profile)
    now = truth.recipe.epoch
    drafts = (damage_block(block, profile, seed, now) for block in truth.all_blocks())
    return Damaged(profile, tuple(drafts))


def damage_block(block: Block, profile: Profile, seed: int, now: int) -> Draft:
    """Damage one block of a world, whose rates may depend on its hidden people."""
    people = block.tables[PEOPLE].columns if PEOPLE in block.tables else {}
    tables = {name: table for name, table in block.tables.items() if name != PEOPLE}
    return damage_draft(Draft(tables), profile, seed, block.number, now, people)


def damage_draft(
    draft: Draft,
    profile: Profile,
    seed: int,
    number: int,
    now: int,
    people: Mapping[str, pa.Array] | None = None,
) -> Draft:
    """Damage a draft: table by table, each with its own steps in their order.

    `number` is that of the block, `now` epoch seconds. A table without `people` comes from
    elsewhere: what a profile says of how columns are written as a rule is about such.
    """
    worker = _Worker(draft, people or {}, foreign=people is None)
    for place, step in _schedule(profile, seed, number, now):
        if place.table in draft.tables and len(draft.tables[place.table]):
            worker.run(place, step)
    return draft


def _schedule(
    profile: Profile, seed: int, block: int, now: int
) -> Iterator[tuple[_Place, Step | Signature | Learned]]:
    """All steps: what happens to tables first, then rows, signatures, cells, learned rows."""
    number = 0
    for phase in ("table", "rows", "signatures", "cells"):
        for table, mess in profile.tables.items():
            seen: dict[tuple[str, str], int] = {}
            found = getattr(mess, phase)
            pairs = (
                [(column, step) for column, steps in found.items() for step in steps]
                if phase == "cells"
                else [("", step) for step in found]
            )
            for column, step in pairs:
                name = getattr(step, "op", "signature")
                again = seen[column, name] = seen.get((column, name), 0) + 1
                stream = Stream(seed, table, column, f"{phase}/{name}/{again}")
                number += 1
                yield _Place(table, column, number, stream, block, now), step
    for table, mess in profile.tables.items():
        if mess.learned:
            number += 1
            stream = Stream(seed, table, "", "learned")
            yield _Place(table, "", number, stream, block, now), mess.learned


@dataclass(frozen=True, slots=True)
class _Worker:
    """Carries out the steps of one block."""

    draft: Draft
    people: Mapping[str, pa.Array]
    foreign: bool

    def run(self, place: _Place, step: Step | Signature | Learned) -> None:
        """Draw the rows that are hit and damage them."""
        if isinstance(step, Learned):
            self._learned(place, step)
        elif isinstance(step, Signature):
            self._signature(place, step)
        elif step.operator.works_on == "block":
            self._block(place, step, self._hits(place, step))
        elif step.operator.works_on == "rows":
            self._rows(place, step, self._hits(place, step))
        else:
            self._cells(place, step, self._hits(place, step))

    def _hits(self, place: _Place, step: Step | Signature) -> Ints:
        table = self.draft.tables[place.table]
        words = place.stream.halves(place.block, len(table))
        return hits(words, self._rates(table, place.column, step))

    def _rates(self, table: Table, column: str, step: Condition) -> float | npt.NDArray[np.float64]:
        """The rate of each row: constant, by another column, the person, a batch, or the cell."""
        rate: float = getattr(step, "rate", 0.0)
        rates: float | npt.NDArray[np.float64] = rate
        if step.on:
            keys = list(step.rates)
            found = pc.index_in(self._conditions(table, step.on), pa.array(keys, pa.string()))
            which = np.asarray(pc.fill_null(found, len(keys)), dtype=np.int64)
            rates = np.array([*step.rates.values(), rate], dtype=np.float64)[which]
        if step.on and step.since is not None:
            begun = not_before(self._conditions(table, step.on), step.since)
            rates = np.where(begun, rates, step.otherwise)
        if step.longer_than is not None and column:
            lengths = np.asarray(pc.fill_null(pc.utf8_length(table.columns[column]), 0))
            rates = np.where(lengths > step.longer_than, rates, step.otherwise)
        return rates

    def _conditions(self, table: Table, on: str) -> pa.Array:
        if not on.startswith(PERSON):
            return table.columns[on].cast(pa.string())
        column = self.people.get(on.removeprefix(PERSON))
        if column is None:
            return pa.nulls(len(table), pa.string())
        return column.take(pa.array(table.people, mask=table.people < 0))

    def _cells(
        self,
        place: _Place,
        step: Step,
        hits: Ints,
        groups: Ints | None = None,
        block: Mapping[str, pa.Array] | None = None,
    ) -> None:
        columns = self.draft.tables[place.table].columns
        column = columns[place.column]
        values = column.take(pa.array(hits))
        order = np.arange(len(hits), dtype=np.int64) if groups is None else groups
        if not step.operator.takes_null:
            held = np.flatnonzero(np.asarray(values.is_valid()))
            hits, order, values = hits[held], order[held], values.take(pa.array(held))
        if not len(hits):
            return
        words = place.stream.words(place.block, _LANES * len(hits), lane=1)
        work = CellWork(
            values,
            words.reshape(_LANES, -1),
            step.parameters,
            place.table,
            place.column,
            columns if block is None else block,
            hits,
        )
        change = SetCells(place.table, place.column, hits, step.operator.change(work), order)
        self.draft.set_cells(change, Source(step.op, place.start))

    def _rows(self, place: _Place, step: Step, hits: Ints) -> None:
        table = self.draft.tables[place.table]
        words = place.stream.words(place.block, _LANES * len(hits), lane=1)
        columns = {name: table.columns[name].take(pa.array(hits)) for name in step.columns}
        work = RowWork(columns, words.reshape(_LANES, -1), step.parameters)
        order = np.arange(len(hits), dtype=np.int64)
        for name, values in step.operator.change(work).items():
            cells = values.cast(self.draft.type_of(place.table, name))
            change = SetCells(place.table, name, hits, cells, order)
            self.draft.set_cells(change, Source(step.op, place.start))

    def _block(self, place: _Place, step: Step, hits: Ints) -> None:
        view = View(
            self.draft.tables,
            self.people,
            place.table,
            hits,
            step.parameters,
            place.stream,
            place.block,
            place.now,
            self.draft.id_column,
        )
        for change in step.operator.change(view) if len(hits) else []:
            self.draft.apply(change, Source(step.op, place.start))

    def _signature(self, place: _Place, signature: Signature) -> None:
        """All cells of a row that is hit, as one group."""
        hits = self._hits(place, signature)
        order = np.arange(len(hits), dtype=np.int64)
        for column, step in signature.steps():
            base = place.stream
            stream = Stream(base.seed, base.table, column, base.purpose)
            there = _Place(place.table, column, place.number, stream, place.block, place.now)
            self._cells(there, step, hits, order)

    def _learned(self, place: _Place, learned: Learned) -> None:
        """Whole rows as in the sample: the cells of a row make one group of the ledger."""
        everywhere = np.arange(len(self.draft.tables[place.table]), dtype=np.int64)
        for column, step in learned.written.items() if self.foreign else ():
            stream = Stream(place.stream.seed, place.table, column, "learned/written")
            there = _Place(place.table, column, place.number, stream, place.block, place.now)
            self._cells(there, step, everywhere)
        before = self.draft.tables[place.table].columns
        for hit in draw_rows(before, learned, place.stream, place.block):
            stream = Stream(place.stream.seed, place.table, hit.column, hit.purpose)
            there = _Place(place.table, hit.column, place.number, stream, place.block, place.now)
            self._cells(there, hit.step, hit.rows, hit.rows, before)
