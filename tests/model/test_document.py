"""Configuration errors name the value, the line and what was expected, all at once."""

from __future__ import annotations

import pytest

from understudy.model.campaign import Campaign
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError
from understudy.model.gates import Gates
from understudy.model.policy import Policy
from understudy.model.suite import Suite


@pytest.fixture
def load(tmp_path):
    def read(text, model=Campaign):
        path = tmp_path / "file.yaml"
        path.write_text(text, encoding="utf-8")
        return load_document(path, model)

    return read


CAMPAIGN = """\
version: 1
name: pilot
recording: july
candidates:
  - {name: agent, use: "bot:handle", timeout: 5s}
stop: {budget: 25 EUR}
"""


def test_a_campaign_is_read_with_its_units(load):
    """Money and durations are typed as people write them."""
    campaign = load(CAMPAIGN)
    assert campaign.stop.budget.minor == 2500
    assert campaign.candidates[0].timeout.total_seconds() == 5


@pytest.mark.parametrize("use", ['"exec: node bot.js"', "exec: node bot.js", "{exec: node bot.js}"])
def test_a_command_may_be_written_without_quotes(load, use):
    """YAML reads `exec: node bot.js` as a mapping; it is the same command."""
    text = CAMPAIGN.replace(
        '{name: agent, use: "bot:handle", timeout: 5s}', f"name: a\n    use: {use}"
    )
    if use.startswith("exec"):
        text = text.replace("use: exec", "use:\n      exec")
    assert load(text).candidates[0].spec == "exec: node bot.js"


def test_a_candidate_of_an_unknown_form_is_told_the_forms(load):
    """A mapping that names no form is told on its line, with those that there are."""
    with pytest.raises(ConfigurationError) as caught:
        load(CAMPAIGN.replace('"bot:handle"', "{teleport: x}"))
    assert "file.yaml:5: `candidates.0.use`: `teleport` is no form" in caught.value.describe()


def test_all_mistakes_are_told_together_with_their_lines(load):
    """Three mistakes are three messages, each with file and line."""
    text = CAMPAIGN.replace("name: pilot", "nmae: pilot").replace("25 EUR", "25")
    with pytest.raises(ConfigurationError) as caught:
        load(text.replace("timeout: 5s", "timeout: soon"))
    told = caught.value.describe()
    assert "file.yaml:2: unknown key `nmae`; did you mean `name`?" in told
    assert "`name` is required" in told
    assert "file.yaml:5: `candidates.0.timeout`: `soon` is not a duration" in told
    assert "file.yaml:6: `stop.budget`: `25` has no unit" in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 1\nname: [", "this is not valid YAML"),
        ("", "the file holds nothing"),
        ("- a\n", "the file holds a list"),
        ("version: 1\nname: a\nname: b\n", "this is not valid YAML"),
        ("version: &v 1\nname: *v\n", "anchors and aliases"),
        ("version: !!python/object:os.system {}\n", "tags ("),
        ("a: " + "[" * 100 + "]" * 100, "nested more than 60 deep"),
        ("version: 2\n" + CAMPAIGN.removeprefix("version: 1\n"), "`version`"),
        (CAMPAIGN + "world: x\n", "either `recording` or `world`"),
        (CAMPAIGN.replace("recording: july\n", ""), "either `recording` or `world`"),
        (
            CAMPAIGN.replace("stop:", "  - {name: agent, use: 'x:y'}\nstop:"),
            "two candidates are named `agent`",
        ),
    ],
)
def test_a_malformed_campaign_is_one_clear_error(load, text, expected):
    """Broken YAML, tags, aliases, nesting bombs, wrong versions: an error, never a traceback."""
    with pytest.raises(ConfigurationError) as caught:
        load(text)
    assert expected in caught.value.describe()


def test_a_missing_file_names_its_neighbours(tmp_path):
    """A mistyped file name is answered with the name that is there."""
    (tmp_path / "campaign.yaml").write_text(CAMPAIGN, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_document(tmp_path / "campain.yaml", Campaign)
    assert caught.value.hint == "did you mean `campaign.yaml`?"


def test_a_file_that_is_not_text_is_refused(tmp_path):
    """Bytes that are not UTF-8 are named with their place."""
    path = tmp_path / "campaign.yaml"
    path.write_bytes(b"name: \xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load_document(path, Campaign)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cap: 5000 USD\n", "`cap` is in USD, but the policy's currency is EUR"),
        ("floors: {low: -1, medium: 1, high: 1, critical: 1}\n", "floors.low"),
        ("review: {catch_rate: 170%}\n", "not a share between 0% and 100%"),
        ("kinds: {latte: {severity: low}}\n", "kinds.latte"),
        ("cap: .nan\n", "has no unit"),
        ("weights: {low: .nan, medium: 1, high: 1, critical: 1}\n", "weights.low"),
        ("rates: {USD: 0.92}\n", "`rates.date` is required"),
    ],
)
def test_a_policy_that_cannot_price_is_refused(load, text, expected):
    """Wrong currency, negative floors, shares above one, unknown kinds, NaN, undated rates."""
    with pytest.raises(ConfigurationError) as caught:
        load("version: 1\n" + text, Policy)
    assert expected in caught.value.describe()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gates: [{id: G1, metric: critical_finding}]\n", "gates.0.metric"),
        ("gates: []\n", "gates"),
        ("budget: 0 EUR\ngates: [{id: G1, metric: critical_findings}]\n", "`budget`"),
        ("cap: 5 EUR\ngates: [{id: G1, metric: critical_findings}]\n", "`budget` (6.00 EUR)"),
        (
            "gates: [{id: G1, metric: critical_findings}, {id: G1, metric: critical_findings}]\n",
            "two gates are named `G1`",
        ),
    ],
)
def test_gates_that_cannot_decide_are_refused(load, text, expected):
    """Unknown metrics, no gates, a zero budget, a cap under the budget, an id used twice."""
    with pytest.raises(ConfigurationError) as caught:
        load("version: 1\n" + text, Gates)
    assert expected in caught.value.describe()


def test_a_scenario_must_say_what_is_expected(load):
    """A case without `expect` or `baseline` cannot be judged and is refused."""
    case = "version: 1\ncases: [{id: a, trigger: {system: zendesk, type: ticket}}]\n"
    with pytest.raises(ConfigurationError, match="needs either `expect` or `baseline`"):
        load(case, Suite)
