"""The ways into the mocked systems, and the wall that lets nothing else out.

In: an engine that answers requests. Out: HTTP clients that reach it at the vendors' real hosts,
and a sealed process. Callers import the modules: `transports.installed`, `wall.seal`,
`self_test.self_test`.
"""
