"""Months of a shop in simulated time, checked every night against a model of the merchant's rules.

`script` draws operations from a seed. `executor` carries them out on the services and tells them to the model.
`compare` lists every difference between the two, and `run` stops at the first night that has any.

`model` is written from docs/domain.md and knows nothing of the services: when the two differ, the rule cited there
decides which is wrong. Where the rules leave something open, the model accepts either.

A new operation needs a `Kind`, a draw in `script`, a method in `executor`, and its effect by the rules in the model.
"""
