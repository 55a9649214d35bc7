"""Notifications to the seller's systems: what is sent, when, and how it is delivered."""
