"""What is fixed of cases before the first is run: order, strata, segments and scopes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from understudy.campaign.runs.files import RunFiles
from understudy.cost.clauses import is_about
from understudy.cost.price_list import PriceList
from understudy.gate.units import Registered
from understudy.model.action import Action, Effect
from understudy.model.case import Case
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.gates import Gates, Population, Strata
from understudy.traffic.sampling import drawn

__all__ = ["registered_of", "scopes_of", "segments_of"]


def registered_of(
    cases: Sequence[Case], every: Sequence[Case], gates: Gates, without: Collection[str] = ()
) -> Registered:
    """How `cases` count, which are planned or run of `every` case that the claim may be about.

    A claim about the recording needs its customers in an order that was drawn, and all of them;
    `without` are the ids of cases that nobody can judge, which are no part of it. Raises
    `ConfigurationError` for a stratum that has no weight, or a weight that has no stratum.
    """
    strata = gates.strata
    if strata is not None:
        _refuse_unweighed(strata, every)
    order: tuple[tuple[str, str], ...] = ()
    if gates.population is Population.RECORDING:
        order = tuple(
            (case.case_id, case.cluster_id) for case in drawn(every) if case.case_id not in without
        )
    by = {} if strata is None else {case.case_id: _segment(case, strata.by) for case in cases}
    return Registered(order, by)


def segments_of(cases: Sequence[Case], gates: Gates) -> dict[str, dict[str, str]]:
    """For each grouping that a gate names, the segment of each case."""
    keys = {gate.by for gate in gates.gates if gate.by is not None}
    return {key: {case.case_id: _segment(case, key) for case in cases} for key in keys}


def scopes_of(end: RunFiles) -> dict[str, dict[str, frozenset[str]]]:
    """For each gate with scopes, the cases of each of them.

    A case counts wherever a write of either side belongs: a refund of 4,000 that the candidate
    makes one of 40 is work on both sides of a limit of 50.
    """
    prices = end.evidence.prices(end.rules.policy)
    return {
        gate.id: {name: _inside(end, source, prices) for name, source in gate.scopes.items()}
        for gate in end.rules.gates.gates
        if gate.scopes
    }


def _inside(end: RunFiles, source: str, prices: PriceList) -> frozenset[str]:
    return frozenset(
        case.case_id
        for case in end.evidence.cases
        if any(is_about(source, case, action, prices) for action in _writes(end, case.case_id))
    )


def _writes(end: RunFiles, case_id: str) -> Iterator[Action]:
    """What either side wrote in a case, or tried to."""
    proposals = end.evidence.by_case.get(case_id, ())
    baselines = end.evidence.baselines.get(case_id, ())
    for actions in (*(one.actions for one in proposals), *(one.actions for one in baselines)):
        yield from (action for action in actions if action.effect is not Effect.READ)


def _refuse_unweighed(strata: Strata, cases: Sequence[Case]) -> None:
    """Every case belongs to a stratum of some weight or none, and every weight to some case."""
    seen = dict.fromkeys(_segment(case, strata.by) for case in cases)
    unknown = next((name for name in seen if name not in strata.weights), None)
    if unknown is not None:
        raise ConfigurationError(
            f"`strata` of the gate file gives no weight to `{unknown}`, a {strata.by} of these "
            f"cases{nearest(unknown, strata.weights)}",
            code="U182",
            hint=f"write its share of production's cases, or 0: weights: {{{unknown}: 0}}",
        )
    empty = next((name for name, w in strata.weights.items() if w and name not in seen), None)
    if empty is not None:
        raise ConfigurationError(
            f"no case is of the {strata.by} `{empty}`, which `strata` of the gate file "
            f"weighs{nearest(empty, seen)}",
            code="U182",
            hint=f"record such cases, or say that there are none: weights: {{{empty}: 0}}",
        )


def _segment(case: Case, key: str) -> str:
    own = {"scenario": case.scenario, "tier": case.tier}
    return own.get(key) or case.segment.get(key, f"without {key}")
