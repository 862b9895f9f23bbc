"""The history of a prompt as git knows it: its base and its versions."""
