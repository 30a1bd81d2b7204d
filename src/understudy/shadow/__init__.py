"""Shadow runs: cases in, one record per case out, from a candidate in sealed processes.

In: cases, a candidate spec, a world. Out: proposed actions, traces and what the wall refused, in an
append-only store that survives a kill. Callers import the modules: `runner.run_shadow`,
`plan.ShadowPlan`, `store.CaseStore`.
"""
