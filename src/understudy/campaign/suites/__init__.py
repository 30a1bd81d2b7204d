"""Hand-written cases: their rows and faults, what they expect, and their sessions."""
