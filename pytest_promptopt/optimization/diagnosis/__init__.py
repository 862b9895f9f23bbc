"""What can be computed about a prompt before any model is asked to mend it."""
