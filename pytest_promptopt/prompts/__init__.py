"""What a prompt is: the file, its goldens, its text."""
