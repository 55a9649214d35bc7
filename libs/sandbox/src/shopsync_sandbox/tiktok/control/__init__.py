"""The control API under /_sandbox/: what a test, the demo or a curious person does to the sandbox."""
