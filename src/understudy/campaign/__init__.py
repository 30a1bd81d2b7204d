"""Where the stages meet: a campaign file in, run folders with verdicts and reports out.

The only package that knows every stage. It passes functions and `model` types down and keeps the
run folder.
"""
