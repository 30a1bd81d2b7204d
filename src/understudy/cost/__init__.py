"""What a difference costs: findings and a policy in, money out."""
