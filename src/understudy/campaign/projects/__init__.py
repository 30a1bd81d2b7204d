"""A user's project: started, looked at, and proofread."""
