"""How the catalogue keeps its rate with more products, more replicas and more messages."""
