"""The diagnosis of a prompt: what can be computed before any model is asked to mend it."""
