"""Where models are asked for in production: whoever tries that in a run meets the wall."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["about_models"]

_HOST = re.compile(
    r"\b(?:api\.(?:openai|anthropic|mistral|groq|cohere|deepseek|together|x)\.(?:com|ai|xyz)"
    r"|[\w-]+\.openai\.azure\.com|openrouter\.ai|generativelanguage\.googleapis\.com"
    r"|bedrock-runtime\.[\w-]+\.amazonaws\.com)\b"
)


def about_models(places: Iterable[str], *, served: bool) -> str:
    """What to write where a candidate asks for models past the gateway; empty where it does not.

    With models `served`, a client of OpenAI's finds them; what still goes to OpenAI is its traces.

    >>> about_models(["resolve api.openai.com"], served=True)
    ''
    >>> about_models(["connect 10.0.0.1:443", "resolve api.openai.com"], served=False)[:56]
    'it asks for a model at `api.openai.com`, and none are se'
    """
    hosts = dict.fromkeys(found[0] for place in places if (found := _HOST.search(place)))
    host = next((each for each in hosts if not served or each != "api.openai.com"), None)
    if host is None:
        return ""
    if served:
        return (
            f"it asks for a model at `{host}`; models are served at OPENAI_BASE_URL alone, in "
            "OpenAI's forms of calls"
        )
    return (
        f"it asks for a model at `{host}`, and none are served: write `models: live`, `record`, "
        "`replay` or `scripted` at the candidate; they are served at OPENAI_BASE_URL, in OpenAI's "
        "forms of calls"
    )
