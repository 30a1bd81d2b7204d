"""Secrets and personal data out of everything recorded, before it is written.

In: text, headers, JSON values. Out: the same without them, equality and format kept by keyed
pseudonyms, and counts by type. Callers import the modules.
"""
