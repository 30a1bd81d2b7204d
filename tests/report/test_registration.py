"""What was registered before the first case, beside what was run."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from understudy.report.registration import registration_table


def _changed(facts):
    return {row[0] for row in registration_table(facts).rows if row[3] != "as registered"}


def test_a_run_as_it_was_registered_says_so(make):
    """Nothing differs, and the table says that in words."""
    facts = make(40)
    manifest = msgspec.structs.replace(
        facts.manifest, hashes=msgspec.to_builtins(facts.verdict.hashes)
    )
    facts = replace(facts, manifest=manifest)
    assert _changed(facts) == set()
    assert registration_table(facts).notes == ("everything was run as it had been registered",)


def test_what_was_changed_after_the_first_case_is_an_amendment(make):
    """Another gate file, fewer cases, another limit and an early end are named, each in its row."""
    facts = make(40)
    manifest = msgspec.structs.replace(
        facts.manifest, hashes=msgspec.to_builtins(facts.verdict.hashes), stopped="harm"
    )
    cost = msgspec.structs.replace(facts.verdict.error_cost, limit=1.0)
    cases = msgspec.structs.replace(facts.verdict.cases, run=7)
    verdict = msgspec.structs.replace(facts.verdict, error_cost=cost, cases=cases)
    facts = replace(facts, manifest=manifest, verdict=verdict, rules_now={"gates": "f" * 64})
    assert _changed(facts) == {"cases", "hash of the gates", "limits", "end"}
    assert registration_table(facts).notes == ("4 rows differ from what had been registered",)
