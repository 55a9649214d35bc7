"""A shop's month, lived in simulated time and checked every night against a model of the merchant's rules.

`script` draws what happens from a seed, `play` makes it happen to the services and to the model, `compare` names every
difference between the two, and `life` stops at the first night that has any.

The model (`model`, `record`, `listing`, `said`) is written from docs/domain.md and knows nothing of the services: when
it and they differ, the rule cited there decides who is wrong. What the rules leave open it leaves open too.

A new thing to happen is a `Kind`, a draw in `script`, a way in `play`, and what the rules make of it in the model.
"""
