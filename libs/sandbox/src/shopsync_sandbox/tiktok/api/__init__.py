"""The signed API: one table of operations, one gateway before them all."""
