"""Providers, which answer: one file per kind of model server."""
