"""The benchmarks: the publisher with many shops, the import of one large shop, the catalogue beside other ways."""
