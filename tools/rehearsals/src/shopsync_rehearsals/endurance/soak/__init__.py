"""Mixed load for a long time: what a service holds must not grow."""
