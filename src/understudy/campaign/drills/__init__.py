"""What a campaign rehearses: failures, the way back, the way to people."""
