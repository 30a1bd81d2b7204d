"""What a field's or header's name says about the value in it."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = [
    "PEOPLE",
    "SECRET_HEADERS",
    "SECRET_NAMES",
    "kind_of_field",
    "kind_of_header",
    "sensitive_names",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SECRET_NAMES = _words(
    "password passwd pwd passphrase secret clientsecret appsecret webhooksecret signingsecret "
    "apikey apisecret apitoken hapikey accesskey accesskeyid secretkey secretaccesskey "
    "awssecretaccesskey awssessiontoken accesstoken refreshtoken idtoken authtoken "
    "bearertoken sessiontoken sessionid sessionkey csrftoken xsrftoken token authorization "
    "credential credentials privatekey sshkey encryptionkey connectionstring cookie setcookie"
)
"""Names of secrets, lower-cased and without punctuation."""

_KINDS = {
    "email": "email emailaddress emails customeremail receiptemail billingemail useremail "
    "contactemail owneremail",
    "phone": "phone phonenumber mobile mobilephone telephone tel fax cellphone customerphone",
    "name": "firstname lastname givenname familyname surname middlename fullname customername "
    "contactname cardholdername accountholdername recipientname maidenname",
    "address": "address1 address2 addressline1 addressline2 streetaddress street address "
    "line1 line2",
    "postcode": "zip zipcode postalcode postcode",
    "date": "dob birthdate dateofbirth birthday",
    "card": "cardnumber pan primaryaccountnumber",
    "iban": "iban",
    "vat": "vatid vatnumber",
    "ip": "ip ipaddress remoteaddr clientip userip",
    "customer_secret": "pin otp cvc cvv cvv2 securitycode securityanswer pincode",
    "national_id": "ssn socialsecuritynumber nationalid passportnumber driverslicense taxid",
}
_PERSONAL = {name: kind for kind, names in _KINDS.items() for name in names.split()}
# `name` is a person's only beneath one of these; elsewhere it names a product or a company.
PEOPLE = _words(
    "customer user contact requester submitter assignee author passenger recipient owner "
    "person billingdetails shipping shippingdetails cardholder patient employee"
)
"""Names of what holds a person's `name`; several people go by the same name with an `s`."""
_REMEMBERED = 20_000
_WORD = re.compile(r"[^\[\]]+")
SECRET_HEADERS = _words(
    "authorization proxyauthorization cookie setcookie xapikey apikey xauthtoken xaccesstoken "
    "xcsrftoken xxsrftoken xamzsecuritytoken xgoogapikey stripesignature xhubspotsignature "
    "xhubspotsignaturev3 xzendeskwebhooksignature xhubsignature xhubsignature256 "
    "xslacksignature xvaulttoken wwwauthenticate xsessionid xgitlabtoken"
)
"""Headers whose whole value is a secret, lower-cased and without punctuation."""


@lru_cache(_REMEMBERED)
def kind_of_field(name: str, parent: str = "") -> str | None:
    """`secret`, a kind of personal data, or None where the name says nothing.

    Of a form's name in brackets the innermost word counts.

    >>> kind_of_field("Client-Secret"), kind_of_field("first_name"), kind_of_field("plan")
    ('secret', 'name', None)
    >>> kind_of_field("metadata[token]"), kind_of_field("customer[name]"), kind_of_field("pin[0]")
    ('secret', 'name', 'customer_secret')
    """
    if name.endswith("]") and "[" in name:
        *outer, name = [word for word in _WORD.findall(name) if not word.isdecimal()] or [""]
        parent = outer[-1] if outer else parent
    plain = _plain(name)
    if plain in SECRET_NAMES:
        return "secret"
    if plain == "name" and _is_person(_plain(parent)):
        return "name"
    return _PERSONAL.get(plain)


def sensitive_names(*, personal: bool) -> frozenset[str]:
    """All names, lower-cased and without punctuation, that say anything by themselves."""
    return SECRET_NAMES | _PERSONAL.keys() if personal else SECRET_NAMES


@lru_cache(_REMEMBERED)
def kind_of_header(name: str) -> str | None:
    """`secret` where the header's whole value is one, else None."""
    plain = _plain(name)
    return "secret" if plain in SECRET_HEADERS or plain in SECRET_NAMES else None


def _is_person(plain: str) -> bool:
    return plain in PEOPLE or plain.rstrip("s") in PEOPLE


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
