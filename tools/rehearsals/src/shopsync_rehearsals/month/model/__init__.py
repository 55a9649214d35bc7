"""The merchant's rules (docs/domain.md) as a model of the shop. Knows nothing of how the services work."""
