"""The workers: source → handler → checkpoint."""
