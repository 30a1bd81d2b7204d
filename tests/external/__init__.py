"""Verdicts of public benchmarks, recomputed by effects: the two domains as systems of one's own.

`python -m tests.external FILE…` takes any run file of tau²-bench's retail and airline domains.
"""
