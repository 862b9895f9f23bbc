"""What git knows of a prompt: its base and its versions."""
