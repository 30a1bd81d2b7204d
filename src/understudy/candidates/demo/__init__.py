"""Three candidates that show what is told apart: a careful, a hasty and a timid one.

They are integrations like a user's own: plain `httpx` against the vendors' real hosts with the
credentials that a case gives them. They know the written policies of the workflows, and nothing of
the harness around them.
"""
