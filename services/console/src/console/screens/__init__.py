"""One module per screen: its routes, what it reads, and which template shows it."""
