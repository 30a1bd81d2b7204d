"""The pages of the documentation that are made from the code: commands, files, words, codes.

In: the command line, the models of the YAML files, the texts of the guide. Out: Markdown, which is
committed under docs/. `python -m understudy.reference docs` writes it.
"""
