"""The project that prompts stand in: its settings, its code, and the folder of what we write."""
