"""Prompts: the file, its goldens, its text."""
