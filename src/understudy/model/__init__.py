"""The domain's types and their JSON and YAML forms; every other package speaks in them.

In: nothing. Out: frozen records. Each module is one noun.
"""
