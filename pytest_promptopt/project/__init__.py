"""The project that prompts stand in: its ini file, its code, and the folder of what we write."""
