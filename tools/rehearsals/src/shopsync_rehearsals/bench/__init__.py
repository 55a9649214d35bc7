"""The benchmarks: of the publisher with many shops, and of the import of one large shop."""
