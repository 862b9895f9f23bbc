"""The side of pytest: collection, items and reporting."""
