"""Those who are measured: each a process of its own, with its own consumer group and database."""
