"""Prompts, goldens and answers joined into an evaluation."""
