"""interim"""


def report_of(end, judgement, verdict):
    c = judgement.cost
    from collections import Counter

    lines = [
        f"{verdict.candidate.name}: {verdict.verdict} agree {c.actions_agreeing}/{c.actions_proposed} cost {c.error_cost_minor / 100} per case {verdict.error_cost.per_case / 100} net {verdict.net_value.per_case / 100} escalated {c.candidate.escalated}",
        *verdict.reasons,
    ]
    lines += [
        f"  {g.id} {g.metric} {g.observed} limit {g.limit} {g.outcome} e={g.e_value} need={g.cases_needed}"
        for g in verdict.gates
    ]
    lines += [f"  {f.kind} {f.severity} {f.count} {f.cost_minor / 100}" for f in verdict.findings]
    if verdict.external:
        e = dict(verdict.external)
        m = e.pop("misses")
        lines.append(str(e))
        lines += [str(x) for x in m]
    return "\n".join(lines)
