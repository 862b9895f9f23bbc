"""The place where pull requests are: what can be asked of it, and GitHub's answer to that."""
