"""Text of models, goldens and prompts made safe, by the place that it is to stand in; secrets."""
