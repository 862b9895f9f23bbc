"""What a run found out, brought to the pull request that it ran for."""
