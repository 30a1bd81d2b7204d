"""Proposed and baseline actions in, findings out: the cheapest explanation of the difference."""
