"""The signed API: one table of operations, and one gateway in front of them."""
