"""Conversation logs of benchmarks: people and agents who served customers."""
