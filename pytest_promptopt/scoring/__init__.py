"""Scorers, which tell how good an answer is: one file per family."""
