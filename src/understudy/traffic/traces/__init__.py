"""Agents' own traces: cases, and what the agent proposed in them."""
