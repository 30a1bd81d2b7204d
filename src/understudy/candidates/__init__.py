"""Candidates: from a spec to something that handles one case, and from its answer to a proposal.

In: `module:callable`, `http://…` or `exec: COMMAND`. Out: one call per case, and what the candidate
said in `model` types. Callers import the modules: `use.parse_use`, `loading.load`,
`proposing.propose`.
"""
