"""One scenario in several variants, with mess and faults of its own, and what is expected then."""

from __future__ import annotations

import time

import pytest
from tests.own_pytest import own_pytest

from understudy.campaign.suites.scenarios import load_suite, try_scenario
from understudy.campaign.suites.stage import mess_problems, staged
from understudy.model.errors import ConfigurationError
from understudy.model.suite import Scenario
from understudy.shadow.standing import StandingCrews
from understudy.world.operators.registry import Works, operators

SUITE = """\
version: 1
seed: 3
candidate: {use: "bot:handle"}
cases:
  - id: refund
    tags: [money]
    trigger: {system: zendesk, type: ticket.created, payload: {ticket_id: "1"}}
    world:
      zendesk.users: [{id: "9", name: Ann Lee, email: ann@example.com, role: end-user}]
      zendesk.tickets: [{id: "1", subject: Hi, status: open, requester_id: "9", tags: []}]
      stripe.charges:
        - {id: ch_1, amount: 5000, amount_refunded: 0, currency: eur, status: succeeded,
           paid: true, captured: true, created: 1793000000, refunded: false}
    expect:
      actions:
        - {operation: stripe.refunds.create, target: {type: charge, id: ch_1}, amount: 50 EUR}
    variants:
      plain: {}
      yen:
        tags: [yen]
        world: {stripe.charges: [{id: ch_1, currency: jpy}]}
        expect:
          actions:
            - {operation: stripe.refunds.create, target: {type: charge, id: ch_1}, amount: 5000 JPY}
      typo:
        mess: [{op: typo_keyboard, table: zendesk.users, columns: [name], ids: ["9"]}]
        expect: {escalated: true}
      reset:
        faults: [{match: {operation: stripe.refunds.create}, do: apply_then_reset}]
        expect: {fallback: true}
"""
BOT = """
def handle(case, systems):
    name = systems.call("zendesk.users.get", id="9")["user"]["name"]
    if name != "Ann Lee":
        return {"outcome": "escalated", "rationale": name}
    try:
        systems.call("stripe.refunds.create", charge="ch_1")
    except Exception:
        %s
"""
ROWS = {
    "hubspot.contacts": [
        {"id": "501", "archived": False, "createdAt": "2025-01-07T10:00:00Z",
         "updatedAt": "2025-01-07T10:00:00Z", "email": "ann@berg.example", "firstname": "Ann Mae",
         "lastname": "Oberg", "phone": "0301234560", "company": "Berg GmbH", "address": "Road 1",
         "city": "Berlin", "zip": "01234", "jobtitle": "1,234.50 EUR"},
    ],
    "stripe.customers": [
        {"id": "cus_1", "created": 1736240400, "email": "ann@berg.example", "name": "Ann Oberg",
         "metadata": {"crm_contact_id": "501"}},
    ],
    "zendesk.users": [{"id": "41", "name": "Ann Oberg", "email": "ann@berg.example"}],
    "zendesk.tickets": [
        {"id": "1", "subject": "Hi", "description": "Please refund 12.50 EUR.", "status": "new",
         "requester_id": "41", "created_at": "2026-11-02T08:00:00Z"},
    ],
    "stripe.deliveries": [
        {"id": "d1", "event": "e1", "type": "x", "attempt": 1, "delivered_at": 1793000000},
    ],
}  # fmt: skip
BLOCK_TABLES = {
    "copies_disagree": "stripe.customers", "orphan_stale_fk": "stripe.customers",
    "event_dup_late_reorder": "stripe.deliveries", "ticket_thread_noise": "zendesk.tickets",
}  # fmt: skip
OPTIONS = {
    "copies_disagree": {"column": "email", "how": "other_email"},
    "orphan_stale_fk": {"column": "metadata.crm_contact_id"},
    "schema_drift": {"how": "rename", "to": "family_name"},
    "recode": {"words": {"Berg GmbH": "B"}}, "truncate": {"length": 3},
    "take_neighbour": {"column": "firstname"},
}  # fmt: skip
GIVES_UP = 'return {"outcome": "escalated"}'
GOES_ON = 'systems.call("zendesk.tags.add", id="1", tags=["done"]); return {"outcome": "escalated"}'
SHRUGS = "pass"


@pytest.fixture
def suite(tmp_path):
    """Write the suite, changed where asked, and a candidate that does this when in doubt."""

    def write(doubt=GIVES_UP, **changes):
        text = SUITE
        for old, new in changes.items():
            text = text.replace(old, new)
        (tmp_path / "bot.py").write_text(BOT % doubt, encoding="utf-8")
        (tmp_path / "suite.yaml").write_text(text, encoding="utf-8")
        return tmp_path / "suite.yaml"

    return write


@pytest.fixture
def tried(suite):
    """What becomes of one variant."""

    def attempt(name, doubt=GIVES_UP):
        loaded = load_suite(suite(doubt))
        return try_scenario(loaded, loaded.scenarios[f"refund[{name}]"], None)

    return attempt


@pytest.mark.slow
def test_each_variant_is_a_test_with_an_id_to_paste(suite, tmp_path):
    """Variants stand in the list with their names, are run by id and by tag."""
    suite()
    listed = own_pytest(tmp_path, "suite.yaml", "--collect-only").stdout
    names = ["plain", "yen", "typo", "reset"]
    assert [line for line in listed.splitlines() if "::" in line] == [
        f"suite.yaml::refund[{name}]" for name in names
    ]
    assert "1 passed" in own_pytest(tmp_path, "suite.yaml::refund[typo]").stdout
    ran = own_pytest(tmp_path, "suite.yaml::refund", "-m", "yen").stdout
    assert "1 passed, 3 deselected" in ran


def test_a_variant_is_told_with_its_own_line(suite):
    """The line of a variant is where it stands, not where its case begins."""
    loaded = load_suite(suite())
    lines = SUITE.splitlines()
    assert "yen:" in lines[loaded.lines["refund[yen]"] - 1]


def test_mess_is_drawn_by_the_seed_and_touches_nothing_else(tried):
    """The same typo each time, in the one cell that is named."""
    first, second = tried("typo"), tried("typo")
    assert first.passed, str(first)
    said = [each.records[0].trace.rationale for each in (first, second)]
    assert said[0] == said[1] != "Ann Lee"


def test_a_fallback_is_a_person_after_the_fault_and_no_write_in_doubt(tried):
    """Handing over holds; a write after the doubtful one, or going on as if, does not."""
    assert tried("reset").passed
    goes_on, shrugs = tried("reset", GOES_ON), tried("reset", SHRUGS)
    assert "tagged a ticket (ticket 1)" in str(goes_on)
    assert "nothing written in doubt" in str(goes_on)
    assert "not handed to a person" in str(shrugs)


def test_a_fallback_without_a_fault_is_none(tried, suite):
    """Where the fault never strikes there was nothing to fall back from."""
    path = suite()
    path.write_text(
        path.read_text().replace("stripe.refunds.create}, do", "stripe.refunds.list}, do")
    )
    loaded = load_suite(path)
    tried = try_scenario(loaded, loaded.scenarios["refund[reset]"], None)
    assert "met no fault" in str(tried)
    assert "a planned fault never acted" in tried.notes[0]


@pytest.mark.parametrize(
    ("mess", "said"),
    [
        ("{op: typo_keybord, table: zendesk.users, columns: [name]}", "did you mean `typo_keyb"),
        ("{op: typo_keyboard, table: zendesk.usres, columns: [name]}", "no table `zendesk.usres`"),
        ("{op: typo_keyboard, table: zendesk.users}", "needs the `columns`"),
        ("{op: typo_keyboard, table: zendesk.users, columns: [nmae]}", "did you mean `name`"),
        ("{op: typo_keyboard, table: zendesk.users, columns: [name], ids: ['8']}", "no row `8`"),
        ("{op: typo_keyboard, table: stripe.customers, columns: [name]}", "no rows of"),
        ("{op: duplicate_rows, table: zendesk.users, columns: [name]}", "takes no `columns`"),
        ("{op: truncate, table: zendesk.users, columns: [name], options: {lenght: 3}}", "lenght"),
    ],
)  # fmt: skip
def test_impossible_mess_is_told_with_its_line(suite, mess, said):
    """Operator, table, column, row and options are checked when the suite is read."""
    old = '{op: typo_keyboard, table: zendesk.users, columns: [name], ids: ["9"]}'
    line = next(n for n, each in enumerate(SUITE.splitlines(), 1) if old in each)
    with pytest.raises(ConfigurationError) as told:
        load_suite(suite(**{old: mess}))
    assert said in told.value.describe()
    assert f"suite.yaml:{line}" in told.value.describe()


def test_a_limit_on_cost_needs_something_to_price(suite):
    """`cost_at_most` alone would hold whatever the candidate does."""
    with pytest.raises(ConfigurationError, match="needs the `actions`"):
        load_suite(suite(**{"{fallback: true}": "{cost_at_most: 5 EUR}"}))


def test_a_limit_on_cost_may_be_in_other_money(suite):
    """Yen are turned into the policy's euros: 300 JPY are 1.83 EUR, and a handover costs 2.18."""
    for limit, passed in ((300, False), (400, True)):
        old = "amount: 5000 JPY}"
        path = suite(**{old: f"{old}\n          cost_at_most: {limit} JPY"})
        (path.parent / "bot.py").write_text("def handle(case, systems):\n    " + GIVES_UP, "utf-8")
        loaded = load_suite(path)
        tried = try_scenario(loaded, loaded.scenarios["refund[yen]"], None)
        assert tried.passed is passed, str(tried)


def test_a_case_may_fail_as_often_as_it_says(suite, tmp_path):
    """Of five runs four must hold: one failure passes, two do not."""
    loaded = load_suite(suite(**{"      plain: {}": "      plain: {repeats: 5, pass: 4}"}))
    # Files of one size and second would be one to Python's cache of compiled modules.
    counted = "SEEN.append(1); assert len(SEEN) > len('%s')\n    name ="
    for failures, passed in ((1, True), (2, False)):
        bot = "SEEN = []\n" + BOT % GIVES_UP
        (tmp_path / "bot.py").write_text(
            bot.replace("name =", counted % ("x" * failures), 1), "utf-8"
        )
        tried = try_scenario(loaded, loaded.scenarios["refund[plain]"], None)
        assert (tried.held, tried.passed) == (5 - failures, passed), str(tried)


def test_every_operator_acts_on_rows_or_says_that_it_cannot():
    """None of the world's operators breaks on a few rows by hand; most of them damage something."""
    acted = [name for name, operator in operators().items() if _acts(name, operator)]
    assert len(acted) >= 25, acted


def _acts(name, operator):
    tables = {Works.BLOCK: BLOCK_TABLES.get(name, "hubspot.contacts")}
    columns = {Works.CELLS: ["jobtitle", "phone", "company"], Works.ROWS: ["firstname", "lastname"]}
    mess = {
        "op": name, "table": tables.get(operator.works_on, "hubspot.contacts"),
        "columns": columns.get(operator.works_on, []), "options": OPTIONS.get(name, {}),
    }  # fmt: skip
    written = {"id": "x", "trigger": {"system": "zendesk", "type": "t"}, "expect": {}}
    case = Scenario.model_validate({**written, "world": ROWS, "mess": [mess]})
    if any(mess_problems(case)):
        return False
    first, second = staged(case, 1_793_610_000, 3), staged(case, 1_793_610_000, 3)
    assert first == second
    return not first.idle and first.stage.rows != staged(_clean(case), 0, 0).stage.rows


def _clean(case):
    return case.model_copy(update={"mess": ()})


def test_one_process_serves_scenarios_that_do_not_see_each_other(suite, tmp_path):
    """With standing processes all variants run in one, and end as each does alone, in any order."""
    loaded = load_suite(suite(doubt=GIVES_UP))
    bot = "import os\nSEEN = []\n" + BOT % GIVES_UP
    (tmp_path / "bot.py").write_text(
        bot.replace("    name =", "    SEEN.append(1); print(os.getpid(), len(SEEN))\n    name ="),
        encoding="utf-8",
    )
    scenarios = [*loaded.scenarios.values()]
    with StandingCrews() as crews:
        for order in (scenarios, scenarios[::-1]):
            results = [try_scenario(loaded, each, None, crews=crews) for each in order]
            assert all(each.passed for each in results), [str(each) for each in results]
            printed = [each.records[0].trace.printed.split() for each in results]
            seen = [int(count) for _, count in printed]
            assert seen == list(range(seen[0], seen[0] + 4))
    assert seen[-1] == 8


def test_a_process_that_dies_takes_no_other_scenario_with_it(suite, tmp_path):
    """A candidate that ends its process fails that scenario; the next one has another process."""
    loaded = load_suite(suite())
    bot = "import os\n" + BOT % "os._exit(3)"
    (tmp_path / "bot.py").write_text(bot, encoding="utf-8")
    with StandingCrews() as crews:
        died = try_scenario(loaded, loaded.scenarios["refund[reset]"], None, crews=crews)
        after = try_scenario(loaded, loaded.scenarios["refund[plain]"], None, crews=crews)
    assert "exit code 3" in str(died)
    assert after.passed, str(after)


@pytest.mark.slow
def test_a_process_that_dies_between_two_scenarios_is_nobody_s_failure(suite, tmp_path):
    """What kills the process after its answer is not held against the next scenario."""
    loaded = load_suite(suite())
    late = "import os, threading\n" + BOT % GIVES_UP
    late += "\nthreading.Timer(0.0, lambda: None)\nkept = handle\n"
    late += "def handle(case, systems):\n    threading.Timer(0.2, os._exit, (9,)).start()\n"
    (tmp_path / "bot.py").write_text(late + "    return kept(case, systems)\n", "utf-8")
    with StandingCrews() as crews:
        for _ in range(3):
            tried = try_scenario(loaded, loaded.scenarios["refund[plain]"], None, crews=crews)
            assert tried.passed, str(tried)
            time.sleep(0.5)


def test_tables_that_nothing_serves_are_refused(tmp_path):
    """With the line and the nearest name, in a variant too; the user's own tables may be any."""
    path = tmp_path / "suite.yaml"
    wrong = SUITE.replace("zendesk.users:", "zendesk.user:").replace(
        "world: {stripe.charges: [{id: ch_1, currency: jpy}]}",
        "world: {stripe.chrages: [{id: ch_1}], warehouse.parcels: [{id: p_1}]}",
    )
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_suite(path)
    told = caught.value.describe()
    assert f"{path}:9: `zendesk` has no table `zendesk.user`; did you mean `zendesk.users`?" in told
    assert "did you mean `stripe.charges`?" in told
    assert "warehouse" not in told
