"""The command `promptopt`."""
