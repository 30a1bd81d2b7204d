"""Evidence and verdict: what a run's costs prove, and what they do not.

In: the cost of each judged case in its registered order, the gate file, facts about the run. Out:
one result for each gate, the verdict with its reasons, and the evidence at each look. The evidence
modules need numpy alone; scipy is loaded for exact binomial bounds only.
"""
