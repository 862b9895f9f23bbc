"""Making new candidates: one file a proposer."""
