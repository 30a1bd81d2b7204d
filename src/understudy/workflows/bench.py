"""The screens that staff work at: plain HTTP to the vendors' hosts, as their pages do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

__all__ = ["Bench", "Credentials"]

Credentials = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Bench:
    """One person's open windows on one case."""

    client: httpx.Client
    credentials: Credentials
    base_urls: Mapping[str, str]

    def stripe(self, method: str, path: str, form: Mapping[str, Any] | None = None) -> Any:
        """A call of the finance system, form-encoded as it asks for."""
        key = self.credentials["stripe"]["api_key"]
        return self._call(
            "stripe", method, path, headers={"authorization": f"Bearer {key}"},
            **({"params": form} if method == "GET" else {"data": form}),
        )  # fmt: skip

    def hubspot(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the CRM."""
        token = self.credentials["hubspot"]["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        return self._call("hubspot", method, path, headers=headers, json=body)

    def zendesk(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the support system."""
        own = self.credentials["zendesk"]
        auth = (f"{own['email']}/token", own["token"])
        return self._call("zendesk", method, path, auth=auth, json=body)

    def desk(self, path: str, body: Any) -> Any:
        """A call of the approval desk."""
        headers = {"authorization": f"Bearer {self.credentials['desk']['token']}"}
        return self._call("desk", "POST", path, headers=headers, json=body)

    def _call(self, system: str, method: str, path: str, **given: Any) -> Any:
        """The decoded answer, or None where the system refused or has no such object."""
        if given.get("json", ...) is None:
            del given["json"]
        answer = self.client.request(method, self.base_urls[system] + path, **given)
        if answer.is_error or not answer.content:
            return None
        return answer.json()
