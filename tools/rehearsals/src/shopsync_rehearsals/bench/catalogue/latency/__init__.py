"""How long a change takes until its snapshot can be read: the catalogue beside the raw loop, at steady rates."""
