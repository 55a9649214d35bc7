"""How long a message takes from its publication until a reader has the snapshot that shows it."""
