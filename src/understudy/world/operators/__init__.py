"""The mess operators: pure functions from a slice of columns to what production made of it.

In: the cells or tables that are hit, random words, parameters. Out: new cells, or a list of
changes. `registry.operators()` gives all of them by name.
"""
