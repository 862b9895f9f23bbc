"""Files of other tools, read as prompts and goldens of ours, and written from them."""
