"""The linter: what can be said of a prompt and its goldens without asking a model."""
