"""How good an answer is: one file per family of scorers."""
