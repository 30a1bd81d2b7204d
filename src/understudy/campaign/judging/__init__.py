"""From proposed actions to a verdict and what it rests on."""
