"""The demo: a shop's products go all the way, and the demo checks the result against the sandboxes."""
