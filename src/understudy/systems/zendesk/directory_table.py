"""Zendesk's part of the route table that is about people, organizations and groups."""

from __future__ import annotations

from typing import Any

from understudy.model.action import Effect
from understudy.systems.operation import Operation, set_aside
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, array, params, says
from understudy.systems.zendesk import (
    aims,
    groups,
    identities,
    organizations,
    people,
    registering,
    shapes,
)
from understudy.systems.zendesk.rows import API, APPROVAL, AUTOMATED, PAGE, read

__all__ = ["OPERATIONS"]

_USER = {
    "name": STRING, "email": STRING, "phone": STRING, "notes": STRING, "details": STRING,
    "external_id": STRING, "organization_id": STRING, "role": STRING, "tags": array(STRING),
    "user_fields": OBJECT,
}  # fmt: skip
_ORGANIZATION = {
    "name": STRING, "details": STRING, "notes": STRING, "external_id": STRING,
    "domain_names": array(STRING), "tags": array(STRING), "organization_fields": OBJECT,
}  # fmt: skip
_IDENTITY = API + "/users/{id}/identities/{identity_id}"
_ADDRESS: dict[str, Any] = {
    "gist": identities.identity_gist, "replay": identities.identity_params, **APPROVAL,
}  # fmt: skip
_PAGES = shapes.page("organizations", "organization")
_KNOWN = (
    read(
        "users.me", "/users/me", "Get the user that the token belongs to.",
        people.get_me, shapes.one("user"),
    ),
    read(
        "users.search", "/users/search", "Find users by e-mail or name.",
        people.search_users, shapes.page_by_number("users", "user"),
        query=STRING, external_id=STRING, per_page=INTEGER, page=INTEGER,
    ),
    read(
        "users.show_many", "/users/show_many", "Get several users.",
        people.show_many_users, shapes.SEVERAL_USERS,
        required="ids", ids=says(STRING, "Ids parted by commas."),
    ),
    read(
        "users.list", "/users", "List users.",
        people.list_users, shapes.page("users", "user"), role=STRING, **PAGE,
    ),
    read("users.get", "/users/{id}", "Get one user.", people.get_user, shapes.one("user")),
    read(
        "organizations.get", "/organizations/{id}", "Get one organization.",
        organizations.get_organization, shapes.one("organization"),
    ),
    Operation(
        name="zendesk.users.update", method="PUT", template=API + "/users/{id}",
        description="Change a user's name, e-mail, phone or notes.",
        params=params(
            "id", id=STRING, **_USER,
        ),
        answers=shapes.one("user"),
        handler=people.update_user, effect=Effect.WRITE, escalate=people.user_class,
        target=people.user_target, gist=people.user_gist, reversible_by="zendesk.users.update",
        wire=aims.user_wire, **AUTOMATED,
    ),
)  # fmt: skip
_FURTHER = (
    read("users.count", "/users/count", "Count users.", registering.count_users, shapes.COUNTED),
    read(
        "users.identities", "/users/{id}/identities", "List the addresses of a user.",
        identities.list_identities, shapes.IDENTITIES,
    ),
    read(
        "identities.get", "/users/{id}/identities/{identity_id}", "Get one address of a user.",
        identities.get_identity, shapes.one("identity"),
    ),
    read(
        "organizations.list", "/organizations", "List organizations.",
        organizations.list_organizations, _PAGES, **PAGE,
    ),
    read(
        "organizations.of_user", "/users/{id}/organizations", "List the organization of a user.",
        organizations.list_organizations_of, _PAGES, **PAGE,
    ),
    read(
        "organizations.search", "/organizations/search",
        "Find organizations by their exact name or external id.",
        organizations.search_organizations, _PAGES, name=STRING, external_id=STRING, **PAGE,
    ),
    read(
        "organizations.autocomplete", "/organizations/autocomplete",
        "Find organizations by the beginning of their name.",
        organizations.autocomplete, _PAGES, required="name", name=STRING, **PAGE,
    ),
    read(
        "organizations.count", "/organizations/count", "Count organizations.",
        organizations.count_organizations, shapes.COUNTED,
    ),
    read("groups.list", "/groups", "List groups.", groups.list_groups,
         shapes.page("groups", "group"), **PAGE),
    read("groups.assignable", "/groups/assignable", "List groups that tickets can be given to.",
         groups.list_groups, shapes.page("groups", "group"), **PAGE),
    read("groups.get", "/groups/{id}", "Get one group.", groups.get_group, shapes.one("group")),
    Operation(
        name="zendesk.users.create", method="POST", template=API + "/users",
        description="Make a user, an end-user unless said otherwise.",
        params=params("name", **_USER), answers=shapes.created("user"),
        handler=registering.create_user, effect=Effect.WRITE,
        escalate=registering.registered_class, target=registering.new_user,
        gist=people.user_gist, reversible_by="zendesk.users.delete", wire=aims.user_wire,
        **AUTOMATED,
    ),
    Operation(
        name="zendesk.users.create_or_update", method="POST",
        template=API + "/users/create_or_update",
        description="Change the user with this e-mail or external id, or make one.",
        params=params("name", **_USER),
        answers={**shapes.created("user"), **shapes.one("user")},
        handler=registering.create_or_update_user, effect=Effect.WRITE,
        escalate=registering.registered_class, target=registering.new_user,
        gist=people.user_gist, reversible_by="zendesk.users.update", wire=aims.user_wire,
        **AUTOMATED,
    ),
    Operation(
        name="zendesk.users.delete", method="DELETE", template=API + "/users/{id}",
        description="Deactivate a user who has no open tickets.",
        params=params("id", id=STRING), answers=shapes.one("user"),
        handler=registering.delete_user, effect=Effect.DELETE, target=people.user_target,
        destructive=True, **APPROVAL,
    ),
    Operation(
        name="zendesk.identities.create", method="POST", template=API + "/users/{id}/identities",
        description="Add an e-mail address or phone number to a user.",
        params=params(
            "id type value", id=STRING, type=STRING, value=STRING, verified=BOOLEAN,
            primary=BOOLEAN,
        ),
        answers=shapes.created("identity"), handler=identities.create_identity,
        effect=Effect.WRITE, target=identities.new_identity,
        reversible_by="zendesk.identities.delete", wire=identities.identity_wire, **_ADDRESS,
    ),
    Operation(
        name="zendesk.identities.update", method="PUT", template=_IDENTITY,
        description="Change the value of a user's address.",
        params=params(
            "id identity_id", id=STRING, identity_id=STRING, value=STRING, verified=BOOLEAN
        ),
        answers=shapes.one("identity"), handler=identities.update_identity, effect=Effect.WRITE,
        target=identities.identity_target,
        reversible_by="zendesk.identities.update", wire=identities.identity_wire, **_ADDRESS,
    ),
    Operation(
        name="zendesk.identities.make_primary", method="PUT",
        template=_IDENTITY + "/make_primary",
        description="Make an e-mail address the one that a user is written to.",
        params=params("id identity_id", id=STRING, identity_id=STRING),
        answers=shapes.IDENTITIES, handler=identities.make_identity_primary, effect=Effect.WRITE,
        target=identities.identity_target,
        reversible_by="zendesk.identities.make_primary", **_ADDRESS,
    ),
    Operation(
        name="zendesk.identities.verify", method="PUT", template=_IDENTITY + "/verify",
        description="Mark a user's address as verified.",
        params=params("id identity_id", id=STRING, identity_id=STRING),
        answers=shapes.one("identity"), handler=identities.verify_identity, effect=Effect.WRITE,
        target=identities.identity_target,
        reversible_by="zendesk.identities.update", **_ADDRESS,
    ),
    Operation(
        name="zendesk.identities.request_verification", method="PUT",
        template=_IDENTITY + "/request_verification",
        description="Mail a user a link that verifies an address.",
        params=params("id identity_id", id=STRING, identity_id=STRING), answers={200: None},
        handler=identities.request_verification, effect=Effect.SEND,
        target=identities.identity_target, customer_visible=True, **_ADDRESS,
    ),
    Operation(
        name="zendesk.identities.delete", method="DELETE", template=_IDENTITY,
        description="Take an address away from a user.",
        params=params("id identity_id", id=STRING, identity_id=STRING),
        answers=shapes.nothing(), handler=identities.delete_identity, effect=Effect.DELETE,
        target=identities.identity_target,
        reversible_by="zendesk.identities.create", **_ADDRESS,
    ),
    Operation(
        name="zendesk.organizations.create", method="POST", template=API + "/organizations",
        description="Make an organization.",
        params=params("name", **_ORGANIZATION), answers=shapes.created("organization"),
        handler=organizations.create_organization, effect=Effect.WRITE,
        target=organizations.new_organization, gist=organizations.organization_gist,
        reversible_by="zendesk.organizations.delete", wire=aims.organization_wire, **AUTOMATED,
    ),
    Operation(
        name="zendesk.organizations.update", method="PUT", template=API + "/organizations/{id}",
        description="Change an organization.",
        params=params("id", id=STRING, **_ORGANIZATION), answers=shapes.one("organization"),
        handler=organizations.update_organization, effect=Effect.WRITE,
        target=organizations.organization_target, gist=organizations.organization_gist,
        reversible_by="zendesk.organizations.update", wire=aims.organization_wire, **AUTOMATED,
    ),
    Operation(
        name="zendesk.organizations.delete", method="DELETE",
        template=API + "/organizations/{id}",
        description="Delete an organization for good; its people belong to none.",
        params=params("id", id=STRING), answers=shapes.nothing(),
        handler=organizations.delete_organization, effect=Effect.DELETE,
        target=organizations.organization_target, destructive=True, **APPROVAL,
    ),
)  # fmt: skip

OPERATIONS = (*_KNOWN, *set_aside(_FURTHER))
