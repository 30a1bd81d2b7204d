"""Runs in plotly's own environment: costs as JSON on standard input; prints the page's size.

Four charts as a report has them: the mean over cases with its band, evidence, concentration, bars.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import accumulate


def main() -> None:
    """Draw the charts into one page that holds plotly's own script once."""
    import plotly.graph_objects as go

    costs = json.load(sys.stdin)
    began = time.process_time()
    places = list(range(50, len(costs) + 1, max(1, len(costs) // 60)))
    sums = list(accumulate(costs))
    means = [sums[at - 1] / at for at in places]
    shares = list(accumulate(sorted(costs, reverse=True)))
    figures = [
        go.Figure([go.Scatter(x=places, y=means), go.Scatter(x=places, y=[600] * len(places))]),
        go.Figure([go.Scatter(x=places, y=[mean / 30 for mean in means])]),
        go.Figure([go.Scatter(x=places, y=[shares[at - 1] / (shares[-1] or 1) for at in places])]),
        go.Figure([go.Bar(x=means[:12], y=[str(at) for at in places[:12]], orientation="h")]),
    ]
    page = "".join(
        figure.to_html(full_html=False, include_plotlyjs=number == 0)
        for number, figure in enumerate(figures)
    )
    told = {"cases": len(costs), "bytes": len(page), "cpu": time.process_time() - began}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
