"""Guards: what a candidate must be like before anything is spent on it."""
