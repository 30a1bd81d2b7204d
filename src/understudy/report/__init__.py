"""What people read of a run: report.html, report.md and the summary on the terminal.

In: the verdict, costs, findings and cases of one run as `ReportInput`. Out: files in the run
folder, and text. Nothing here decides anything: every figure is one of `verdict.json` and
`cost.json`, or is counted from the findings. Whatever came from outside is shown inert.
"""
