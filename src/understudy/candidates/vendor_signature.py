"""How vendors sign their webhooks, with secrets that are made for the run.

Each scheme is the one that the vendor's own client checks: Stripe's `t=,v1=` over time and body,
HubSpot's version 3 over method, address, body and time, Zendesk's over time and body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime

from understudy.systems import mint

__all__ = ["secret_variables", "signature_headers", "signing_secrets"]


def signing_secrets(seed: int) -> dict[str, str]:
    """The secret by system, in the vendor's own shape; the same for the same seed.

    >>> signing_secrets(7)["stripe"][:6], len(signing_secrets(7)["zendesk"])
    ('whsec_', 40)
    """
    return {
        "stripe": f"whsec_{mint.letters(32, seed, 'stripe webhooks')}",
        "hubspot": mint.uuid(seed, "hubspot webhooks"),
        "zendesk": mint.letters(40, seed, "zendesk webhooks"),
    }


def secret_variables(secrets: Mapping[str, str]) -> dict[str, str]:
    """The secrets under the names that are usual for them.

    >>> secret_variables({"hubspot": "s"})
    {'HUBSPOT_CLIENT_SECRET': 's'}
    """
    names = {"hubspot": "HUBSPOT_CLIENT_SECRET"}
    return {
        names.get(system, f"{system}_webhook_secret".upper()): text
        for system, text in secrets.items()
    }


def signature_headers(
    system: str, secrets: Mapping[str, str], url: str, body: bytes, now: datetime
) -> dict[str, str]:
    """What a vendor's delivery of this body to this address carries at this moment.

    A system whose deliveries are not signed carries nothing.
    """
    sign = _SCHEMES.get(system)
    secret = secrets.get(system)
    return {} if sign is None or secret is None else sign(secret, url, body, now)


def _digest(secret: str, *parts: bytes) -> bytes:
    return hmac.digest(secret.encode(), b"".join(parts), "sha256")


def _stripe(secret: str, url: str, body: bytes, now: datetime) -> dict[str, str]:
    del url
    at = str(int(now.timestamp()))
    signed = _digest(secret, at.encode(), b".", body).hex()
    return {
        "stripe-signature": f"t={at},v1={signed}",
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }


def _hubspot(secret: str, url: str, body: bytes, now: datetime) -> dict[str, str]:
    at = str(int(now.timestamp() * 1000))
    signed = _digest(secret, b"POST", url.encode(), body, at.encode())
    return {
        "x-hubspot-signature": hashlib.sha256(secret.encode() + body).hexdigest(),
        "x-hubspot-signature-version": "v1",
        "x-hubspot-signature-v3": base64.b64encode(signed).decode(),
        "x-hubspot-request-timestamp": at,
        "user-agent": "HubSpot Connect 2.0 (http://dev.hubspot.com/)",
    }


def _zendesk(secret: str, url: str, body: bytes, now: datetime) -> dict[str, str]:
    del url
    at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    signed = _digest(secret, at.encode(), body)
    return {
        "x-zendesk-webhook-signature": base64.b64encode(signed).decode(),
        "x-zendesk-webhook-signature-timestamp": at,
        "user-agent": "Zendesk Webhook",
    }


_SCHEMES: Mapping[str, Callable[[str, str, bytes, datetime], dict[str, str]]] = {
    "stripe": _stripe,
    "hubspot": _hubspot,
    "zendesk": _zendesk,
}
