"""Load, a model of what must come of it, and checks, for whoever disturbs the catalogue or watches it for long."""
