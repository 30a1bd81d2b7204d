"""One run: asked for, planned, kept in its folder, opened again."""
