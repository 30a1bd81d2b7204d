"""A campaign with its policy and gates, read and hashed before the first case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from understudy.campaign.projects.mounting import settings_of
from understudy.campaign.projects.pasted_keys import refuse_pasted_keys
from understudy.campaign.projects.proofreading import proofread_campaign
from understudy.candidates.use import parse_use
from understudy.model.campaign import Campaign, CandidateSpec
from understudy.model.canonical import digest, digest_file
from understudy.model.document import Document, load_document, parse_document, read_document
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.gates import Gates
from understudy.model.package import resolve_document
from understudy.model.policy import Policy
from understudy.model.system_settings import SystemSettings

__all__ = ["Rules", "Settings", "load_rules", "load_settings"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a verdict is judged by: the policy and the gates, with the hashes of their files."""

    policy: Policy
    gates: Gates
    policy_file: Path
    gates_file: Path
    hashes: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Settings:
    """A campaign file that has been read, and the folder that its paths are relative to."""

    campaign: Campaign
    rules: Rules
    folder: Path
    equipment: tuple[SystemSettings, ...] = ()
    document: Document = field(default_factory=lambda: Document("", {}))
    """The campaign file itself, to tell a line by."""

    def candidates(self, wanted: str | None) -> Sequence[CandidateSpec]:
        """All candidates of the campaign, or the one of that name or spec.

        Raises `ConfigurationError` for a name that none has, `CandidateError` for a spec that is
        none.
        """
        known = self.campaign.candidates
        if wanted is None:
            return known
        named = [candidate for candidate in known if candidate.name == wanted]
        if named:
            return named
        if ":" in wanted:
            parse_use(wanted)
            changes = {"use": wanted, "name": "candidate", "release": None}
            return [known[0].model_copy(update=changes)]
        names = [candidate.name for candidate in known]
        raise ConfigurationError(
            f"the campaign has no candidate `{wanted}`{nearest(wanted, names)}",
            code="U111",
            hint=f"known: {', '.join(names)}; or give a spec as in `my_bot.agent:handle`",
        )


def load_settings(path: Path) -> Settings:
    """Read `campaign.yaml` and the files it names; raises `ConfigurationError`."""
    document = read_document(path)
    refuse_pasted_keys(document)
    _refuse_suite(document)
    campaign = parse_document(document, Campaign)
    folder = path.resolve().parent
    rules = load_rules(campaign.policy, campaign.gates, folder)
    proofread_campaign(campaign, document, rules.policy, rules.policy_file)
    equipment = settings_of(campaign.settings_files, folder)
    return Settings(campaign, rules, folder, equipment, document)


def _refuse_suite(document: Document) -> None:
    content = document.content
    if isinstance(content, dict) and "cases" in content and "candidates" not in content:
        raise ConfigurationError(
            f"`{document.file}` is a suite of scenarios, and no campaign",
            code="U175",
            where=document.where(("cases",)),
            hint=f"pytest {document.file} --understudy-candidate my_bot.agent:handle",
        )


def load_rules(policy: str, gates: str, folder: Path) -> Rules:
    """Read policy and gates by path or shipped name."""
    policy_file = resolve_document(policy, "policies", folder=folder)
    gates_file = resolve_document(gates, "policies", folder=folder, prefix="gates-")
    read = load_document(policy_file, Policy)
    hashes: dict[str, str | None] = {
        "policy": digest_file(policy_file),
        "gates": digest_file(gates_file),
        "prices": digest(_prices(read)),
    }
    return Rules(
        read,
        load_document(gates_file, Gates),
        policy_file.resolve(),
        gates_file.resolve(),
        hashes,
    )


def _prices(policy: Policy) -> object:
    """The part of the policy that turns findings into money."""
    kept = {"currency", "floors", "weights", "cap", "tiers", "rates", "kinds", "review", "handling"}
    return policy.model_dump(mode="json", include=kept)
