"""Where pull requests are: what can be asked of such a place, and GitHub's answer to it."""
