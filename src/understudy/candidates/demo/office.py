"""A thin client of the four systems, as an integration's author would write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

__all__ = ["Office", "Refused", "Unanswered"]

STRIPE = "https://api.stripe.com"
HUBSPOT = "https://api.hubapi.com"
_NOTE_TO_CONTACT, _TASK_TO_CONTACT = 202, 204
_CONTACT_FIELDS = "email,firstname,lastname,phone,tier,plan"


class Refused(Exception):
    """A system refused a call; `message` is the vendor's own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Unanswered(Exception):
    """A system did not answer, or in a way that cannot be read: what it did is not known."""


class Office:
    """The systems of one case. Use it as a context manager."""

    def __init__(self, case: Any) -> None:
        self._client = httpx.Client(timeout=20)
        self._support = case.base_urls["zendesk"]
        own = case.credentials["zendesk"]
        self._support_auth = (f"{own['email']}/token", own["token"])
        self._finance_auth = {
            "authorization": f"Bearer {case.credentials['stripe']['api_key']}",
            # As of then an invoice names the charge that has paid it.
            "stripe-version": "2024-06-20",
        }
        token = case.credentials["hubspot"]["access_token"]
        self._crm_auth = {"authorization": f"Bearer {token}"}
        self.ticket_id = str(case.trigger.payload["ticket_id"])

    def __enter__(self) -> Office:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def finance(self, method: str, path: str, form: Mapping[str, Any] | None = None) -> Any:
        """A call of Stripe; raises `Refused` or `Unanswered`."""
        named = {"params": form} if method == "GET" else {"data": form}
        return self._asked(method, STRIPE + path, headers=self._finance_auth, **named)

    def crm(self, method: str, path: str, body: Any = None) -> Any:
        """A call of HubSpot; raises `Refused` or `Unanswered`."""
        named = {} if body is None else {"json": body}
        return self._asked(method, HUBSPOT + path, headers=self._crm_auth, **named)

    def support(self, method: str, path: str, body: Any = None) -> Any:
        """A call of Zendesk; raises `Refused` or `Unanswered`."""
        named = {} if body is None else {"json": body}
        url = f"{self._support}/api/v2{path}"
        return self._asked(method, url, auth=self._support_auth, **named)

    def _asked(self, method: str, url: str, **named: Any) -> Any:
        try:
            return _read(self._client.request(method, url, **named))
        except (httpx.TransportError, ValueError) as error:
            raise Unanswered(f"{type(error).__name__} at {httpx.URL(url).host}") from error

    def listed(self, path: str, **filters: Any) -> list[Any]:
        """The first hundred objects of one of Stripe's lists, newest first."""
        found: list[Any] = self.finance("GET", path, {"limit": 100, **filters})["data"]
        return found

    def customers(self, email: str) -> list[Any]:
        """The customers of finance with this e-mail address."""
        return self.listed("/v1/customers", email=email)

    def contacts(self, email: str) -> list[Any]:
        """The living contacts of the CRM with this e-mail address."""
        body = {
            "filterGroups": [
                {"filters": [{"propertyName": "email", "operator": "EQ", "value": email}]}
            ],
            "properties": _CONTACT_FIELDS.split(","),
            "limit": 10,
        }
        found: list[Any] = self.crm("POST", "/crm/v3/objects/contacts/search", body)["results"]
        return found

    def contact(self, contact_id: str) -> Any:
        """One contact of the CRM."""
        return self.crm(
            "GET", f"/crm/v3/objects/contacts/{contact_id}?properties={_CONTACT_FIELDS}"
        )

    def ticket(self) -> Any:
        """The case's ticket."""
        return self.support("GET", f"/tickets/{self.ticket_id}.json")["ticket"]

    def user(self, user_id: object) -> Any:
        """A user of the support system."""
        return self.support("GET", f"/users/{user_id}.json")["user"]

    def product_of(self, subscription: Any) -> str:
        """The name of the product that a subscription is for."""
        price = subscription["items"]["data"][0]["price"]
        if not isinstance(price, dict):
            price = self.finance("GET", f"/v1/prices/{price}")
        name: str = self.finance("GET", f"/v1/products/{price['product']}")["name"]
        return name

    def reply(self, text: str, first_name: str) -> None:
        """A public answer on the ticket."""
        body = f"Hello {first_name},\n\n{text}\n\nKind regards\nSupport".replace(" ,", ",")
        self.change_ticket({"comment": {"body": body, "public": True}})

    def change_ticket(self, changes: Mapping[str, Any]) -> None:
        """Change the ticket itself."""
        self.support("PUT", f"/tickets/{self.ticket_id}.json", {"ticket": dict(changes)})

    def tag(self, tag: str) -> None:
        """Add a tag to the ticket."""
        self.support("PUT", f"/tickets/{self.ticket_id}/tags.json", {"tags": [tag]})

    def answer_bank(self, dispute_id: str, statement: str) -> None:
        """Submit a statement about a dispute."""
        form = {"evidence[uncategorized_text]": statement, "submit": "true"}
        self.finance("POST", f"/v1/disputes/{dispute_id}", form)

    def merge(self, kept: str, other: str) -> None:
        """Merge a contact of the CRM into another one."""
        body = {"primaryObjectId": kept, "objectIdToMerge": other}
        self.crm("POST", "/crm/v3/objects/contacts/merge", body)

    def note(self, contact_id: str, text: str, dated: str) -> None:
        """A note at a contact of the CRM."""
        properties = {"hs_note_body": text, "hs_timestamp": dated}
        self._attach("notes", contact_id, properties, _NOTE_TO_CONTACT)

    def task(self, contact_id: str, text: str, dated: str) -> None:
        """A task about a contact of the CRM."""
        properties = {
            "hs_task_subject": text, "hs_task_status": "NOT_STARTED", "hs_timestamp": dated,
        }  # fmt: skip
        self._attach("tasks", contact_id, properties, _TASK_TO_CONTACT)

    def _attach(self, kind: str, contact_id: str, properties: dict[str, str], number: int) -> None:
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]
        link = {"to": {"id": contact_id}, "types": types}
        body = {"properties": properties, "associations": [link]}
        self.crm("POST", f"/crm/v3/objects/{kind}", body)


def _read(answer: httpx.Response) -> Any:
    body = answer.json() if answer.content else {}
    if answer.is_error:
        raise Refused(answer.status_code, _message(body))
    return body


def _message(body: Any) -> str:
    if not isinstance(body, dict):
        return ""
    error = body.get("error")
    if isinstance(error, dict):
        return str(error.get("message") or "")
    return str(body.get("message") or body.get("description") or error or "")
