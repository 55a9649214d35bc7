"""The control API under /_sandbox/, for tests, the demo and people."""
