"""The customer of a case, who answers what the candidate asks."""
