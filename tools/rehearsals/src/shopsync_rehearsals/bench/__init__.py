"""The benchmark of the publisher: many shops at their full rate, while one is throttled and another is broken."""
