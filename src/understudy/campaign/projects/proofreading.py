"""What is wrong with a campaign or a suite beyond its form, found before anything is built."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.campaign.models import ModelPlan, model_service
from understudy.campaign.projects.mounting import named_systems
from understudy.campaign.projects.project import project_folder
from understudy.campaign.suites.stage import mess_problems
from understudy.candidates.given_variables import check_reached, check_variable
from understudy.candidates.loading import check_module
from understudy.candidates.needs import parse_need
from understudy.candidates.program import check_command
from understudy.candidates.use import CommandUse, HttpUse, PythonUse, parse_use
from understudy.doors.gateway_faults import check_model_fault, is_about_models
from understudy.doors.gateway_script import script_from
from understudy.model.campaign import Campaign, CandidateSpec, Fault, ModelMode, ModelSettings
from understudy.model.document import Document, Place, read_document
from understudy.model.errors import ConfigurationError, UnderstudyError, nearest, one_error
from understudy.model.policy import Policy
from understudy.model.suite import Scenario, Suite
from understudy.systems.faults import check_fault
from understudy.systems.odd_rows import nameless
from understudy.systems.recorded import RECORDED
from understudy.systems.routes import KNOWN, mounted, operation_names, stray_table
from understudy.systems.system import System
from understudy.systems.write_mode import modes_by_name

__all__ = ["proofread_campaign", "proofread_models", "proofread_places", "proofread_suite"]

_RECORDED = RECORDED.rstrip(":")


def proofread_campaign(
    campaign: Campaign, document: Document, policy: Policy, policy_file: Path
) -> None:
    """Raise all that is wrong as one `ConfigurationError`, each with the line that it stands on.

    What only the user's own systems know is left to the run: their code is not loaded here.
    """
    found = [
        *_candidates(campaign.candidates, document),
        *_systems(campaign.mounted, document),
        *_script(campaign, document),
    ]
    systems, others = _known(campaign.mounted)
    folder = Path(document.file).parent
    each = [campaign.model_copy(update={"candidates": (one,)}) for one in campaign.candidates]
    models = any(ModelPlan.of(one, folder).serves_any for one in each)
    found += _faults(campaign.faults, ("faults",), document, (systems, others, models))
    found += _writes(policy, policy_file, systems, others)
    if found:
        raise one_error(found)


def proofread_models(campaign: Campaign, document: Document, *, resumed: bool) -> None:
    """Raise what the mode of a candidate's models lacks: answers, the key, prices."""
    folder = Path(document.file).resolve().parent
    place: Place = ("models",) if campaign.models else ("candidates",)
    each = [campaign.model_copy(update={"candidates": (one,)}) for one in campaign.candidates]
    plans = [ModelPlan.of(one, folder) for one in each]
    serve = functools.partial(model_service, resumed=resumed)
    found = [error for plan in plans for error in _wrong(document, place, serve, plan)]
    found += _into_one_file(plans, document.where(place))
    if found:
        raise one_error(found)


def proofread_places(candidates: Sequence[CandidateSpec], folder: Path) -> None:
    """Raise what no candidate of these can be found by: a module or a command of no such name.

    None of their code is loaded. What only its import can tell is left to the run.
    """
    for candidate in candidates:
        use = parse_use(candidate.spec)
        project = project_folder(candidate.spec, folder)
        if isinstance(use, PythonUse):
            check_module(use, project)
        elif isinstance(use, CommandUse | HttpUse) and use.command:
            check_command(use.command, project)


def _into_one_file(plans: Sequence[ModelPlan], where: str) -> Iterator[UnderstudyError]:
    recorders: dict[Path, str] = {}
    for plan in plans:
        if plan.serves_any and plan.candidate.models is ModelMode.RECORD:
            name = plan.candidate.name
            other = recorders.setdefault(plan.recording, name)
            if other != name:
                yield ConfigurationError(
                    f"`{other}` and `{name}` would record into one file, `{plan.recording.name}`",
                    where=where,
                    hint="keep a file for each: models: {recording: models-{candidate}.jsonl}",
                )


def proofread_suite(suite: Suite, document: Document) -> None:
    """Raise all that is wrong with a suite as one error, each with the line that it stands on."""
    candidate, roles = suite.candidate, named_systems(suite.systems)
    found = [*_systems(roles, document), *_answers(suite.models, ("models",), document)]
    if candidate.use:
        found += _wrong(document, ("candidate", "use"), parse_use, candidate.spec)
    for index, need in enumerate(candidate.needs):
        found += _wrong(document, ("candidate", "needs", index), parse_need, need)
    found += _environment(candidate, ("candidate",), document)
    known = _known(roles)
    for number, case in enumerate(suite.cases):
        found += _tables(case, ("cases", number), document)
        for each, place in case.written():
            found += _case(each, ("cases", number, *place), document, suite, known)
    if found:
        raise one_error(found)


def _case(
    case: Scenario,
    place: Place,
    document: Document,
    suite: Suite,
    known: tuple[Mapping[str, System], bool],
) -> Iterator[UnderstudyError]:
    plan = ModelPlan(suite.candidate, case.models or suite.models, Path(document.file).parent)
    yield from _answers(case.models, (*place, "models"), document)
    yield from _faults(case.faults, (*place, "faults"), document, (*known, plan.serves_any))
    for there, problem in mess_problems(case) if case.mess else ():
        yield ConfigurationError(problem, code="U118", where=document.where((*place, *there)))


def _tables(case: Scenario, place: Place, document: Document) -> Iterator[UnderstudyError]:
    """Tables that nothing serves, and rows that nothing could find.

    Tables of the user's own systems may have any name.
    """
    written = [(place, case.world)]
    written += [((*place, "variants", name), one.world) for name, one in case.variants.items()]
    for there, world in written:
        for table, rows in world.items():
            stray = stray_table(table)
            where = document.where((*there, "world", table))
            for problem in [stray] if stray else nameless(table, rows):
                yield ConfigurationError(problem, code="U118", where=where)


def _candidates(
    candidates: Sequence[CandidateSpec], document: Document
) -> Iterator[UnderstudyError]:
    for number, candidate in enumerate(candidates):
        place: Place = ("candidates", number)
        yield from _wrong(document, (*place, "use"), parse_use, candidate.spec)
        for index, need in enumerate(candidate.needs):
            yield from _wrong(document, (*place, "needs", index), parse_need, need)
        yield from _environment(candidate, place, document)


def _environment(
    candidate: CandidateSpec, place: Place, document: Document
) -> Iterator[UnderstudyError]:
    for name, value in candidate.env.items():
        yield from _wrong(document, (*place, "env", name), check_variable, name, value)
    if candidate.env:
        yield from _wrong(document, (*place, "env"), check_reached, candidate.spec)


def _systems(roles: Mapping[str, str], document: Document) -> Iterator[UnderstudyError]:
    for role, name in roles.items():
        if name not in KNOWN and name != _RECORDED and ":" not in name:
            yield ConfigurationError(
                f"`{name}` is no known system{nearest(name, KNOWN)}",
                code="U171",
                where=document.where(("systems", role)),
                hint=f"known: {', '.join(KNOWN)}, and your own as `module:Class`",
            )


def _script(campaign: Campaign, document: Document) -> Iterator[UnderstudyError]:
    yield from _answers(campaign.models, ("models",), document)
    if campaign.models is None:
        for number, candidate in enumerate(campaign.candidates):
            if candidate.models is ModelMode.SCRIPTED:
                yield ConfigurationError(
                    f"the models of `{candidate.name}` are scripted, and there is no script",
                    code="U172",
                    where=document.where(("candidates", number, "models")),
                    hint="models: {script: [{text: …}]}",
                )


def _answers(
    settings: ModelSettings | None, place: Place, document: Document
) -> Iterator[UnderstudyError]:
    for number, answer in enumerate(settings.script if settings else ()):
        where = (*place, "script", number)
        yield from _wrong(document, where, lambda one, n=number: script_from([one], n + 1), answer)


def _known(roles: Mapping[str, str]) -> tuple[dict[str, System], bool]:
    """The systems whose operations are known here, and whether there are others."""
    here = {role: name for role, name in roles.items() if name in KNOWN}
    return mounted(here), len(here) < len(roles)


def _faults(
    faults: Sequence[Fault],
    place: Place,
    document: Document,
    known: tuple[Mapping[str, System], bool, bool],
) -> Iterator[UnderstudyError]:
    systems, others, models = known
    for number, fault in enumerate(faults):
        where = (*place, number)
        if is_about_models(fault):
            yield from _wrong(document, where, check_model_fault, fault)
            if not models:
                yield ConfigurationError(
                    "a fault is to befall models, but the campaign serves none",
                    code="U173",
                    where=document.where(where),
                    hint="write `models: replay`, `record`, `live` or `scripted` at the candidate",
                )
        else:
            yield from _wrong(document, where, check_fault, fault, systems, others)


def _writes(
    policy: Policy, file: Path, systems: Mapping[str, System], others: bool
) -> Iterator[UnderstudyError]:
    names = operation_names(systems)
    for key, mode in policy.writes.items():
        if others and key.partition(".")[0] not in KNOWN:
            continue
        try:
            modes_by_name({key: mode}, names)
        except ConfigurationError as error:
            yield _at(read_document(file).where(("writes", key)), error)


def _wrong(
    document: Document, place: Place, check: Callable[..., object], *given: Any
) -> Iterator[UnderstudyError]:
    try:
        check(*given)
    except UnderstudyError as error:
        yield _at(document.where(place), error)


def _at(where: str, error: UnderstudyError) -> UnderstudyError:
    return type(error)(error.problem, code=error.code, where=where, hint=error.hint)
