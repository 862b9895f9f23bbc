"""Proposers, which make new candidates: one file each."""
