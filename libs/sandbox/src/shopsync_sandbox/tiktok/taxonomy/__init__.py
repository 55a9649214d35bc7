"""The category trees with their attributes, rules and brands: the same for every shop."""
