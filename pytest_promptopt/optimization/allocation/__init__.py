"""Allocators, which spend evaluations on candidates: one file each."""
