"""Faults that a test or a person asks for, and how they change an answer."""
