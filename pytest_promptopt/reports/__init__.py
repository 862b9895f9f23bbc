"""One view of a run, shown in several ways."""
