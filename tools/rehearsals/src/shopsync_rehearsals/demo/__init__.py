"""The demo: a shop's products go all the way, and the demo checks itself against the sandbox at the end."""
