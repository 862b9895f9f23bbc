"""Mutants of a prompt: its text broken a little on purpose, to see whether a golden notices."""
