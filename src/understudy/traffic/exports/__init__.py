"""The vendors' own exports: what they tell, and cases and histories made of it."""
