"""The findings of a run, brought to the pull request that it ran for."""
