"""The mocked HubSpot CRM, v3 and v4. In: JSON calls. Out: CRM objects and errors."""
