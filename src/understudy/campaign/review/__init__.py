"""People who decide on findings: the desk, its server, and what becomes of it."""
