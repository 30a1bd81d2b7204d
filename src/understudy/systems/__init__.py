"""The mocked systems: HubSpot, Stripe, Zendesk and the desk, behind one `handle`.

In: a `World` and requests with a case's credential. Out: responses as the vendors give them, and
per case the writes that were tried, as actions. Callers import the modules: `engine.Engine`,
`message.Request`, `routes.operations`, `calling.build_request`.
"""
