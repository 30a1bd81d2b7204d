"""Recorded traffic becomes cases, baselines and, where an agent was recorded, proposals.

In: vendors' exports, HTTP recordings, conversation logs. Out: a recording folder and a file of
proposals, both redacted before their first byte reaches the disk. Callers import the modules.
"""
