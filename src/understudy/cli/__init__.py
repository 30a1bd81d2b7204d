"""The command line: arguments in, the exit code and the text that people read out.

Modules here load nothing heavy when they are imported, so that `--help` answers at once; each
command imports what it needs when it runs.
"""
