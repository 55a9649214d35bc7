"""The catalogue beside three other ways to bring the same messages into MongoDB; rate, processor time and counts."""
