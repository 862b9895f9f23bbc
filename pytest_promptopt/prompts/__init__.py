"""Prompts: the file, its goldens, its text; in `formats/` the files of other tools."""
