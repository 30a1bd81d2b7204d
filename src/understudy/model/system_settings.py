"""A company's own fields, objects, pipelines and forms: what makes a mocked system theirs."""

from __future__ import annotations

from typing import Literal, Self

import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration, Version

__all__ = [
    "CustomObject",
    "FieldType",
    "FormField",
    "HubSpotSettings",
    "Option",
    "Owner",
    "Pipeline",
    "Price",
    "Property",
    "PropertyType",
    "Stage",
    "StripeSettings",
    "SystemSettings",
    "TicketForm",
    "ZendeskSettings",
]

PropertyType = Literal[
    "string", "number", "bool", "enumeration", "date", "datetime", "phone_number", "json",
    "object_coordinates",
]  # fmt: skip
FieldType = Literal[
    "text", "textarea", "checkbox", "date", "integer", "decimal", "regexp", "tagger", "dropdown",
    "multiselect", "partialcreditcard", "lookup",
]  # fmt: skip


class Option(Configuration):
    """One of the values that a field takes."""

    value: str
    label: str | None = None


class Property(Configuration):
    """A property of CRM objects."""

    name: str = Field(min_length=1, pattern=r"^[a-z][a-z0-9_]*$")
    label: str | None = None
    type: PropertyType = "string"
    field_type: str | None = None
    group: str | None = None
    options: tuple[Option, ...] = ()
    unique: bool = False
    read_only: bool = False


class CustomObject(Configuration):
    """A type of CRM object that the company has defined itself."""

    type_id: str = Field(pattern=r"^2-\d+$")
    name: str = Field(min_length=1)
    singular: str | None = None
    plural: str | None = None
    full_name: str | None = None
    primary: str | None = None
    secondary: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    searchable: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()


class Stage(Configuration):
    """A step of a pipeline."""

    id: str
    label: str | None = None
    closed: bool = False
    probability: float | None = Field(None, ge=0, le=1)


class Pipeline(Configuration):
    """The steps that objects of a type go through, in order."""

    id: str
    label: str | None = None
    stages: tuple[Stage, ...] = Field(min_length=1)


class Owner(Configuration):
    """A person who may own CRM objects."""

    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    archived: bool = False


class HubSpotSettings(Configuration):
    """What a company added to its CRM; properties and pipelines are by object type."""

    objects: tuple[CustomObject, ...] = ()
    properties: dict[str, tuple[Property, ...]] = Field(default_factory=dict)
    pipelines: dict[str, tuple[Pipeline, ...]] = Field(default_factory=dict)
    owners: tuple[Owner, ...] = ()


class FormField(Configuration):
    """A field of tickets, users or organizations; the latter two have a `key`."""

    id: int = Field(ge=1)
    title: str
    type: FieldType = "text"
    key: str | None = None
    options: tuple[Option, ...] = ()
    pattern: str | None = None
    required: bool = False
    active: bool = True


class TicketForm(Configuration):
    """The fields that a sort of ticket has, by their ids."""

    id: int = Field(ge=1)
    name: str
    fields: tuple[int, ...] = ()
    active: bool = True
    default: bool = False


class ZendeskSettings(Configuration):
    """What a company added to its support desk."""

    ticket_fields: tuple[FormField, ...] = ()
    ticket_forms: tuple[TicketForm, ...] = ()
    user_fields: tuple[FormField, ...] = ()
    organization_fields: tuple[FormField, ...] = ()

    @pydantic.model_validator(mode="after")
    def _named(self) -> Self:
        keyless = [
            one.title for one in (*self.user_fields, *self.organization_fields) if not one.key
        ]
        if keyless:
            raise ValueError(f"the field `{keyless[0]}` of users or organizations needs a `key`")
        return self


class Price(Configuration):
    """What a product costs, once or again and again; amounts in minor units."""

    id: str
    product: str
    product_name: str | None = None
    currency: str = Field(pattern=r"^[a-z]{3}$")
    unit_amount: int | None = None
    interval: Literal["day", "week", "month", "year"] | None = None
    interval_count: int = Field(1, ge=1)
    nickname: str | None = None
    active: bool = True


class StripeSettings(Configuration):
    """Prices, and the metadata that a company keeps on its objects, by kind of object.

    In `live` mode keys look like those of production, and objects say that they are.
    """

    mode: Literal["test", "live"] = "test"
    currency: str | None = Field(None, pattern=r"^[a-z]{3}$")
    prices: tuple[Price, ...] = ()
    metadata: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class SystemSettings(Configuration):
    """The file that `understudy systems learn` writes and a campaign names."""

    version: Version
    hubspot: HubSpotSettings = HubSpotSettings()
    zendesk: ZendeskSettings = ZendeskSettings()
    stripe: StripeSettings = StripeSettings()
