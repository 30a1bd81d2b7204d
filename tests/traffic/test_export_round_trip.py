"""A world's own history in the vendors' export formats, imported again."""

from __future__ import annotations

import orjson
import pytest
from tests.traffic import exports as x

from understudy.campaign.recordings.worlds import BuildRequest, build_world
from understudy.redact.redactor import Redactor
from understudy.systems.calling import find_operation
from understudy.systems.engine import Engine
from understudy.systems.message import Request
from understudy.systems.operation import Call, Refusal
from understudy.systems.rendering import dumps
from understudy.traffic.exports.importing import ExportOptions, import_exports
from understudy.traffic.exports.vendor_files import write_exports
from understudy.traffic.exports.vendor_history import history_of
from understudy.traffic.exports.vendors import VENDORS
from understudy.traffic.recording import read_recording
from understudy.world.store import load_world
from understudy.world.versions import micros

# What a request says and no export keeps: how a change of seats is to be prorated.
REQUEST_ONLY = {"proration_behavior"}
# When a world's row was last touched may lie after the case; as of the case it was earlier.
STAMPS = (
    "updated_at", "updatedAt", "generated_timestamp", "lastmodifieddate", "hs_lastmodifieddate",
)  # fmt: skip
READS = {
    "stripe.charges": ("stripe.charges.retrieve", {}),
    "stripe.customers": ("stripe.customers.retrieve", {}),
    "stripe.invoices": ("stripe.invoices.retrieve", {}),
    "stripe.subscriptions": ("stripe.subscriptions.retrieve", {}),
    "stripe.disputes": ("stripe.disputes.retrieve", {}),
    "zendesk.tickets": ("zendesk.tickets.get", {}),
    "zendesk.users": ("zendesk.users.get", {}),
    "hubspot.contacts": ("hubspot.objects.get", {"object_type": "contacts"}),
    "hubspot.companies": ("hubspot.objects.get", {"object_type": "companies"}),
    "hubspot.deals": ("hubspot.objects.get", {"object_type": "deals"}),
}


@pytest.fixture(
    scope="module", ids=["mid_market", "enterprise", "tidy"],
    params=[(11, "mid_market", 45, 40), (2, "enterprise", 60, 30), (3, "tidy", 60, 30)],
)  # fmt: skip
def trip(request, tmp_path_factory):
    """A world with its recording, and what became of its exports."""
    folder = tmp_path_factory.mktemp("trip")
    seed, profile, customers, cases = request.param
    request = BuildRequest(folder / "world", "default", profile, customers, cases, seed=seed)
    build_world(request, lambda *_: None)
    world, recording = load_world(folder / "world"), read_recording(folder / "world" / "recording")
    history = history_of(world, recording)
    files = [
        (VENDORS[name], path)
        for name in VENDORS
        for path in write_exports(history, name, folder / name)
    ]
    options = ExportOptions(key=x.KEY, synthetic=True)
    report = import_exports(files, folder / "imported", options)
    return world, recording, report, read_recording(folder / "imported"), history


def pairs(trip):
    """Each case with the imported one of its ticket, where its objects were there by then."""
    world, recording, _, imported, history = trip
    known = {case.trigger.payload["ticket_id"]: case for case in imported.cases}
    for case in recording.cases:
        baseline = recording.baselines_of(case.case_id)[0]
        targets = [a.target.id for a in baseline.actions if a.target and a.target.id]
        rows = [world.get(table, i) for table in READS for i in targets]
        apart = not targets_of_others(history, case) & set(targets)
        if apart and all(born(row) <= micros(case.received_at) for row in rows if row):
            yield case, baseline, known.get(case.trigger.payload["ticket_id"])


def targets_of_others(history, case):
    """What earlier cases wrote: recorded cases know nothing of each other, in life they do."""
    return {
        edit.id
        for write in history.writes
        if write.case_id != case.case_id and write.at < case.received_at
        for edit in write.edits
    }


def touched_later(world, at):
    """What the world's own objects did after a moment: a world without times shows it before."""
    found = set()
    for table in ("stripe.refunds", "stripe.disputes", "stripe.credit_notes"):
        for row in world.table(table).values():
            if born(row) >= micros(at):
                found |= {row.get("charge"), row.get("invoice"), row.get("payment_intent")}
    for row in world.table("zendesk.tickets").values():
        if row.get("updated_at") and x.moment(row["updated_at"]) >= at:
            found.add(row["id"])
    return found


def born(row):
    moment = row.get("created_at") or row.get("createdAt")
    return micros(x.moment(moment)) if moment else int(row.get("created", 0)) * 1_000_000


def told(value):
    """What is told at all: vendors spell out what a world leaves empty."""
    if isinstance(value, dict):
        found = {key: told(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item not in (None, {}, [])}
    return value


def said(action, names=None):
    """An action as both sides can tell it, times to the second."""
    fields = {key: value for key, value in action.fields.items() if key not in REQUEST_ONLY}
    if action.operation == "hubspot.objects.update":
        # A property that was set to what it was already leaves no entry in its history.
        fields = {key: value for key, value in fields.items() if key in (action.after or {})}
    states = {"before": told(action.before or {}), "after": told(action.after or {})}
    for stamp in STAMPS:
        states["before"].pop(stamp, None)
    if action.system == "desk":
        states["after"].pop("id", None)
    return {
        "operation": action.operation, "target": action.target, "fields": told(fields),
        "amount": (action.amount_minor, action.currency), "effect": action.effect,
        "class": action.action_class, "at": action.at.replace(microsecond=0), **states,
    }  # fmt: skip


def missing(wanted, got, place=""):
    """What `wanted` tells and `got` does not, with its place."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        found = (missing(item, got.get(key), f"{place}.{key}") for key, item in wanted.items())
        return [each for part in found for each in part]
    return [] if wanted == got else [(place, wanted, got)]


def does_something(action):
    """Refused writes, and those that set what was set already, leave no trace in any export."""
    changes = action.operation.endswith((".update", ".add"))
    return not action.refused and not (changes and not set(action.after or ()) - set(STAMPS))


def in_order(actions):
    return sorted(map(said, actions), key=lambda each: (each["at"], each["operation"]))


@pytest.mark.slow
def test_every_record_of_the_exports_is_accounted_for(trip):
    """Nothing of a whole export is lost, dropped or quarantined."""
    facts = trip[2].manifest
    assert facts.records == facts.kept > 1000


@pytest.mark.slow
def test_baselines_come_back_equal(trip):
    """Actor, operation, target, amount, time, and the values before and after are the same."""
    checked = 0
    for case, baseline, imported in pairs(trip):
        assert imported is not None, case.case_id
        found = trip[3].baselines_of(imported.case_id)[0]
        wanted = in_order(action for action in baseline.actions if does_something(action))
        got = in_order(found.actions)
        assert [each["operation"] for each in got] == [each["operation"] for each in wanted]
        for one, other in zip(wanted, got, strict=True):
            assert (case.case_id, missing(one, other)) == (case.case_id, [])
        assert (found.actor, found.outcome) == (baseline.actor, baseline.outcome)
        checked += 1
    assert checked >= len(trip[1].cases) * 0.85


@pytest.mark.slow
def test_states_as_of_the_trigger_come_back_equal(trip):
    """Every object that was there when a case came in reads through the API as it did then."""
    world, _, _, imported, history = trip
    timed = load_world(imported.path / "world")
    ours = Engine(world).open_case("ours")
    compared, clean = 0, Redactor(x.KEY, personal=False)
    for case, _, found in list(pairs(trip))[::4]:
        written = targets_of_others(history, case) | touched_later(world, case.received_at)
        theirs = Engine(timed).open_case("theirs", now=found.received_at)
        for table, (operation, params) in READS.items():
            for row_id, row in list(world.table(table).items())[::3]:
                if born(row) < micros(case.received_at) and row_id not in written:
                    wanted = clean.redact_value(read(ours, operation, {**params, "id": row_id}))
                    got = read(theirs, operation, {**params, "id": row_id})
                    assert (table, row_id, missing(wanted, got)) == (table, row_id, [])
                    compared += 1
    assert compared > 500


def read(session, operation, params):
    """One object as its system shows it in a case, without when it was last touched."""
    call = Call(session, Request("GET", "", "", "", {}, b""), params, {}, None)
    try:
        shown = orjson.loads(dumps(find_operation(operation).handler(call).payload))
    except Refusal as refusal:
        return {"refused": refusal.reply.status}
    for each in (shown, shown.get("ticket", {}), shown.get("properties", {})):
        for stamp in STAMPS:
            each.pop(stamp, None)
    return told(shown)
