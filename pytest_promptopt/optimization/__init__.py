"""Better prompts: propose, guard, race, accept, remember, stop."""
