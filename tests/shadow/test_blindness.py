"""What the candidate can see of where it runs."""

from __future__ import annotations

import json

LOOK = """
import json, os, socket, stat, sys, threading

def look(case, systems):
    names = sorted(os.environ)
    fds = [int(name) for name in os.listdir("/proc/self/fd")]
    def is_socket(number):
        try:
            return stat.S_ISSOCK(os.fstat(number).st_mode)
        except OSError:
            return False
    print(json.dumps({
        "environment": dict(os.environ), "argv": sys.argv, "orig_argv": sys.orig_argv,
        "sockets": [number for number in fds if number > 2 and is_socket(number)],
        "cwd": os.getcwd(), "home": os.listdir(os.environ["HOME"]), "read": sys.stdin.read(),
        "case": json.dumps(case, default=str), "threads": [t.name for t in threading.enumerate()],
    }))
"""

HANDS = """
import os, sys

def silent(case, systems):
    number = case.trigger.payload["number"]
    if number == 0:
        os.close(1); os.close(2)
    if number == 1:
        sys.stdout.close(); sys.stderr = None
    if number == 2:
        sys.stdout = open(os.devnull, "w")
        os.write(1, b"x" * 3_000_000 + b"\\xff\\xfe end")
    return handle(case, systems)
"""


def test_nothing_it_sees_names_the_harness(project, run, monkeypatch):
    """Arguments, environment, case and threads name neither understudy nor a shadow."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-real-one")
    monkeypatch.setenv("UNDERSTUDY_SECRET", "x")
    monkeypatch.setenv("GITHUB_TOKEN", "the-real-one")
    project.candidate(LOOK)
    record = run(project.plan(1, use="bot:look"))[1][0]
    seen = json.loads(record.trace.printed)
    environment = seen["environment"]
    assert "the-real-one" not in record.trace.printed
    assert environment["STRIPE_API_KEY"].startswith("sk_test_")
    assert seen["argv"] == ["bot"]
    assert (seen["home"], seen["sockets"], seen["read"]) == ([], [], "")
    assert seen["cwd"] == str(project.folder)
    shown = json.dumps([seen["argv"], seen["orig_argv"], seen["case"], seen["threads"]])
    kept = {name: text for name, text in environment.items() if name not in ("PATH", "PYTHONPATH")}
    for word in ("understudy", "shadow", "secret-scenario"):
        assert word not in (shown + json.dumps(kept)).replace(str(project.folder), "").lower()


def test_closed_and_flooded_output_does_not_matter(project, run):
    """A candidate may close, replace or flood its output; its cases are recorded all the same."""
    project.candidate(HANDS)
    report, records = run(project.plan(4, use="bot:silent"))
    assert report.failures == {}
    assert records[2].trace.printed.endswith("\\xff\\xfe end")
    assert len(records[2].trace.printed) <= (64 << 10) + 6
    assert [len(record.proposal.actions) for record in records] == [1, 1, 1, 1]


def test_a_huge_answer_is_malformed(project, run):
    """An answer of 100 MB fails its case and nothing else."""
    project.candidate("def large(case, systems):\n    return {'rationale': 'x' * 100_000_000}\n")
    report, _ = run(project.plan(2, use="bot:large"))
    assert report.failures == {"malformed_answer": 2}
    assert report.complete


def test_unicode_garbage_is_kept_as_text(project, run):
    """Lone surrogates and control characters in an answer are recorded, written out."""
    project.candidate(
        "def odd(case, systems):\n"
        "    return {'rationale': '\\ud800\\x00', 'context': [b'\\xff', object]}\n"
    )
    record = run(project.plan(1, use="bot:odd"))[1][0]
    assert record.trace.rationale == "\\ud800\x00"
    assert record.trace.context == ("b'\\xff'", "<class 'object'>")


def test_a_candidates_folder_cannot_replace_the_standard_library(project, run):
    """A project with a `json.py` or a `typing.py` of its own still runs."""
    for name in ("typing.py", "selectors.py", "queue.py"):
        project.write(name, "raise RuntimeError('the wrong one')\n")
    project.candidate("import os\n")
    import os

    os.environ["PYTHONPATH"] = os.pathsep.join(
        path for path in os.environ["PYTHONPATH"].split(os.pathsep) if path != str(project.folder)
    )
    tools = project.folder.with_name("tools")
    tools.mkdir()
    (project.folder / "tiny_world.py").rename(tools / "tiny_world.py")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(tools), os.environ["PYTHONPATH"]]).strip(":")
    assert run(project.plan(1))[0].failures == {}


def test_a_sitecustomize_of_the_project_does_not_run_before_the_wall(project, run):
    """Python would run it at its start; the folders of modules are known only afterwards."""
    project.write("sitecustomize.py", f"open({str(project.folder / 'early')!r}, 'w').close()")
    project.candidate(
        "def look(case, systems):\n    import os\n    print(os.environ['PYTHONPATH'])"
    )
    _, records = run(project.plan(1, use="bot:look"))
    assert str(project.folder) in records[0].trace.printed
    assert not (project.folder / "early").exists()
