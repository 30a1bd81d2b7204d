"""Recorded HTTP, in every form that gateways and test tools write, and its recording by a proxy."""
