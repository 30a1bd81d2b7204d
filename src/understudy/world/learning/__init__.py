"""How a real table is damaged, read off it: with its clean twin, or from the table alone."""
