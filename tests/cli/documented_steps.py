"""How each command that the documents show is run, in order, in one prepared folder.

Where a document leaves something open, as `RUN` or `FILE`, the folder's own is put in; a slow one
is made smaller. What cannot be run stands below with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NOT_RUN", "STEPS", "Step"]

VERDICT = (0, 1, 6)
"""GO, NO-GO and INCONCLUSIVE: a run that ended as it should."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command line as it is shown, as it is run, and how it may end."""

    shown: str
    run: str = ""
    codes: tuple[int, ...] = (0,)
    cwd: str = "."
    serves: str = ""
    """What a command prints as soon as it serves; it is ended by Ctrl-C then."""

    @property
    def line(self) -> str:
        """What is run."""
        return self.run or self.shown


STEPS = (
    # A project, and recordings to work on.
    Step("understudy init refunds"),
    Step("understudy init", "understudy init elsewhere"),
    Step("&& understudy run campaign.yaml", "understudy run campaign.yaml --limit 20",
         VERDICT, cwd="refunds"),
    Step("pytest scenarios --understudy-candidate my_bot.agent:handle -n auto --dist worksteal",
         "pytest scenarios -p no:cacheprovider --understudy-candidate my_bot.agent:handle -n 1 "
         "--dist worksteal", (0, 1)),
    Step("understudy traffic export RECORDING --zendesk DIR --stripe DIR --hubspot DIR",
         "understudy traffic export w/recording --zendesk exports/z --stripe exports/s "
         "--hubspot exports/h"),
    Step("understudy traffic import auto exports/* --out recordings/july",
         "understudy traffic import auto exports/*/* --out recordings/july"),
    Step("understudy traffic show recordings/july"),
    Step("understudy traffic show RECORDING", "understudy traffic show recordings/july"),
    Step("understudy traffic scan recordings/july"),
    Step("understudy traffic export RECORDING --har FILE --vcr FILE",
         "understudy traffic export w/recording --har work.har --vcr work.yaml"),
    Step("understudy traffic import auto FILE… --out RECORDING",
         "understudy traffic import auto work.har --out recordings/http"),
    Step("understudy traffic import auto FILE",
         "understudy traffic import auto work.yaml --out recordings/vcr"),
    Step("understudy policy init RECORDING --out policy.yaml",
         "understudy policy init recordings/july --out policy.yaml"),
    # Runs, and what is done with them.
    Step("understudy demo --candidates fixtures/candidates/campaign.yaml --candidate langgraph",
         "understudy demo --candidates campaign.yaml --customers 60 --cases 20 --reports demo"),
    Step("understudy run CAMPAIGN --dry-run", "understudy run campaign.yaml --dry-run"),
    Step("understudy doctor"),
    Step("understudy doctor campaign.yaml"),
    Step("understudy run campaign.yaml", codes=VERDICT),
    Step("understudy run campaign.yaml --last-failed", codes=VERDICT),
    Step("understudy run campaign.yaml", codes=VERDICT),
    Step("understudy stop latest"),
    Step("understudy stop RUN", "understudy stop {run}"),
    Step("understudy case latest CASE_ID", "understudy case latest {case}"),
    Step("understudy case RUN CASE_ID", "understudy case {run} {case}"),
    Step("understudy case latest CASE_ID --to-scenario scenarios/kept.yaml",
         "understudy case latest {case} --to-scenario scenarios/kept.yaml"),
    Step("understudy run campaign.yaml --case CASE_ID --debug",
         "understudy run campaign.yaml --case {case} --debug"),
    Step("understudy compare RUN_A RUN_B", "understudy compare {first} {run}", VERDICT),
    Step("understudy view latest", codes=(130,), serves="http://127.0.0.1"),
    Step("understudy judge latest", codes=VERDICT),
    Step("understudy judge RUN", "understudy judge {run}", VERDICT),
    Step("understudy judge RUN --recording DIR",
         "understudy judge {run} --recording recordings/july", VERDICT),
    Step("understudy report RUN --pdf", "understudy report {run} --pdf", (0, 2)),
    Step("understudy report latest --otlp traces.jsonl"),
    Step("understudy run campaign.yaml --shard 2/8  every 8th case, on one of 8 machines; then: "
         "understudy merge RUN RUN …", "understudy run campaign.yaml --shard 1/2"),
    Step("understudy merge RUN RUN …", "understudy run campaign.yaml --shard 2/2"),
    Step("understudy merge RUN RUN RUN RUN", "understudy merge {shards}", VERDICT),
    Step("understudy run campaign.yaml --held-out", "understudy run held.yaml --held-out",
         (*VERDICT, 5)),
    Step("understudy judge --recording DIR --self-test",
         "understudy judge --recording w/recording --self-test"),
    Step("understudy judge --recording RECORDING --proposed FILE",
         "understudy judge --recording w/recording --proposed proposed.jsonl --out reports/p",
         VERDICT),
    # The signature and the ladder.
    Step("understudy audit key ~/.config/understudy/maria.pem",
         "understudy audit key keys/maria.pem"),
    Step("understudy audit key FILE", "understudy audit key keys/jon.pem"),
    Step('understudy sign latest --key … --name Maria --role "release manager" --decision approve '
         "--reason …",
         'understudy sign {run} --key keys/maria.pem --name Maria --role "release manager" '
         "--decision reject --reason tried"),
    Step("understudy audit verify latest --head HEAD",
         "understudy audit verify {run} --head {head}"),
    Step("understudy audit verify RUN", "understudy audit verify {run}"),
    Step("pytest scenarios --understudy-pilot reports",
         "pytest scenarios -p no:cacheprovider --understudy-pilot reports --understudy-candidate "
         "my_bot.agent:handle --junit-xml=suite.xml", (0, 1)),
    Step("understudy pilot suite suite.xml --run RUN --by Maria",
         "understudy pilot suite suite.xml --run {run} --by Maria"),
    Step("understudy pilot status"),
    Step("understudy pilot demote|kill CANDIDATE OPERATION --by … --reason …",
         "understudy pilot kill agent zendesk.tickets.public_reply --by Maria --reason tried"),
    # The systems alone.
    Step("understudy world build --out WORLD --customers 500",
         "understudy world build --out WORLD --customers 60"),
    Step("understudy systems serve WORLD", serves="export "),
    Step("understudy systems serve WORLD --port stripe=8101",
         "understudy systems serve WORLD --port stripe={port}", serves="export "),
    Step("understudy systems serve WORLD --any-key", serves="export "),
    Step("understudy systems operations"),
    Step("understudy systems openapi stripe"),
    Step("understudy systems learn EXPORT… --out own.yaml",
         "understudy systems learn schemas.json --out own.yaml"),
    Step("understudy systems serve WORLD --settings own.yaml", serves="export "),
    Step("understudy systems verify RECORDING", "understudy systems verify w/recording"),
    Step("understudy systems env campaign.yaml", "understudy systems env service.yaml"),
    Step("understudy traffic record --upstream NAME=URL --out RECORDING",
         "understudy traffic record --upstream stripe=http://127.0.0.1:9 --out recordings/live",
         serves="export "),
    Step("understudy world import EXPORT… --out WORLD",
         "understudy world import exports/*/* --out imported"),
    # Mess.
    Step("understudy world profile orders-dirty.csv --clean orders-clean.csv --out orders.yaml"),
    Step("understudy world apply customers.csv --profile orders.yaml --seed 7 --out dirty.csv "
         "--ledger ledger.parquet"),
    Step("understudy world score orders-dirty.csv dirty.csv --clean orders-clean.csv "
         "--html quality.html", codes=(0, 1)),
    Step("understudy world check WORLD", codes=(0, 1)),
    # What is looked up.
    Step("understudy schema --write .understudy"),
    Step("understudy schema campaign"),
    Step("understudy schema NAME", "understudy schema policy"),
    Step("understudy explain WORD", "understudy explain late"),
    Step("understudy explain CODE", "understudy explain U105"),
    Step("understudy explain METRIC", "understudy explain net_value_per_case"),
    Step("understudy explain segment_error_cost_per_case"),
)  # fmt: skip

_NAMED = "it names a command, without the arguments that it takes"
_TAU = "it needs a log of tau-bench: tests/traffic/test_tau.py and tests/external bring their own"
_TRACES = "it needs an agent's traces of the same cases: tests/traffic/test_traces.py brings some"
_WHEEL = "tests/project/test_first_minutes.py runs it with the built wheel"
NOT_RUN = {
    "cd refunds && pytest scenarios": _WHEEL,
    "cd refunds && pytest scenarios -n auto": _WHEEL,
    "cd refunds && pytest scenarios --last-failed": _WHEEL,
    "understudy judge --recording recordings/airline --proposed airline.jsonl --policy standard "
    "--out reports/airline": _TAU,
    "understudy traffic import tau gpt-4o-airline.json --out recordings/airline "
    "--proposed airline.jsonl": _TAU,
    "understudy judge --recording recordings/july --proposed agent.jsonl --policy standard "
    "--out reports/agent": _TRACES,
    "understudy traffic import auto traces.json --for recordings/july --proposed agent.jsonl":
        _TRACES,
    "understudy run campaign.yaml --engine dask --scheduler tcp://head:8786":
        "it needs a cluster: tests/campaign/test_cluster.py starts one",
    "understudy pilot promote CANDIDATE OPERATION --run RUN --to draft_only --by Maria":
        "it needs a signed GO: tests/campaign/test_pilot.py has one",
    "understudy sign latest --waive G4 --expires 2027-01-31 --second Jon --second-key … --key … "
    "--name Maria --role …": "it needs a failed G4: tests/campaign/test_sign_off.py has one",
    **dict.fromkeys(
        (
            "understudy audit key",
            "understudy merge … --partial",
            "understudy run … --resume RUN",
            "understudy run … --resume latest",
            "understudy systems learn",
            "understudy traffic import",
            "understudy traffic import … --out RECORDING",
            "understudy traffic import … --proposed FILE",
            "understudy traffic record",
            "understudy world build",
            "understudy world import",
        ),
        _NAMED,
    ),
}  # fmt: skip
