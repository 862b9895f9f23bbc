"""How models are asked: cache, recordings, budget, limits and retries around a provider."""
