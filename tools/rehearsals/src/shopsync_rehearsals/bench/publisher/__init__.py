"""Many shops push at their full rate while one is throttled and another is broken."""
