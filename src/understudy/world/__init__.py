"""Messy, production-like data behind the systems: truth first, then mess, then a ledger.

In: a recipe, a mess profile and a seed. Out: truth tables, dirty tables, the ledger of every
damaged cell and row with its value before, and a manifest whose digest covers all values.
Callers import the modules: `truth.build_truth`, `damage.damage`, `stream.build_world`,
`store.load_world`.
"""
