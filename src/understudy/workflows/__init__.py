"""Twelve workflows: written policies, the cases that come in, and simulated staff who handle them.

In: the truth of a world, then the damaged world. Out: cases, baselines and interactions, made by
working through the mocked systems' HTTP interface, as a user's recording is. Callers import the
modules: `recipe.load_recipes`, `plan.plan_cases`, `record.record`.
"""
