"""The history of all runs, the ladder over them, and who may sign."""
