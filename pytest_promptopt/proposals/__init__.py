"""Edits as values: decided, shown, and only then applied."""
