"""The use cases, as functions that pytest, the command line and Python call."""
