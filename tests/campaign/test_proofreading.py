"""What is wrong with a campaign is told before anything is built, with its line, all at once."""

from __future__ import annotations

import re

import pytest

from understudy.campaign import pipeline
from understudy.campaign.projects.proofreading import proofread_places
from understudy.campaign.projects.settings import load_settings
from understudy.campaign.runs.request import RunRequest
from understudy.campaign.suites.scenarios import load_suite
from understudy.model.campaign import CandidateSpec
from understudy.model.errors import CandidateError, ConfigurationError, UnderstudyError

HEAD = """\
version: 1
name: pilot
world: {customers: 60, cases: 20}
"""
AGENT = 'candidates: [{name: agent, use: "bot:handle"}]\n'


@pytest.fixture
def told(tmp_path):
    """Everything that is said of a campaign with these lines after its head."""

    def load(text, **files):
        for name, content in files.items():
            (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
        path = tmp_path / "campaign.yaml"
        path.write_text(HEAD + text, encoding="utf-8")
        with pytest.raises(UnderstudyError) as caught:
            load_settings(path)
        assert caught.value.exit_code == 2
        return caught.value.describe().replace(f"{tmp_path}/", "")

    return load


@pytest.mark.parametrize(
    ("line", "place", "said"),
    [
        ("faults: [{match: {operation: stripe.refunds.craete}, do: reset}]", 5,
         "did you mean `stripe.refunds.create`?"),
        ("faults: [{match: {}, do: rset}]", 5, "did you mean `reset`?"),
        ("faults: [{match: {}, do: status, options: {stauts: 1}}]", 5, "did you mean `status`?"),
        ("faults: [{match: {}, do: latency, options: {seconds: -1}}]", 5, "from 0 on"),
        ("faults: [{match: {operation: models.chat}, do: status}]", 5, "the campaign serves none"),
        ("models: {script: [{text: a}, {txet: b}]}", 5, "answer 2 of the script"),
        ("models: {script: [{txet: b}]}", 5, "did you mean `text`?"),
        ("systems: {crm: hubspto}", 5, "did you mean `hubspot`?"),
        ("faults: [{match: {operation: models.chta}, do: reset}]", 5, "`models.chat`?"),
        ("faults: [{match: {system: models}, do: page_drift}]", 5, "cannot befall models"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_its_line_and_the_nearest_name(told, line, place, said):
    """Fault names, operations, options, answers of a script, systems."""
    text = told(AGENT + line)
    assert f"campaign.yaml:{place}: " in text
    assert said in text


@pytest.mark.parametrize(
    ("need", "said"),
    [
        ("localhost", "it has no port"), ("127.0.0.1:99999", "from 1 to 65535"),
        ("http://localhost:80/v1", "leave out the scheme"), (":80", "is not an address"),
        ("127.0.0.1:0", "from 1 to 65535"), ("db:54x2", "is not an address"),
    ],
)  # fmt: skip
def test_a_need_that_is_no_address_is_told(told, need, said):
    """The entry, its line, and what is wrong with it."""
    text = told(f'candidates:\n  - name: a\n    use: "b:c"\n    needs: ["{need}"]\n')
    assert f"campaign.yaml:7: `needs: {need}` is not an address" in text
    assert said in text


@pytest.mark.parametrize("match", ["system: hubspot", "operation: hubspot.objects.update"])
def test_a_fault_for_a_system_that_is_not_mounted_lists_those_that_are(told, match):
    """By system and by operation; so too where a system of the user's own is mounted beside."""
    for own in ("", ', erp: "my_erp:Erp"'):
        text = told(
            AGENT
            + f"systems: {{finance: stripe{own}}}\nfaults: [{{match: {{{match}}}, do: reset}}]"
        )
        assert "campaign.yaml:6: a fault is to befall the system `hubspot`" in text
        assert "mounted are desk, stripe" in text


def test_what_only_an_own_system_knows_is_left_to_the_run(tmp_path):
    """Its code is the user's, and nothing of it is loaded to read a file."""
    path = tmp_path / "campaign.yaml"
    path.write_text(
        HEAD + AGENT + 'systems: {erp: "no_such_module:Erp"}\n'
        "faults: [{match: {operation: erp.orders.create}, do: reset}, "
        "{match: {system: erp}, do: reset}]\n"
    )
    assert load_settings(path).campaign.faults


def test_everything_is_told_at_once(told):
    """Candidates, faults, script and the policy's write modes, each with its own file and line."""
    text = told(
        'candidates: [{name: a, use: "bot", needs: [db]}]\npolicy: own.yaml\n'
        "faults: [{match: {operation: nothing.at.all}, do: reset}]\nmodels: {script: [{a: 1}]}\n",
        own="version: 1\ncurrency: EUR\nwrites: {stripe.refunds.craete: deny}\n",
    )
    for said in (
        "campaign.yaml:4: `bot` does not name a candidate", "campaign.yaml:4: `needs: db`",
        "campaign.yaml:6: a fault is to befall `nothing.at.all`",
        "campaign.yaml:7: answer 1 of the script",
        "own.yaml:3: `writes: stripe.refunds.craete`",
    ):  # fmt: skip
        assert said in text, text
    assert text.count("error[") == 5


def test_a_list_is_not_too_short_because_its_items_are_wrong(told):
    """Only what is wrong is told; an empty list is told as one."""
    text = told("candidates: [{name: a, uze: b}]")
    assert "did you mean `use`?" in text
    assert "at least" not in text
    assert "`candidates`: at least 1 of them must be there" in told("candidates: []")


def test_a_suite_is_not_taken_for_a_campaign(told):
    """The command that runs it is given."""
    text = told("cases: []")
    assert "is a suite of scenarios" in text
    assert "pytest" in text


def test_a_candidate_of_the_command_line_is_proofread_as_well(tmp_path):
    """A spec of no known form is told before a world is built for it."""
    path = tmp_path / "campaign.yaml"
    path.write_text(HEAD + AGENT)
    with pytest.raises(UnderstudyError, match="`http://localhost:9000/handle`"):
        load_settings(path).candidates("localhost:9000/handle")


GIVEN = 'candidates: [{name: agent, use: "%s", env: {%s}}]\n'


@pytest.mark.parametrize(
    ("use", "variables", "said"),
    [
        ("bot:handle", "CRM_API_TOKEN: abc123", "`CRM_API_TOKEN` looks like a secret"),
        ("bot:handle", "DB_PASSWORD: hunter2", "env: {DB_PASSWORD: fake-value}"),
        ("bot:handle", "OPENAI_BASE_URL: http://x", "`OPENAI_BASE_URL` is set by the run itself"),
        ("bot:handle", "STRIPE_API_BASE: http://x", "understudy systems env CAMPAIGN"),
        ("bot:handle", "A-B: x", "`A-B` cannot be the name of a variable"),
        ("bot:handle", "PORT: 8080", "should be a valid string"),
        ("http://127.0.0.1:9/", "CURRENCY: EUR", "where it is started"),
    ],
)
def test_a_variable_that_cannot_be_given_is_told_with_its_line(told, use, variables, said):
    """Secrets, what the run itself sets, no names, no text, and what would reach no code."""
    text = told(GIVEN % (use, variables))
    assert "campaign.yaml:4" in text
    assert said in text
    assert "hunter2" not in text
    assert "abc123" not in text


def test_a_suite_may_give_variables_too_and_no_secrets(tmp_path):
    """The candidate of a suite is said in the same words."""
    path = tmp_path / "suite.yaml"
    case = "cases: [{id: a, trigger: {system: zendesk, type: t}, expect: {escalated: true}}]\n"
    head = "version: 1\ncandidate: {use: 'bot:handle', env: {%s}}\n"
    path.write_text(head % "CURRENCY: EUR" + case)
    assert load_suite(path).suite.candidate.env == {"CURRENCY": "EUR"}
    path.write_text(head % "SECRET_KEY: open-sesame" + case)
    with pytest.raises(ConfigurationError, match="looks like a secret") as raised:
        load_suite(path)
    assert "open-sesame" not in raised.value.describe()


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("my_bot.agnet:handle", "did you mean `my_bot.agent`?"),
        ("yaml.nothing_of_that_name:handle", "no module `yaml.nothing_of_that_name`"),
        ("no_bot:handle", "there is no module `no_bot`"),
        ("exec: no-such-bot --fast", "there is no such command"),
        ("mcp: no-such-bot", "there is no such command"),
    ],
)
def test_what_is_nowhere_is_told_before_anything_is_built(tmp_path, monkeypatch, use, said):
    """A module or a command of no such name; none of the candidate's code is run for it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_bot").mkdir()
    (tmp_path / "my_bot" / "__init__.py").write_text("raise SystemExit('it was run')\n")
    (tmp_path / "my_bot" / "agent.py").touch()
    with pytest.raises(CandidateError, match=re.escape(said)) as raised:
        proofread_places([CandidateSpec(name="agent", use=use)], tmp_path)
    assert str(tmp_path) in raised.value.hint
    good = ("my_bot.agent:handle", "os.path:join", "sys:exit", "exec: ./own.sh", "exec: sh x.sh")
    proofread_places([CandidateSpec(name="agent", use=each) for each in good], tmp_path)


def test_parts_that_a_package_finds_by_itself_are_left_to_the_run(tmp_path):
    """Its code would have to be run to know of them."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "__init__.py").write_text("__path__ = ['/elsewhere']\n")
    proofread_places([CandidateSpec(name="agent", use="plugins.bot:handle")], tmp_path)


def test_a_misspelt_module_costs_no_world(tmp_path, monkeypatch):
    """A run says so before it builds the world that the campaign asks for."""
    monkeypatch.setattr(pipeline, "open_source", lambda *_: pytest.fail("it was built"))
    path = tmp_path / "campaign.yaml"
    path.write_text(HEAD + AGENT, encoding="utf-8")
    request = RunRequest(reports=tmp_path)
    with pytest.raises(CandidateError, match="there is no module `bot`"):
        list(pipeline.opened(load_settings(path), request, lambda *_: None))
