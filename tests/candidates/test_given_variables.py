"""What a campaign may give its candidate as variables, and what it may not."""

from __future__ import annotations

import pytest

from understudy.candidates.given_variables import check_variable
from understudy.candidates.span_receiver import span_variables
from understudy.doors.loopback import environment
from understudy.doors.variables import credential_variables
from understudy.model.errors import ConfigurationError
from understudy.model.world import World
from understudy.systems.engine import Engine

ENGINE = Engine(World({}))
KEYS = credential_variables(ENGINE.open_worker("any"))
DOORS = environment(dict.fromkeys(ENGINE.systems, "http://127.0.0.1:1"))


@pytest.mark.parametrize(
    "name", ["PATH", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", *KEYS, *DOORS, *span_variables("")]
)
def test_what_a_run_sets_itself_cannot_be_given(name):
    """Not even a value that opens nothing: the run would put its own in its place."""
    with pytest.raises(ConfigurationError, match=f"`{name}` is set by the run itself") as raised:
        check_variable(name, "fake-value")
    assert ("isolation: serial" in raised.value.describe()) == (name in KEYS)


@pytest.mark.parametrize("value", ["latest-4f9a", "contest", "a1b2test9", "4example"])
def test_a_secret_that_happens_to_contain_such_a_word_is_refused(value):
    """What says that it opens nothing begins with the word, or a part of it does."""
    with pytest.raises(ConfigurationError, match="looks like a secret"):
        check_variable("CRM_API_TOKEN", value)
    for made_up in ("fake", "TEST_1", "sk_test_4f9a", "crm.example-key", "canary7"):
        check_variable("CRM_API_TOKEN", made_up)


def test_the_secret_of_a_vendors_webhooks_may_be_made_up():
    """A candidate that is no started service is given none, and may insist on one."""
    check_variable("STRIPE_WEBHOOK_SECRET", "fake-secret")
