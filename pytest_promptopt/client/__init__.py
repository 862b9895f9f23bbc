"""The way to ask models: cache, recordings, budget, limits and retries around a provider."""
