"""Spending evaluations on candidates: one file an allocator."""
